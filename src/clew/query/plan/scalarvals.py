"""Scalars of spansets: aggregates over the spans of each group, and arithmetic between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import Ints
from clew.query.filters import Duration
from clew.query.literals import INT64_MAX
from clew.query.plan.forest import Mask
from clew.query.plan.found import Cell
from clew.query.plan.spanrows import SpanRows
from clew.query.plan.treeexpr import Needed, value
from clew.query.plan.typed import CODES, combined
from clew.query.plan.values import Type
from clew.query.traceql.ast import (
    Aggregate,
    AggregateFn,
    Pipeline,
    PipelineScalar,
    ScalarBinary,
    ScalarExpr,
    ScalarFilter,
    Static,
)

LARGE = 2.0**62
"""Sums of integers that may come above it are made without a limit; those beyond 64 bits become floats."""
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """Spans put into groups; `group` says which for every span of `mask`, and counts for those alone."""

    mask: Mask
    group: Ints
    count: int


def pipelines(expr: ScalarExpr) -> Iterator[Pipeline]:
    """Yield the pipelines inside a scalar."""
    if isinstance(expr, PipelineScalar):
        yield expr.pipeline
        yield from pipelines(expr.scalar)
    elif isinstance(expr, ScalarBinary):
        yield from pipelines(expr.left)
        yield from pipelines(expr.right)


def aggregates(stage: ScalarFilter) -> list[Aggregate]:
    """Return the aggregates of a filter over the spansets themselves, in order."""
    found: dict[Aggregate, None] = {}
    stack: list[ScalarExpr] = [stage.right, stage.left]
    while stack:
        one = stack.pop()
        if isinstance(one, Aggregate):
            found[one] = None
        elif isinstance(one, ScalarBinary):
            stack += [one.right, one.left]
    return list(found)


def need(expr: ScalarExpr, needed: Needed) -> None:
    """Note the values that a scalar takes; pipelines inside note their own."""
    if isinstance(expr, Aggregate) and expr.of is not None:
        needed.value(expr.of)
    elif isinstance(expr, ScalarBinary):
        need(expr.left, needed)
        need(expr.right, needed)
    elif isinstance(expr, PipelineScalar):
        need(expr.scalar, needed)


def aggregate(one: Aggregate, groups: Groups, rows: SpanRows) -> list[Cell]:
    """Return an aggregate per group; nil where no span has a value that counts."""
    at = np.flatnonzero(groups.mask)
    group = groups.group[at]
    if one.of is None:
        return list(np.bincount(group, minlength=groups.count).tolist())
    values = value(one.of, rows).take(at)
    if one.fn is AggregateFn.COUNT_DISTINCT:
        there = values.type != 0
        pairs = np.unique(combined([group[there], values.codes()[there]]), return_index=True)[1]
        return list(np.bincount(group[there][pairs], minlength=groups.count).tolist())
    there = values.numbers() & ~np.isnan(values.as_float())
    group, kinds = group[there], values.type[there]
    counts = np.bincount(group, minlength=groups.count)
    real = np.bincount(group, kinds == CODES[Type.FLOAT], minlength=groups.count) > 0
    durations = np.bincount(group, kinds == CODES[Type.DURATION], minlength=groups.count) == counts
    whole = ~real[group]  # a group's type is its own, whatever others hold
    of_whole = _reduced(one.fn, group[whole], values.whole[there][whole], groups.count).tolist()
    of_real = _reduced(one.fn, group[~whole], values.as_float()[there][~whole], groups.count).tolist()
    results: list[Cell] = []
    for number, (count, duration) in enumerate(zip(counts.tolist(), durations.tolist(), strict=True)):
        reduced = of_real[number] if real[number] else of_whole[number]
        if not count:
            results.append(None)
        elif one.fn is AggregateFn.AVG:
            results.append(Duration(int(reduced / count)) if duration else reduced / count)
        else:
            fits = isinstance(reduced, int) and -INT64_MAX - 1 <= reduced <= INT64_MAX
            results.append(float(reduced) if not fits else Duration(reduced) if duration else reduced)
    return results


def _reduced(fn: AggregateFn, group: Ints, numbers: Numbers, count: int) -> npt.NDArray[Any]:
    if fn in {AggregateFn.SUM, AggregateFn.AVG}:
        large = numbers.dtype == np.int64 and np.abs(numbers.astype(np.float64)).sum() > LARGE
        made: npt.NDArray[Any] = np.zeros(count, np.object_ if large else numbers.dtype)
        numbers = numbers.astype(made.dtype)
        with np.errstate(invalid="ignore"):  # infinities of both signs
            np.add.at(made, group, numbers)
        return made
    largest = fn is AggregateFn.MAX
    if numbers.dtype == np.float64:
        made = np.full(count, -np.inf if largest else np.inf)
    else:
        bounds = np.iinfo(np.int64)
        made = np.full(count, bounds.min if largest else bounds.max, np.int64)
    (np.maximum if largest else np.minimum).at(made, group, numbers)
    return made


def constant(expr: Static, count: int) -> list[Cell]:
    """Return a literal per group."""
    return [expr.value] * count
