"""Traces whose structure is not known for sure: no root, parents that are missing, ids that too many spans share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from clew.derive.numbers import Ids, Ints, Small
from clew.derive.parents import ORPHAN, parents
from clew.query.answer import Incomplete

MOST_TWINS = 2
"""A client and a server may share an id (Zipkin); with more spans nobody knows whose child is whose."""


class Gap(StrEnum):
    """What is not known about the structure of a trace."""

    NO_ROOT = "no_root"
    MISSING_PARENT = "missing_parent"
    SHARED_ID = "shared_id"


@dataclass(frozen=True)
class Links:
    """Spans of some traces with their parents; `trace` counts from 0 and identical spans occur once."""

    trace: Ints
    span: Ids
    parent: Ids
    start: Ints
    kind: Small


def numbered(trace: Ints, span: Ids, parent: Ids) -> tuple[Ints, Ints]:
    """Return numbers that stand for (trace, span id) and (trace, parent id); 0 for no parent."""
    count = span.size
    ids = np.concatenate([span, parent])
    traces = np.concatenate([trace, trace])
    order = np.lexsort((ids, traces))
    fresh = np.ones(2 * count, np.int64)
    fresh[1:] = (ids[order][1:] != ids[order][:-1]) | (traces[order][1:] != traces[order][:-1])
    keys = np.empty(2 * count, np.int64)
    keys[order] = np.cumsum(fresh)
    keys[ids == 0] = 0
    return keys[:count], keys[count:]


def crowded(span: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which spans share their id with too many others, by the numbers of their ids."""
    counts = np.bincount(span, minlength=1)
    return np.asarray(counts[span] > MOST_TWINS)


def gaps(trace: Ints, parent: Ids, up: Ints, span: Ints, count: int) -> list[tuple[Gap, ...]]:
    """Return what is not known about each of `count` traces.

    Args:
        trace: of each span.
        parent: ids of parents, 0 for none.
        up: index of each span's parent, `ROOT` or `ORPHAN`.
        span: numbers of the span ids.
        count: how many traces there are.
    """
    roots = np.bincount(trace[parent == 0], minlength=count) > 0
    missing = np.bincount(trace[up == ORPHAN], minlength=count) > 0
    shared = np.bincount(trace[crowded(span)], minlength=count) > 0
    found = ((Gap.NO_ROOT, ~roots), (Gap.MISSING_PARENT, missing), (Gap.SHARED_ID, shared))
    return [tuple(gap for gap, has in found if has[number]) for number in range(count)]


def gaps_of(links: Links, count: int) -> list[tuple[Gap, ...]]:
    """Return what is not known about each of `count` traces."""
    span, parent = numbered(links.trace, links.span, links.parent)
    up = parents(span.astype(np.uint64), parent.astype(np.uint64), links.start, links.kind)
    return gaps(links.trace, links.parent, up, span, count)


def incomplete(traces: Sequence[tuple[str, Sequence[str]]]) -> tuple[Incomplete, ...]:
    """Return those of some traces about which something is not known."""
    return tuple(_incomplete(traces))


def _incomplete(traces: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Incomplete]:
    for trace_id, found in traces:
        if found:
            yield Incomplete(trace_id, tuple(str(one) for one in found))
