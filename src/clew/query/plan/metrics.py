"""Metrics queries of TraceQL: series of points over time, from spans or from what was rolled up of them.

Each span counts at its own start. Values in time are seconds. Series are ordered by their labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.query.answer import Answer, Meta, Total, Truncated
from clew.query.errors import InvalidQueryError
from clew.query.filters import Value
from clew.query.plan.call import Question, Reply, evaluate
from clew.query.plan.frame import Frame, combine, number
from clew.query.plan.grid import Grid, grid
from clew.query.plan.series import MetricsAsk, Series, SeriesAnswer, Source
from clew.query.read import Read
from clew.query.traceql.ast import (
    Binary,
    FieldExpr,
    FieldOp,
    Filter,
    MetricsBinary,
    MetricsExpr,
    MetricsPipeline,
    Pipeline,
    Query,
    Select,
    Static,
)

EXTRAPOLATE = "extrapolate"


def metrics(read: Read, query: Query, ask: MetricsAsk) -> Answer[SeriesAnswer]:
    """Return the series of a metrics query.

    Raises:
        InvalidQueryError: the query gives no series.
        InvalidRequestError: the step does not fit the range.
    """
    if isinstance(query.root, Pipeline):
        hint = "end the query in a metrics function, for example | rate()"
        raise InvalidQueryError("the query finds traces, no series", start=0, end=query.pos.end, hint=hint)
    run = _Run(read, ask, grid(ask), {one.name: one.value for one in query.hints})
    found = run.expression(query.root)
    if not isinstance(found, Frame):
        hint = "put a metrics query into the sum"
        raise InvalidQueryError("the query is a number", start=0, end=query.pos.end, hint=hint)
    series = [
        Series(labels, [None if value != value else value for value in values], exemplars)  # noqa: PLR0124 - NaN
        for labels, values, exemplars in zip(
            found.labels, found.values.tolist(), found.exemplars or [[] for _ in found.labels], strict=True
        )
    ]
    shown = series[: ask.max_series]
    cut = None
    if run.most > ask.max_series or len(series) > ask.max_series:
        cut = Truncated(
            f"of {max(run.most, len(series)):,} series those of most spans are here",
            ask.max_series,
            "group by fewer fields, or filter further",
        )
    meta = Meta(
        total=Total(max(run.most, len(series)), exact=True),
        returned=len(shown),
        truncated=cut,
        scanned=read.scanned,
        window=run.grid.window,
    )
    return Answer(SeriesAnswer(run.grid.times_ms, shown, run.sources), meta)


@dataclass(slots=True)
class _Run:
    """One evaluation."""

    read: Read
    ask: MetricsAsk
    grid: Grid
    hints: dict[str, Value]
    most: int = 0
    """Most series that one function has."""
    sources: list[Source] = field(default_factory=list)
    done: dict[MetricsPipeline, Frame] = field(default_factory=dict)

    def expression(self, expr: MetricsExpr) -> Frame | float:
        """Return the series of an expression, or the number that it is."""
        if isinstance(expr, Static):
            return number(expr.value)
        if isinstance(expr, MetricsBinary):
            found = combine(expr.op, self.expression(expr.left), self.expression(expr.right))
            return found.second(expr.second) if isinstance(found, Frame) else found
        if expr not in self.done:
            self.done[expr] = self._function(expr)
        return self.done[expr].second(expr.second)

    def _function(self, expr: MetricsPipeline) -> Frame:
        weighted = self.hints.get(EXTRAPOLATE) is True
        asked = Question(spans(expr.pipeline), expr.call, self.grid, weighted, self.ask.max_series)
        reply: Reply = evaluate(self.read, asked)
        self.most = max(self.most, reply.series)
        self.sources.append(reply.source)
        return reply.frame


def spans(pipeline: Pipeline) -> FieldExpr:
    """Return the condition on one span that a pipeline is.

    Raises:
        InvalidQueryError: it relates spans to each other.
    """
    found: FieldExpr | None = None
    for stage in pipeline.stages:
        if isinstance(stage, Select):
            continue
        if not isinstance(stage, Filter):
            hint = "use one filter before the function"
            raise InvalidQueryError(
                "this cannot be counted over time", start=stage.pos.start, end=stage.pos.end, hint=hint
            )
        found = stage.where if found is None else Binary(FieldOp.AND, found, stage.where)
    return found if found is not None else Static(value=True)
