"""Trees to vectors over points of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from clew.derive.numbers import Floats, Ints
from clew.query.promql import functions
from clew.query.promql.aggregate import aggregate
from clew.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Edge,
    Expr,
    Negative,
    Number,
    Selector,
    Shift,
    Subquery,
    Text,
    selectors,
)
from clew.query.promql.families import FAMILIES, LE, NAME, matching
from clew.query.promql.operators import binary
from clew.query.promql.over_time import Slices, over_time
from clew.query.promql.quantile import histogram_quantile
from clew.query.promql.vector import Answer, Vector, unnamed, wrong
from clew.query.promql.windows import DAY, MINUTE_S, Window, grown, present, window
from clew.query.read import Read

MOST_POINTS = 11_000
_LOWEST_S, _HIGHEST_S = -(1 << 33), 1 << 33


def evaluate(read: Read, expr: Expr, times: Ints) -> Answer:
    """Return the value of an expression at points in seconds, ascending.

    Raises:
        InvalidQueryError: the expression has no meaning here; says why.
    """
    try:
        with np.errstate(all="ignore"):
            return _Run(read, times, int(times[0]), int(times[-1])).value(expr)
    except RecursionError:
        raise wrong("the query is nested too deeply") from None


def warnings_of(expr: Expr) -> list[str]:
    """Return a line for every selector that takes no metric that exists."""
    found = [
        next((f"there is no metric {one.value!r}" for one in each.matchers if one.label == NAME), "no metric is taken")
        for each in selectors(expr)
        if not matching(each.matchers)
    ]
    return [f"{one}; there are {', '.join(sorted(FAMILIES))}" for one in dict.fromkeys(found)]


@dataclass(frozen=True, slots=True)
class _Run:
    """One evaluation."""

    read: Read
    times: Ints
    start: int
    end: int

    def value(self, expr: Expr) -> Answer:
        """Return a value."""
        match expr:
            case Number():
                return np.full(self.times.size, expr.value)
            case Negative():
                found = self.value(expr.operand)
                return unnamed(replace(found, values=-found.values)) if isinstance(found, Vector) else -found
            case Call():
                return self._call(expr)
            case Aggregate():
                return self._aggregate(expr)
            case Binary():
                return binary(expr, self.value(expr.left), self.value(expr.right))
            case Selector(range_s=None):
                return self._grown(expr, DAY, None)
            case Selector() | Subquery():
                raise wrong("a range stands where points are needed: write rate(metric[5m]) or the like")
            case Text():
                raise wrong("a text stands where a metric or a number is needed")

    def vector(self, expr: Expr) -> Vector:
        """Return the value of what must be series."""
        found = self.value(expr)
        if not isinstance(found, Vector):
            raise wrong("a number stands where a metric is needed")
        return found

    def number(self, expr: Expr) -> Floats:
        """Return the value of what must be a number."""
        found = self.value(expr)
        if isinstance(found, Vector):
            raise wrong("a metric stands where a number is needed: write scalar(metric)")
        return found

    def _grown(self, selector: Selector, seen: Window, keep: frozenset[str] | None) -> Vector:
        return grown(self.read, selector, self._moments(selector.shift), seen, keep)

    def _moments(self, shift: Shift) -> Ints:
        """Return the points that a selector or subquery looks at."""
        base: Floats = self.times.astype(np.float64)
        match shift.at:
            case Edge.START:
                base = np.full(base.shape, float(self.start))
            case Edge.END:
                base = np.full(base.shape, float(self.end))
            case float():
                base = np.full(base.shape, shift.at)
        moments = np.clip(np.floor(base - (shift.offset_s or 0.0)), _LOWEST_S, _HIGHEST_S)
        return moments.astype(np.int64)

    def _call(self, expr: Call) -> Answer:
        name, given = expr.name, expr.given
        if name in _CALLS:
            return _CALLS[name](self, given)
        if name.endswith("_over_time"):
            return self.over_time(name.removesuffix("_over_time"), given[0])
        if isinstance(given[0], Selector) and given[0].range_s is not None:
            return unnamed(self._rate(name, given[0], None))
        of, *numbers = given
        return functions.mapped(name, self.vector(of), [self.number(one) for one in numbers])

    def _rate(self, name: str, selector: Selector, keep: frozenset[str] | None) -> Vector:
        """Return growth per second, or over the range; the last minute stands for the last two samples."""
        range_s = selector.range_s or MINUTE_S
        seen = window(range_s)
        if name == "irate":
            seen = replace(seen, width=1)
        found = self._grown(selector, seen, keep)
        seconds = seen.width * MINUTE_S
        return replace(found, values=found.values * ((range_s if name == "increase" else 1.0) / seconds))

    def presence(self, of: Expr) -> Vector:
        """Return where any series is."""
        if isinstance(of, Selector):
            return present(self.read, of, self._moments(of.shift), DAY, frozenset())
        return self.vector(of)

    def over_time(self, name: str, of: Expr, quantile: Floats | None = None) -> Vector:
        """Return what a function makes of a subquery, or of the rows of a metric."""
        match of:
            case Selector():
                keep = frozenset(label for one in FAMILIES.values() for label in one.labels)
                minutes = window(of.range_s or MINUTE_S).width
                seen = Window(minutes, minutes)
                return unnamed(present(self.read, of, self._moments(of.shift), seen, keep))
            case Subquery():
                moments = self._moments(of.shift)
                step = max(int(of.step_s or MINUTE_S), 1)
                first = (int(moments.min()) - int(of.range_s)) // step + 1
                count = int(moments.max()) // step - first + 1
                if count > MOST_POINTS:
                    raise wrong(f"a subquery has {count:,} points, at most {MOST_POINTS:,} are taken")
                times = (first + np.arange(max(count, 1))) * step
                points = replace(self, times=times).value(of.of)
                if not isinstance(points, Vector):
                    raise wrong("a subquery is of a number: write vector(number)")
                return over_time(name, points, Slices(times, moments, of.range_s), quantile)
            case _:
                raise wrong(f"{name}_over_time takes a subquery such as rate(metric[5m])[1h:1m]")

    def _aggregate(self, expr: Aggregate) -> Vector:
        param = None if expr.param is None else self.number(expr.param)
        return aggregate(expr, self._narrow(expr), param)

    def _narrow(self, expr: Aggregate) -> Vector:
        """Return what is aggregated; where only some labels of one metric matter, the engine adds up the others."""
        wanted, of = frozenset(expr.labels), expr.of
        if not expr.without and NAME not in wanted:
            match expr.op, of:
                case "group", Selector(range_s=None) if LE not in wanted:
                    return present(self.read, of, self._moments(of.shift), DAY, wanted)
                case "sum", Call(name="rate" | "increase" | "irate", given=(Selector() as selector,)) if _single(
                    selector
                ):
                    return self._rate(of.name, selector, wanted)
                case "sum", Selector(range_s=None) if _single(of):
                    return self._grown(of, DAY, wanted)
        return self.vector(of)


def _single(selector: Selector) -> bool:
    return len(matching(selector.matchers)) <= 1


def _texts(given: tuple[Expr, ...]) -> list[str]:
    return [one.value for one in given if isinstance(one, Text)]


def _selector(of: Expr) -> Selector | None:
    return of if isinstance(of, Selector) else None


def _joined(run: _Run, given: tuple[Expr, ...]) -> Answer:
    target, separator, *sources = _texts(given)
    return functions.label_join(run.vector(given[0]), target, separator, sources)


def _replaced(run: _Run, given: tuple[Expr, ...]) -> Answer:
    target, replacement, source, pattern = _texts(given)
    return functions.label_replace(run.vector(given[0]), functions.Replace(target, replacement, source, pattern))


_CALLS: dict[str, Callable[[_Run, tuple[Expr, ...]], Answer]] = {
    "histogram_quantile": lambda run, given: histogram_quantile(run.number(given[0]), run.vector(given[1])),
    "quantile_over_time": lambda run, given: run.over_time("quantile", given[1], run.number(given[0])),
    "absent": lambda run, given: functions.absent(run.presence(given[0]), _selector(given[0])),
    "absent_over_time": lambda run, given: functions.absent(run.over_time("present", given[0]), _selector(given[0])),
    "sort": lambda run, given: functions.ordered(run.vector(given[0]), down=False),
    "sort_desc": lambda run, given: functions.ordered(run.vector(given[0]), down=True),
    "scalar": lambda run, given: functions.scalar(run.vector(given[0])),
    "vector": lambda run, given: functions.vector(run.number(given[0])),
    "time": lambda run, _: run.times.astype(np.float64),
    "label_join": _joined,
    "label_replace": _replaced,
}
