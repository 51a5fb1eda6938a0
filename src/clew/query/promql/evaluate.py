"""Trees to vectors over points of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clew.derive.numbers import Floats
from clew.query.errors import InvalidQueryError
from clew.query.promql.ast import Aggregate, Binary, Expr, Negative, Number, Quantile, Rate, Selector
from clew.query.promql.families import matching
from clew.query.promql.quantile import histogram_quantile
from clew.query.promql.windows import MINUTE_S, Labels, Vector, minutes_of, sums, unknown
from clew.query.read import Read

Answer = Vector | Floats
"""A vector, or a number per point of time."""

_ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
_COMPARISONS: dict[str, Callable[[Floats, Floats], npt.NDArray[np.bool_]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
_REDUCE: dict[str, Callable[..., Floats]] = {"sum": np.nansum, "min": np.nanmin, "max": np.nanmax, "avg": np.nanmean}


def evaluate(read: Read, expr: Expr, times: npt.NDArray[np.int64]) -> Answer:
    """Return the value of an expression at points in seconds, ascending.

    Raises:
        InvalidQueryError: the expression has no meaning here; says why.
    """
    with np.errstate(all="ignore"):
        return _Run(read, times).value(expr)


@dataclass(frozen=True, slots=True)
class _Run:
    """One evaluation."""

    read: Read
    times: npt.NDArray[np.int64]

    def value(self, expr: Expr, keep: frozenset[str] | None = None) -> Answer:
        """Return a value; `keep` names the labels that a sum around it needs."""
        match expr:
            case Number():
                return np.full(self.times.size, expr.value)
            case Negative():
                found = self.value(expr.operand)
                return Vector(found.labels, -found.values) if isinstance(found, Vector) else -found
            case Rate():
                grown = sums(self.read, expr.selector, self.times, keep)
                seconds = minutes_of(expr.selector.range_s or MINUTE_S) * MINUTE_S
                return Vector(grown.labels, grown.values / seconds) if expr.per_second else grown
            case Quantile():
                return histogram_quantile(self._number(expr.quantile), self._vector(expr.of))
            case Aggregate():
                return self._aggregate(expr)
            case Binary():
                return self._binary(expr)
            case Selector():
                raise _bare(expr)

    def _vector(self, expr: Expr, keep: frozenset[str] | None = None) -> Vector:
        found = self.value(expr, keep)
        if not isinstance(found, Vector):
            raise _wrong("a number stands where a metric is needed")
        return found

    def _number(self, expr: Expr) -> Floats:
        found = self.value(expr)
        if isinstance(found, Vector):
            raise _wrong("a metric stands where a number is needed")
        return found

    def _aggregate(self, expr: Aggregate) -> Vector:
        wanted = frozenset(expr.labels)
        found = self._vector(expr.of, wanted if expr.op == "sum" and not expr.without else None)
        names = [_part(labels, wanted, without=expr.without) for labels in found.labels]
        seen: dict[Labels, list[int]] = {}
        for at, name in enumerate(names):
            seen.setdefault(name, []).append(at)
        if expr.param is not None:
            return _top(found, list(seen.values()), self._number(expr.param), bottom=expr.op == "bottomk")
        rows = [_reduce(expr.op, found.values[members]) for members in seen.values()]
        return Vector(list(seen), np.array(rows).reshape(len(seen), self.times.size))

    def _binary(self, expr: Binary) -> Answer:
        left, right = self.value(expr.left), self.value(expr.right)
        if isinstance(left, Vector) and isinstance(right, Vector):
            left, right = _joined(left, right)
        labels = left.labels if isinstance(left, Vector) else right.labels if isinstance(right, Vector) else None
        a = left.values if isinstance(left, Vector) else left
        b = right.values if isinstance(right, Vector) else right
        if expr.op in _ARITHMETIC:
            values = _ARITHMETIC[expr.op](a, b)
        else:
            holds = _COMPARISONS[expr.op](a, b)
            if labels is None and not expr.flag:
                raise _wrong("two numbers are compared without bool")
            shown = a if isinstance(left, Vector) else np.broadcast_to(b, holds.shape)
            known = ~(np.isnan(a) | np.isnan(b))
            values = np.where(known, holds, np.nan) if expr.flag else np.where(holds, shown, np.nan)
        return values if labels is None else Vector(labels, values)


def _part(labels: Labels, wanted: frozenset[str], *, without: bool) -> Labels:
    return tuple(pair for pair in labels if (pair[0] in wanted) is not without)


def _reduce(op: str, values: Floats) -> Floats:
    """Return one row for many; a point is absent where all are."""
    absent = np.isnan(values)
    if op == "count":
        counted = (~absent).sum(axis=0).astype(np.float64)
        return np.where(counted > 0, counted, np.nan)
    out = np.full(values.shape[1], np.nan)
    some = ~absent.all(axis=0)
    out[some] = _REDUCE[op](values[:, some], axis=0)
    return out


def _top(found: Vector, groups: list[list[int]], wanted: Floats, *, bottom: bool) -> Vector:
    """Keep the largest (smallest) points of each group at each point of time; ties go to the smaller labels."""
    values = np.full(found.values.shape, np.nan)
    ranked = sorted(range(len(found.labels)), key=lambda at: found.labels[at])
    for group in groups:
        rows = np.array([at for at in ranked if at in set(group)])
        part = found.values[rows] * (1 if bottom else -1)
        order = np.argsort(part, axis=0, kind="stable")
        places = np.argsort(order, axis=0, kind="stable")
        values[rows] = np.where(places < wanted[None, :], found.values[rows], np.nan)
    kept = [at for at in ranked if not np.isnan(values[at]).all()]
    if wanted.size == 1:
        kept.sort(key=lambda at: float(values[at][0]) * (1 if bottom else -1))
    return Vector([found.labels[at] for at in kept], values[kept])


def _joined(left: Vector, right: Vector) -> tuple[Vector, Vector]:
    """Return the series of both sides that have equal labels."""
    other = {labels: at for at, labels in enumerate(right.labels)}
    if len(other) < len(right.labels) or len(set(left.labels)) < len(left.labels):
        raise _wrong("series on one side have equal labels: aggregate them first")
    pairs = [(at, other[labels]) for at, labels in enumerate(left.labels) if labels in other]
    mine, theirs = [at for at, _ in pairs], [at for _, at in pairs]
    labels = [left.labels[at] for at in mine]
    return Vector(labels, left.values[mine]), Vector(labels, right.values[theirs])


def _bare(selector: Selector) -> InvalidQueryError:
    if not matching(selector.matchers):
        return unknown(selector)
    hint = "metrics are counters that are read from sums per minute: write rate(metric[5m]) or increase(metric[1h])"
    return InvalidQueryError("a metric stands without rate", start=selector.start, end=selector.end, hint=hint)


def _wrong(why: str) -> InvalidQueryError:
    return InvalidQueryError(why, start=0, end=0, hint="see docs/reference/tempo.md for what is supported")
