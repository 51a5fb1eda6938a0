"""The tree of a trace from its columns: parents, broken cycles, placeholders for missing parents, pre-order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import Ids, Ints, Small
from clew.derive.parents import ORPHAN, ROOT, parents


@dataclass(frozen=True, slots=True)
class Tree:
    """Rows in pre-order. A row is a span (its index in the input), or a placeholder for a parent that is missing."""

    order: Ints
    """Input index per row, -1 for a placeholder."""
    depth: Ints
    parent: Ints
    """Row of the parent, -1 at the top."""
    missing: Ids
    """Span id that a placeholder stands for, 0 on other rows."""
    orphan: npt.NDArray[np.bool_]
    """Rows whose parent is missing, or that were cut out of a cycle."""


def build(span: Ids, parent: Ids, start: Ints, kind: Small) -> Tree:
    """Return the tree of the spans of one trace; no order is needed, ids may repeat (Zipkin) and form cycles."""
    up = parents(span, parent, start, kind)
    orphan = up == ORPHAN
    wanted = np.where(orphan & (parent != span), parent, span)
    missing, place = np.unique(wanted[orphan], return_inverse=True)
    count = span.size
    up = np.concatenate([up, np.full(missing.size, ROOT)])
    up[:count][orphan] = count + place
    begin = np.concatenate([start, np.full(missing.size, np.iinfo(np.int64).max)])
    np.minimum.at(begin, up[:count][orphan], start[orphan])
    rows, depth = _pre_order(up, begin, np.concatenate([span, missing]))
    at = np.empty(rows.size, np.int64)
    at[rows] = np.arange(rows.size)
    above = up[rows]
    return Tree(
        order=np.where(rows < count, rows, -1),
        depth=depth,
        parent=np.where(above >= 0, at[above], -1),
        missing=np.where(rows >= count, np.concatenate([np.zeros(count, np.uint64), missing])[rows], np.uint64(0)),
        orphan=np.concatenate([orphan, np.zeros(missing.size, np.bool_)])[rows],
    )


def _pre_order(up: Ints, begin: Ints, ids: Ids) -> tuple[Ints, Ints]:
    """Return the indexes in pre-order, children by start and then id, and the depth of each."""
    order = np.lexsort((ids, begin, up))
    above = up[order]
    first = np.searchsorted(above, np.arange(up.size)).tolist()
    end = np.searchsorted(above, np.arange(up.size), side="right").tolist()
    children: list[int] = order.tolist()
    stack = children[: int(np.searchsorted(above, ROOT, side="right"))][::-1]
    rows: list[int] = []
    depth = [0] * up.size
    while stack:
        one = stack.pop()
        rows.append(one)
        low, high = first[one], end[one]
        if low < high:
            below = depth[one] + 1
            for child in children[low:high]:
                depth[child] = below
            stack.extend(children[high - 1 : low - 1 : -1] if low else children[high - 1 :: -1])
    places = np.array(rows, np.int64)
    return places, np.array(depth, np.int64)[places]
