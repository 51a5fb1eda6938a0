"""Many traces as trees: parents, levels, roots, and the critical path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Flags, Ints, Joined, leaders, spread
from clew.derive.parents import ORPHAN, ROOT, break_cycles, parents_of_many
from clew.derive.spans import Spans

_BITS = 63


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of many traces."""

    up: Ints
    """Row of each span's parent, `ROOT` or `ORPHAN`."""
    levels: list[Ints]
    """Rows by depth, the tops first; every row is in one level."""
    depth: Ints

    @property
    def inner(self) -> Ints:
        """Rows that have a parent."""
        return np.flatnonzero(self.up >= 0)


def plant(spans: Spans, joined: Joined) -> Forest:
    """Return the trees of all traces, given where each span finds its parent."""
    up = parents_of_many(joined, spans.trace, spans.span, spans.parent, start=spans.start, kind=spans.kind)
    levels, depth = _levels(up)
    stuck = np.flatnonzero(depth < 0)
    if stuck.size:
        place = np.full(up.size, ROOT)
        place[stuck] = np.arange(stuck.size)
        ring = spans.take(stuck)
        some = break_cycles(place[up[stuck]], (ring.start, ring.span, ring.kind, ring.parent))
        up[stuck[some == ORPHAN]] = ORPHAN
        levels, depth = _levels(up)
    return Forest(up, levels, depth)


def _levels(up: Ints) -> tuple[list[Ints], Ints]:
    """Return the rows by depth and the depth of each; rows that hang on a cycle have none."""
    inner = np.flatnonzero(up >= 0)
    order = inner[np.argsort(up[inner])]
    counts = np.bincount(up[inner], minlength=up.size)
    first = np.cumsum(counts) - counts
    depth = np.full(up.size, -1)
    rows = np.flatnonzero(up < 0)
    levels: list[Ints] = []
    while rows.size:
        depth[rows] = len(levels)
        levels.append(rows)
        rows = rows[counts[rows] > 0]
        rows = order[spread(first[rows], counts[rows])]
    return levels, depth


def tops(spans: Spans, forest: Forest, traces: int) -> tuple[Ints, Flags]:
    """Return the row that a trace begins with, and whether it is a root: the earliest root, else the earliest top."""
    rows = forest.levels[0]
    top = np.zeros(traces, np.int64)
    if rows.size == traces:  # one each
        top[spans.trace[rows]] = rows
        return top, forest.up[top] == ROOT
    no_root = (forest.up[rows] != ROOT).astype(np.int64)
    order = np.lexsort((spans.span[rows], spans.start[rows], no_root, spans.trace[rows]))
    rows = rows[order]
    lead = rows[leaders(spans.trace[rows])]
    top[spans.trace[lead]] = lead
    return top, forest.up[top] == ROOT


def critical_path(spans: Spans, forest: Forest, top: Ints) -> tuple[Ints, Ints]:
    """Return the rows on the critical path of each trace and the ns that each spends there itself.

    From the end of the top span backwards: the child that ended last is on the path, before it the child that ended
    last before that one began, and so on, down the tree. A child counts only as far as its parent lasts.
    """
    begin, end = spans.start.copy(), spans.start + spans.duration
    for rows in forest.levels[1:]:
        above = forest.up[rows]
        begin[rows] = np.clip(begin[rows], begin[above], end[above])
        end[rows] = np.clip(end[rows], begin[above], end[above])
    chained = _chains(spans, forest, begin, end)
    on_path = np.zeros(spans.size, np.bool_)
    on_path[top] = True
    for rows in forest.levels[1:]:
        on_path[rows] = chained[rows] & on_path[forest.up[rows]]
    length = end - begin
    below = np.flatnonzero(on_path & (forest.up >= 0))
    used = np.zeros(spans.size, np.int64)
    np.add.at(used, forest.up[below], length[below])
    rows = np.flatnonzero(on_path)
    return rows, length[rows] - used[rows]


def _chains(spans: Spans, forest: Forest, begin: Ints, end: Ints) -> Flags:
    """Return which rows are in the chain of their parent's children that ends last and never overlaps."""
    up, inner = forest.up, forest.inner
    chained = np.zeros(up.size, np.bool_)
    above = up[inner]
    last, first = end[inner] - begin[above], begin[inner] - begin[above]
    room = int(last.max(initial=0)).bit_length()
    if room + up.size.bit_length() >= _BITS:
        shift = room + up.size.bit_length() - _BITS + 1
        last, first, room = last >> shift, first >> shift, room - shift
    base = above << room
    keys = base + last
    order = _untied(spans, inner, keys, np.argsort(keys))
    keys, rows = keys[order], inner[order]
    group = above[order]
    heads = leaders(group)
    begins = np.repeat(heads, np.diff(np.append(heads, rows.size)))
    before = np.searchsorted(keys, base[order] + first[order], side="right") - 1
    before = np.minimum(before, np.arange(rows.size) - 1)
    before = np.where(before >= begins, before, -1)
    at = np.append(heads, rows.size)[1:] - 1 if heads.size else heads
    while at.size:
        chained[rows[at]] = True
        at = before[at]
        at = at[at >= 0]
    return chained


def _untied(spans: Spans, rows: Ints, keys: Ints, order: Ints) -> Ints:
    """Return an order by keys in which equal ones do not depend on how the spans came in."""
    same = np.diff(keys[order]) == 0
    if not same.any():
        return order
    tied = np.append(False, same) | np.append(same, False)
    among = order[tied]
    row = rows[among]
    by = (spans.start[row], spans.service_order(row), spans.kind[row], spans.span[row], keys[among])
    order[tied] = among[np.lexsort(by)]
    return order
