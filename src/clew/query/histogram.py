"""How many spans match over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Total, Window
from clew.query.filters import Filter
from clew.query.params import Params
from clew.query.patterns import check_patterns
from clew.query.predicates import Days, Predicates, slim_enough, split_trace_filters
from clew.query.read import Read
from clew.query.scan import floor_bucket
from clew.query.steps import MS, round_step
from clew.query.tracefilters import exact


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts per step."""

    start_ms: list[int]
    step_ms: int
    total: list[int]
    errors: list[int]


@dataclass(frozen=True, slots=True)
class Steps:
    """The round steps that cover a window."""

    window: Window
    ns: int

    @classmethod
    def over(cls, window: Window, most: int) -> Steps:
        """Return at most `most` steps."""
        return cls(window, round_step(window.from_ns, window.to_ns, most))

    @property
    def first(self) -> int:
        """Number of the first step, counted from the epoch."""
        return self.window.from_ns // self.ns

    @property
    def count(self) -> int:
        """How many there are."""
        return self.window.to_ns // self.ns - self.first + 1

    def histogram(self, total: Sequence[int], errors: Sequence[int]) -> Histogram:
        """Return counts with the starts of their steps."""
        starts = [(self.first + number) * self.ns // MS for number in range(self.count)]
        return Histogram(starts, self.ns // MS, list(total), list(errors))

    def counted(self, read: Read, source: str, condition: str, params: Params, prologue: str = "") -> Answer[Histogram]:
        """Return how many rows of a FROM clause start in each step and pass a condition."""
        window = self.window
        low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
        sql = f"""
            {prologue} SELECT intDiv(toUnixTimestamp64Nano(start), {params.bind(self.ns, "Int64")}) AS step,
                count() AS total, countIf(status = 2) AS errors
            FROM {source}
            WHERE tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high}
                AND start >= {params.time(window.from_ns)} AND start <= {params.time(window.to_ns)}
                AND {condition}
            GROUP BY step
        """
        found = {row["step"]: row for row in read.query(sql, params.values).to_pylist()}
        none = {"total": 0, "errors": 0}
        rows = [found.get(self.first + number, none) for number in range(self.count)]
        total = [row["total"] for row in rows]
        data = self.histogram(total, [row["errors"] for row in rows])
        meta = Meta(total=Total(sum(total), exact=True), returned=self.count, scanned=read.scanned, window=window)
        return Answer(data, meta)


def histogram(read: Read, filters: Sequence[Filter], window: Window, most: int) -> Answer[Histogram]:
    """Return the number of spans that start in the window and pass every filter, per step.

    Spans that were sent twice count twice, as everywhere where rates are shown.
    """
    check_patterns(read, filters)
    of_span, of_trace = split_trace_filters(filters)
    params = Params()
    days = Days(params.day(window.from_ns), params.day(window.to_ns))
    conditions = [Predicates(params, days).conjunction(of_span), *exact(of_trace, params)]
    table = "span_by_service" if slim_enough(of_span) else "spans"
    return Steps.over(window, most).counted(read, table, " AND ".join(conditions), params)
