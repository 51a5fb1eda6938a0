"""The trees of many traces at once, as vectors: who is whose parent, and which spans stand in a relation to others.

Every answer comes from whole arrays, in as many steps as the deepest tree has levels in binary, never span by span.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import Ids, Ints, Small
from clew.derive.parents import ROOT, parents
from clew.query.structure import Gap, crowded, gaps, numbered
from clew.query.traceql.ast import SpansetOp

Mask = npt.NDArray[np.bool_]

POSITIVE = {
    SpansetOp.NOT_CHILD: SpansetOp.CHILD,
    SpansetOp.NOT_PARENT: SpansetOp.PARENT,
    SpansetOp.NOT_DESCENDANT: SpansetOp.DESCENDANT,
    SpansetOp.NOT_ANCESTOR: SpansetOp.ANCESTOR,
    SpansetOp.NOT_SIBLING: SpansetOp.SIBLING,
}
"""What each negated relation is the negation of."""
UNIONS = {
    SpansetOp.UNION_CHILD: SpansetOp.CHILD,
    SpansetOp.UNION_PARENT: SpansetOp.PARENT,
    SpansetOp.UNION_DESCENDANT: SpansetOp.DESCENDANT,
    SpansetOp.UNION_ANCESTOR: SpansetOp.ANCESTOR,
    SpansetOp.UNION_SIBLING: SpansetOp.SIBLING,
}
"""The relation of which each union form returns both sides."""
CONVERSE = {
    SpansetOp.CHILD: SpansetOp.PARENT,
    SpansetOp.PARENT: SpansetOp.CHILD,
    SpansetOp.DESCENDANT: SpansetOp.ANCESTOR,
    SpansetOp.ANCESTOR: SpansetOp.DESCENDANT,
    SpansetOp.SIBLING: SpansetOp.SIBLING,
}
"""The relation seen from the other side."""


def _go_on() -> None:
    pass


@dataclass(frozen=True)
class Forest:
    """Spans of many traces; `trace` counts from 0 and identical spans occur once."""

    trace: Ints
    span: Ids
    parent: Ids
    start: Ints
    kind: Small
    check: Callable[[], None] = field(default=_go_on, compare=False)
    """Called between steps; raises where the time is up or nobody waits for the answer."""

    @cached_property
    def _keys(self) -> tuple[Ints, Ints]:
        return numbered(self.trace, self.span, self.parent)

    @cached_property
    def up(self) -> Ints:
        """Index of each span's parent, negative where there is none."""
        span, parent = self._keys
        return parents(span.astype(np.uint64), parent.astype(np.uint64), self.start, self.kind)

    def gaps(self, count: int) -> list[tuple[Gap, ...]]:
        """Return what is not known about the structure of each of `count` traces."""
        return gaps(self.trace, self.parent, self.up, self._keys[0], count)

    @cached_property
    def _family(self) -> Ints:
        """A number per span that siblings share: by parent, by missing parent, or for roots by trace."""
        _, parent = self._keys
        count = self.span.size
        of_orphan = 2 * count + parent
        of_root = 5 * count + self.trace
        family = np.where(self.up >= 0, self.up, np.where(self.up == ROOT, of_root, of_orphan))
        _, numbers = np.unique(family, return_inverse=True)
        return numbers

    def related(self, op: SpansetOp, left: Mask, right: Mask) -> Mask:
        """Return the spans that `left op right` returns."""
        if op in POSITIVE:
            return right & ~self._reached(POSITIVE[op], left)
        if op in UNIONS:
            base = UNIONS[op]
            return (right & self._reached(base, left)) | (left & self._reached(CONVERSE[base], right))
        return right & self._reached(op, left)

    def _reached(self, op: SpansetOp, left: Mask) -> Mask:
        """Return the spans that stand in a relation to some span of `left`."""
        if op is SpansetOp.CHILD:
            return self.of_parent(left)
        if op is SpansetOp.PARENT:
            reached = np.zeros(left.size, np.bool_)
            reached[self.up[left & (self.up >= 0)]] = True
            return reached
        if op is SpansetOp.SIBLING:
            counts = np.bincount(self._family[left], minlength=left.size + 1)
            others: Mask = counts[self._family] > left
            return others
        return self._below(left) if op is SpansetOp.DESCENDANT else self._above(left)

    def of_parent(self, mask: Mask) -> Mask:
        """Return the spans whose parent is in a set."""
        return (self.up >= 0) & mask[np.maximum(self.up, 0)]

    def _jumps(self) -> npt.NDArray[np.int64]:
        """Return parents with one row more for "none", which is its own parent."""
        top = self.span.size
        return np.append(np.where(self.up < 0, top, self.up), top)

    def _below(self, left: Mask) -> Mask:
        jump = self._jumps()
        reached = np.append(left, False)[jump]
        while True:
            self.check()
            wider: Mask = reached | reached[jump]
            jump = jump[jump]
            if not (jump[:-1] < left.size).any():
                return wider[:-1]
            reached = wider

    def _above(self, left: Mask) -> Mask:
        jump = self._jumps()
        reached = np.zeros(left.size + 1, np.bool_)
        reached[jump[:-1][left]] = True
        while True:
            self.check()
            reached[jump[reached]] = True
            jump = jump[jump]
            if not (jump[:-1] < left.size).any():
                return reached[:-1]

    @cached_property
    def child_count(self) -> Ints:
        """Number of direct children."""
        return np.bincount(self.up[self.up >= 0], minlength=self.span.size)

    @cached_property
    def nested_set(self) -> tuple[Ints, Ints, Ints]:
        """Left, right and parent numbers: depth first from 1 per trace, going on across its roots, children by start.

        Spans that no root reaches have 0, and so has every span of a trace without a root, or in which more than two
        spans share an id. The parent number of every span that names no parent is -1, whatever else is known: so a row
        alone decides which spans are roots.
        """
        depth = self._depth()
        size, up = self.span.size, self.up
        levels = np.split(np.argsort(depth, kind="stable"), np.cumsum(np.bincount(depth))[:-1]) if size else []
        weight = np.ones(size, np.int64)
        for rows in levels[:0:-1]:
            self.check()
            np.add.at(weight, up[rows], weight[rows])
        return self._numbered(levels, weight)

    def _depth(self) -> Ints:
        """Return the number of ancestors."""
        jump, depth = self._jumps(), np.append((self.up >= 0).astype(np.int64), 0)
        while (jump[:-1] < self.span.size).any():
            depth = depth + depth[jump]
            jump = jump[jump]
        return depth[:-1]

    def _numbered(self, levels: list[Ints], weight: Ints) -> tuple[Ints, Ints, Ints]:
        size, up = self.span.size, self.up
        order = np.lexsort((self.span, self.start, self._family))  # siblings together, by start
        family = self._family[order]
        before = np.cumsum(2 * weight[order]) - 2 * weight[order]
        head = np.flatnonzero(np.diff(family, prepend=-1)) if size else np.zeros(0, np.int64)
        offset = np.empty(size, np.int64)
        offset[order] = before - np.repeat(before[head], np.diff(head, append=size))
        left = offset + 1
        for rows in levels[1:]:
            self.check()
            left[rows] += left[up[rows]]
        right = left + 2 * weight - 1
        known = self._reachable()
        parent = left[np.maximum(up, 0)] if size else left
        parent = np.where(self.parent == 0, -1, np.where(known, parent, 0))
        return np.where(known, left, 0), np.where(known, right, 0), parent

    def _reachable(self) -> Mask:
        """Return the spans below a root, in traces whose ids are clear."""
        root = self.up == ROOT
        bad = np.bincount(self.trace[crowded(self._keys[0])], minlength=int(self.trace.max(initial=-1)) + 1) > 0
        known: Mask = (root | self._below(root)) & ~bad[self.trace]
        return known
