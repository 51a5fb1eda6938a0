"""PromQL as its definition says it, one point and one series at a time, over rows that are held in lists."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import Any

from clew.query.promql.ast import Aggregate, Binary, Call, Expr, Negative, Number, Selector, Subquery

MINUTE_S, QUIET_MIN, DAY_MIN = 60, 15, 1440
ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a),
}
COMPARISONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
Labels = frozenset[tuple[str, str]]


class Refused(Exception):  # noqa: N818 - it is an answer
    """The query has no meaning at a point."""


@dataclass(frozen=True)
class Row:
    """What one edge did in one minute, by the name of the metric."""

    minute: int
    labels: tuple[tuple[str, str], ...]
    values: dict[str, float]


def put(found: dict[Labels, float], labels: Labels, value: float) -> None:
    """Add a series to an answer."""
    if labels in found:
        raise Refused
    found[labels] = value


def bare(labels: Labels) -> Labels:
    """Return labels without the name."""
    return frozenset(pair for pair in labels if pair[0] != "__name__")


@dataclass(frozen=True)
class Plain:
    """Evaluates over rows."""

    rows: list[Row] = field(repr=False)

    def value(self, expr: Expr, at: int) -> Any:  # noqa: PLR0911 - one for each kind of node
        """Return the answer at a point: a number, or numbers by labels."""
        match expr:
            case Number():
                return expr.value
            case Negative():
                return {bare(labels): -value for labels, value in self.value(expr.operand, at).items()}
            case Selector():
                return self.selected(expr, at, DAY_MIN, DAY_MIN)
            case Call(name="rate" | "increase" | "irate", given=(Selector() as selector,)):
                return self.rate(expr.name, selector, at)
            case Call(given=(Subquery() as subquery,)):
                return self.over_time(expr.name.removesuffix("_over_time"), subquery, at)
            case Call(name="vector"):
                return {frozenset(): self.value(expr.given[0], at)}
            case Aggregate():
                return self.aggregate(expr, at)
            case Binary():
                return self.binary(expr, self.value(expr.left, at), self.value(expr.right, at))
        raise NotImplementedError(expr)

    def selected(self, selector: Selector, at: int, width: int, alive: int) -> dict[Labels, float]:
        """Return the growth of each series in the minutes before a point."""
        last = int(at - (selector.shift.offset_s or 0)) // MINUTE_S
        name = selector.matchers[0].value
        found: dict[Labels, float] = {}
        for row in self.rows:
            given = dict(row.labels)
            if all((given.get(one.label, "") == one.value) is (one.op == "=") for one in selector.matchers[1:]):
                labels = frozenset((*((key, text) for key, text in row.labels if text), ("__name__", name)))
                if last - alive < row.minute <= last:
                    found.setdefault(labels, 0.0)
                if last - width < row.minute <= last:
                    found[labels] += row.values[name]
        return found

    def rate(self, name: str, selector: Selector, at: int) -> dict[Labels, float]:
        """Return growth per second or over the range."""
        minutes = max(math.floor(selector.range_s / MINUTE_S + 0.5), 1)
        width = 1 if name == "irate" else minutes
        grown = self.selected(selector, at, width, max(minutes, QUIET_MIN))
        factor = (selector.range_s if name == "increase" else 1) / (width * MINUTE_S)
        return {bare(labels): value * factor for labels, value in grown.items()}

    def over_time(self, name: str, of: Subquery, at: int) -> dict[Labels, float]:
        """Return what a function makes of the points of a subquery."""
        end = at - int(of.shift.offset_s or 0)
        step = int(of.step_s or MINUTE_S)
        points: dict[Labels, list[float]] = {}
        for one in range((end - int(of.range_s)) // step + 1, end // step + 1):
            for labels, value in self.value(of.of, one * step).items():
                points.setdefault(labels, []).append(value)
        found: dict[Labels, float] = {}
        for labels, values in points.items():
            put(found, labels if name == "last" else bare(labels), self.reduced(name, values))
        return found

    def reduced(self, name: str, values: list[float]) -> float:
        """Return one number for some."""
        known = [one for one in values if not math.isnan(one)]
        if name in {"min", "max"}:
            return {"min": min, "max": max}[name](known) if known else math.nan
        if name == "stddev":
            return statistics.pstdev(values) if len(known) == len(values) else math.nan
        return {"sum": sum(values), "avg": sum(values) / len(values), "count": len(values), "last": values[-1],
                "group": 1.0, "present": 1.0}[name]  # fmt: skip

    def aggregate(self, expr: Aggregate, at: int) -> dict[Labels, float]:
        """Return one number per group, or the best of each."""
        groups: dict[Labels, dict[Labels, float]] = {}
        for labels, value in self.value(expr.of, at).items():
            kept = ((pair[0] in expr.labels) is not expr.without for pair in labels)
            group = frozenset(pair for pair, keep in zip(labels, kept, strict=True) if keep)
            groups.setdefault(bare(group) if expr.without else group, {})[labels] = value
        if expr.param is None:
            return {group: self.reduced(expr.op, list(members.values())) for group, members in groups.items()}
        sign = 1 if expr.op == "bottomk" else -1
        found = {}
        for members in groups.values():
            order = sorted(members.items(), key=lambda one: (math.isnan(one[1]), sign * one[1], sorted(one[0])))
            found |= dict(order[: int(self.value(expr.param, at))])
        return found

    def binary(self, expr: Binary, left: Any, right: Any) -> Any:  # noqa: C901 - the rules, in their order
        """Return what an operator makes of two answers."""
        if not isinstance(right, dict):
            return self.scaled(expr, left, right)
        how = expr.matching

        def signature(labels: Labels) -> Labels:
            return frozenset(pair for pair in bare(labels) if (pair[0] in how.labels) is how.on)

        mine, theirs = ({signature(labels) for labels in side} for side in (left, right))
        match expr.op:
            case "and":
                return {labels: value for labels, value in left.items() if signature(labels) in theirs}
            case "unless":
                return {labels: value for labels, value in left.items() if signature(labels) not in theirs}
            case "or":
                return left | {labels: value for labels, value in right.items() if signature(labels) not in mine}
        one: dict[Labels, float] = {}
        for labels, value in right.items():
            put(one, signature(labels), value)
        seen: set[Labels] = set()
        found: dict[Labels, float] = {}
        for labels, value in left.items():
            key = signature(labels)
            made = self.combined(expr, value, one[key]) if key in one else None
            if made is None:
                continue
            if not how.many and key in seen:
                raise Refused
            seen.add(key)
            kept = labels if expr.op in COMPARISONS and not expr.flag else bare(labels)
            if not how.many:
                kept = frozenset(pair for pair in kept if (pair[0] in how.labels) is how.on)
            put(found, kept, made)
        return found

    def scaled(self, expr: Binary, left: dict[Labels, float], right: float) -> dict[Labels, float]:
        """Return series combined with a number."""
        keeps = expr.op in COMPARISONS and not expr.flag
        found: dict[Labels, float] = {}
        for labels, value in left.items():
            made = self.combined(expr, value, right)
            if made is not None:
                put(found, labels if keeps else bare(labels), made)
        return found

    def combined(self, expr: Binary, left: float, right: float) -> float | None:
        """Return a number, or nothing where a comparison does not hold."""
        if expr.op in ARITHMETIC:
            return ARITHMETIC[expr.op](left, right)
        holds = COMPARISONS[expr.op](left, right)
        return float(holds) if expr.flag else left if holds else None
