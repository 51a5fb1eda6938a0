"""Pipelines over loaded spans: which spans stay, in which spansets, and what is said about each spanset.

A spanset is a group of spans of one trace; before `by` there is one per trace. Masks over all spans say who stays, so
every stage is a few vector operations for all traces at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from clew.derive.numbers import Ints
from clew.query.errors import InvalidQueryError
from clew.query.plan import scalars
from clew.query.plan.forest import Mask
from clew.query.plan.found import Cell
from clew.query.plan.scalarvals import Groups, aggregate, aggregates, constant, need, pipelines
from clew.query.plan.spanrows import SpanRows
from clew.query.plan.treeexpr import Needed, condition, value
from clew.query.plan.typed import combined
from clew.query.traceql.ast import (
    Aggregate,
    By,
    Coalesce,
    Filter,
    Pipeline,
    ScalarBinary,
    ScalarExpr,
    ScalarFilter,
    Select,
    Sort,
    SpansetBinary,
    SpansetExpr,
    SpansetOp,
    Stage,
    Static,
)
from clew.query.traceql.text import print_expression as text


@dataclass(frozen=True)
class Sets:
    """Spansets of many traces."""

    mask: Mask
    """Which spans are in one."""
    group: Ints
    """The spanset of each span of `mask`."""
    trace: Ints
    """The trace of each spanset; spansets without spans are none."""
    attributes: dict[str, list[Cell]] = field(default_factory=dict)
    """A value per spanset."""

    @property
    def groups(self) -> Groups:
        """The spans in their groups."""
        return Groups(self.mask, self.group, self.trace.size)

    def holding(self, mask: Mask) -> Mask:
        """Return which spansets have a span of a mask."""
        found = np.zeros(self.trace.size, np.bool_)
        found[self.group[mask]] = True
        return found

    def only(self, kept: Mask) -> Sets:
        """Return the spansets that are kept."""
        at = np.where(self.mask, self.group, 0)
        return replace(self, mask=self.mask & kept[at] if kept.size else self.mask)


def needs(stages: Sequence[Stage], needed: Needed) -> None:  # noqa: C901 - one case after the other
    """Note the columns that stages take."""
    for stage in stages:
        if isinstance(stage, Filter):
            needed.condition(stage.where)
        elif isinstance(stage, SpansetBinary):
            needs([stage.left, stage.right], needed)
        elif isinstance(stage, Pipeline):
            needs(stage.stages, needed)
        elif isinstance(stage, By):
            for one in stage.fields:
                needed.value(one)
        elif isinstance(stage, ScalarFilter):
            for side in (stage.left, stage.right):
                need(side, needed)
                for inner in pipelines(side):
                    needs(inner.stages, needed)
        elif isinstance(stage, Sort):
            if isinstance(stage.key, Aggregate):
                need(stage.key, needed)
            else:
                needed.value(stage.key)


_SETS = {SpansetOp.AND, SpansetOp.OR, SpansetOp.LINK_TO, SpansetOp.LINK_FROM}
"""Operators that relate no spans of one trace."""


def check(stages: Sequence[Stage], *, split: bool = False) -> None:
    """Refuse relations between spansets that `by` has split.

    Raises:
        InvalidQueryError: names the operator.
    """
    for stage in stages:
        if isinstance(stage, SpansetBinary):
            if split and stage.op not in _SETS:
                where, text = stage.pos, f"{stage.op.value} after by() would relate spans of several spansets"
                raise InvalidQueryError(text, start=where.start, end=where.end, hint="put | coalesce() before it")
            check([stage.left, stage.right], split=split)
        elif isinstance(stage, Pipeline):
            check(stage.stages, split=split)
        elif isinstance(stage, By | Coalesce):
            split = isinstance(stage, By)


def run(pipeline: Pipeline, rows: SpanRows) -> Sets:
    """Return the spansets of a pipeline over all spans; `check` must have let it pass."""
    everything = Sets(np.ones(rows.size, np.bool_), rows.forest.trace, np.arange(len(rows.traces)))
    return _stages(pipeline.stages, everything, rows)


def _stages(stages: Sequence[Stage], sets: Sets, rows: SpanRows) -> Sets:
    for number, stage in enumerate(stages):
        rows.forest.check()
        if isinstance(stage, Filter | SpansetBinary | Pipeline):
            sets = replace(sets, mask=_spans(stage, sets, rows))
        elif isinstance(stage, By):
            sets = _by(stage, sets, rows)
        elif isinstance(stage, Coalesce):
            sets = Sets(sets.mask, rows.forest.trace, np.arange(len(rows.traces)))
        elif isinstance(stage, ScalarFilter):
            sets = _filtered(stage, sets, rows, first=number == 0)
        elif not isinstance(stage, Select | Sort):
            raise TypeError(stage)
    return sets


def _spans(expr: SpansetExpr, sets: Sets, rows: SpanRows) -> Mask:
    rows.forest.check()
    if isinstance(expr, Filter):
        return sets.mask & condition(expr.where, rows)
    if isinstance(expr, Pipeline):
        return _stages(expr.stages, sets, rows).mask
    left, right = _spans(expr.left, sets, rows), _spans(expr.right, sets, rows)
    if expr.op is SpansetOp.OR:
        return left | right
    if expr.op is SpansetOp.AND:
        both = sets.holding(left) & sets.holding(right)
        return (left | right) & both[np.where(sets.mask, sets.group, 0)] if both.size else left
    return rows.forest.related(expr.op, left, right)


def _by(stage: By, sets: Sets, rows: SpanRows) -> Sets:
    at = np.flatnonzero(sets.mask)
    values = [value(one, rows).take(at) for one in stage.fields]
    numbers = combined([*(one.codes() for one in values[::-1]), sets.group[at]])
    _, heads, place = np.unique(numbers, return_index=True, return_inverse=True)
    group = np.zeros(rows.size, np.int64)
    group[at] = place
    before = sets.group[at][heads]
    attributes = {name: [column[one] for one in before.tolist()] for name, column in sets.attributes.items()}
    for one, column in zip(stage.fields, values, strict=True):
        attributes[f"by({text(one)})"] = column.take(heads).cells()
    return Sets(sets.mask, group, sets.trace[before], attributes)


def _filtered(stage: ScalarFilter, sets: Sets, rows: SpanRows, *, first: bool) -> Sets:
    inner = [one for side in (stage.left, stage.right) for one in pipelines(side)]
    if inner and first:  # the spansets are those of the pipelines that are compared
        masks = [_stages(one.stages, sets, rows).mask for one in inner]
        sets = replace(sets, mask=np.logical_or.reduce(masks))
    left, right = (_scalar(side, sets, rows) for side in (stage.left, stage.right))
    passed = [scalars.compare(stage.op, one, other) for one, other in zip(left, right, strict=True)]
    shown = {text(one): aggregate(one, sets.groups, rows) for one in aggregates(stage)}
    kept = sets.only(np.array(passed, np.bool_))
    return replace(kept, attributes={**sets.attributes, **shown})


def _scalar(expr: ScalarExpr, sets: Sets, rows: SpanRows) -> list[Cell]:
    if isinstance(expr, Static):
        return constant(expr, sets.trace.size)
    if isinstance(expr, Aggregate):
        return aggregate(expr, sets.groups, rows)
    if isinstance(expr, ScalarBinary):
        left, right = _scalar(expr.left, sets, rows), _scalar(expr.right, sets, rows)
        return [scalars.compute(expr.op, one, other) for one, other in zip(left, right, strict=True)]
    mask = _stages(expr.pipeline.stages, sets, rows).mask
    inside = replace(sets, mask=mask)
    found = _scalar(expr.scalar, inside, rows)
    there = inside.holding(mask)
    return [one if some else None for one, some in zip(found, there.tolist(), strict=True)]


def sort_keys(stage: Sort, sets: Sets, rows: SpanRows) -> list[Cell]:
    """Return a key per trace: an aggregate over all spans matched, or their largest (smallest) value of a field."""
    whole = Groups(sets.mask, rows.forest.trace, len(rows.traces))
    if isinstance(stage.key, Aggregate):
        return aggregate(stage.key, whole, rows)
    at = np.flatnonzero(sets.mask)
    values = value(stage.key, rows).take(at).cells()
    best: list[Cell] = [None] * len(rows.traces)
    for trace, one in zip(rows.forest.trace[at].tolist(), values, strict=True):
        if order_key(one) == NOWHERE:
            continue
        before = best[trace]
        better = before is None or (order_key(one) > order_key(before)) is stage.descending
        best[trace] = one if better else before
    return best


NOWHERE: tuple[int, float | str] = (-1, 0)
"""The key of what has no order."""


def order_key(cell: Cell) -> tuple[int, float | str]:
    """Return a key that orders values of all types: nil, NaN and arrays first, then numbers, then texts."""
    if cell is None or isinstance(cell, list) or (isinstance(cell, float) and math.isnan(cell)):
        return NOWHERE
    if isinstance(cell, str):
        return (1, cell)
    return (0, cell)
