"""Which span is whose parent: twins that share an id, missing parents, cycles. For one trace, or for many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import NONE, Ids, Ints, Joined, Small
from clew.model import Kind

ROOT = -1
ORPHAN = -2


def parents(span: Ids, parent: Ids, start: Ints, kind: Small) -> Ints:
    """Return the index of each span's parent, `ROOT` or `ORPHAN`; every span reaches one of these.

    Ids of several traces must differ between them, for example as numbers of (trace, id).
    """
    return break_cycles(claimed(span, parent, start, kind), (start, span, kind, parent))


def claimed(span: Ids, parent: Ids, start: Ints, kind: Small) -> Ints:
    """Return the index of the parent that each span names, `ROOT` or `ORPHAN`; ids may repeat.

    Where a client and a server share an id, a server's parent is the client, and everybody else's the server. Of other
    twins it is the earliest; which one that is does not depend on how the spans came in.
    """
    server, client = kind == Kind.SERVER, kind == Kind.CLIENT
    again = np.unique(span).size < span.size
    first = (start, kind, parent) if again else (start,)
    up = _find(span, parent, (~server, *first))
    if again:
        of_client = _find(span, parent, (~client, *first))
        up = np.where(server, of_client, up)
        twin = _find(span, span, (~client, *first))
        nested = server & (twin >= 0) & client[twin] & (parent == parent[twin])
        up = np.where(nested, twin, up)
    up[up == np.arange(span.size)] = ORPHAN
    up[(parent == 0) & (up < 0)] = ROOT
    return up


def _find(span: Ids, wanted: Ids, first: tuple[npt.NDArray[Any], ...]) -> Ints:
    """Return the index of the span with each wanted id, else `ORPHAN`; of several the one with the least of `first`."""
    order = np.lexsort((*reversed(first), span))
    ids = span[order]
    place = np.minimum(np.searchsorted(ids, wanted), max(span.size - 1, 0))
    found = ids[place] == wanted if span.size else np.zeros(0, np.bool_)
    return np.where(found & (wanted != 0), order[place] if span.size else place, ORPHAN)


def break_cycles(up: Ints, first: tuple[npt.NDArray[Any], ...]) -> Ints:
    """Return parents in which every span reaches the top: of a cycle the one with the least of `first` is an orphan."""
    top = up.size
    jump = np.append(np.where(up < 0, top, up), top)
    for _ in range(max(top, 1).bit_length() + 1):
        jump = jump[jump]
    on_cycle = np.unique(jump[jump < top])
    left = set(on_cycle.tolist())
    up = up.copy()
    while left:
        ring = [left.pop()]
        while (one := int(up[ring[-1]])) in left:
            left.remove(one)
            ring.append(one)
        up[min(ring, key=lambda one: tuple(int(column[one]) for column in first))] = ORPHAN
    return up


def parents_of_many(joined: Joined, trace: Ints, span: Ids, parent: Ids, *, start: Ints, kind: Small) -> Ints:
    """Return what `claimed` returns, for the spans of many traces; cycles are left in.

    Traces in which an id repeats go the slow way, all others through one join.
    """
    up = joined.row.copy()
    up[parent == 0] = ROOT
    up[(parent != 0) & (up == NONE)] = ORPHAN
    up[up == np.arange(span.size)] = ORPHAN
    again = joined.repeated
    if again.size:
        mixed = np.zeros(int(trace.max()) + 1, np.bool_)
        mixed[trace[again]] = True
        rows = np.flatnonzero(mixed[trace])
        own, above = _codes(trace[rows], span[rows], parent[rows])
        some = claimed(own, above, start[rows], kind[rows])
        up[rows] = np.where(some >= 0, rows[np.maximum(some, 0)], some)
    return up


def _codes(trace: Ints, span: Ids, parent: Ids) -> tuple[Ids, Ids]:
    """Return span and parent ids made unique over traces; 0 stays 0."""
    words = np.unique(np.concatenate([span, parent]))
    width = np.uint64(words.size + 1)
    base = trace.astype(np.uint64) * width + np.uint64(1)

    def code(ids: Ids) -> Ids:
        found = base + np.searchsorted(words, ids).astype(np.uint64)
        return np.where(ids == 0, np.uint64(0), found)

    return code(span), code(parent)
