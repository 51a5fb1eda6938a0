"""Aggregation of series by labels, at every point on its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.ast import Aggregate
from clew.query.promql.quantile import quantiles
from clew.query.promql.vector import Vector, numbered, part


def aggregate(expr: Aggregate, of: Vector, param: Floats | None) -> Vector:
    """Return one series per group; `topk` and `bottomk` keep series of each.

    Args:
        expr: how.
        of: the series.
        param: the number that comes first, per point.
    """
    wanted = frozenset(expr.labels)
    names, codes = numbered([part(labels, wanted, without=expr.without) for labels in of.labels])
    if not names:
        return of
    if expr.op in {"topk", "bottomk"} and param is not None:
        return _top(of, codes, param, bottom=expr.op == "bottomk")
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(names)))
    values, there = of.values[order], of.there[order]
    count = np.add.reduceat(there.astype(np.float64), starts, axis=0)
    if param is not None:
        found = quantiles(values, there, starts, param)
    else:
        found = _REDUCE[expr.op](values, there, starts, count)
    return Vector(names, found, count > 0)


def _sum(values: Floats, there: Flags, starts: Ints, _: Floats) -> Floats:
    found: Floats = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
    return found


def _avg(values: Floats, there: Flags, starts: Ints, count: Floats) -> Floats:
    return _sum(values, there, starts, count) / count


def _stdvar(values: Floats, there: Flags, starts: Ints, count: Floats) -> Floats:
    sizes = np.diff(np.append(starts, len(values)))
    mean = np.repeat(_avg(values, there, starts, count), sizes, axis=0)
    return _avg((values - mean) ** 2, there, starts, count)


def _least(values: Floats, there: Flags, starts: Ints, _: Floats) -> Floats:
    found: Floats = np.fmin.reduceat(np.where(there, values, np.nan), starts, axis=0)
    return found


def _most(values: Floats, there: Flags, starts: Ints, _: Floats) -> Floats:
    found: Floats = np.fmax.reduceat(np.where(there, values, np.nan), starts, axis=0)
    return found


_REDUCE: dict[str, Callable[[Floats, Flags, Ints, Floats], Floats]] = {
    "sum": _sum,
    "avg": _avg,
    "min": _least,
    "max": _most,
    "count": lambda _, __, ___, count: count,
    "group": lambda _, __, ___, count: np.ones(count.shape),
    "stdvar": _stdvar,
    "stddev": lambda *given: np.sqrt(_stdvar(*given)),
}


def _top(of: Vector, codes: Ints, wanted: Floats, *, bottom: bool) -> Vector:
    """Keep the largest (smallest) points of each group; NaN comes last, ties go to the smaller labels."""
    ranked = of.take(sorted(range(len(of.labels)), key=lambda at: of.labels[at]))
    codes = codes[sorted(range(len(of.labels)), key=lambda at: of.labels[at])]
    key = np.where(ranked.there, ranked.values * (1 if bottom else -1), np.nan)
    group = np.broadcast_to(codes[:, None], key.shape)
    order = np.lexsort((key, ~ranked.there, group), axis=0)
    sizes = np.bincount(codes)
    before = (np.cumsum(sizes) - sizes)[np.sort(codes)]
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to((np.arange(len(codes)) - before)[:, None], key.shape), axis=0)
    there = ranked.there & (places < np.floor(np.nan_to_num(wanted)))
    kept = np.flatnonzero(there.any(axis=1))
    if wanted.size == 1:
        kept = kept[np.lexsort((places[kept, 0], codes[kept]))]
    return Vector(ranked.labels, ranked.values, there).take(kept)
