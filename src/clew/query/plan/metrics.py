"""Metrics queries of TraceQL: series of points over time, from spans or from what was rolled up of them.

Each span counts at its own start. Values in time are seconds. Series are ordered by their labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from clew.query.answer import Answer, Meta, Total, Truncated
from clew.query.errors import InvalidQueryError
from clew.query.filters import Value
from clew.query.patterns import check_texts
from clew.query.plan.call import evaluate
from clew.query.plan.compare import MOST_SERIES, compare, exemplify
from clew.query.plan.exemplars import attach
from clew.query.plan.find import Finding
from clew.query.plan.found import Ask
from clew.query.plan.frame import Frame, combine, number
from clew.query.plan.grid import Grid, grid
from clew.query.plan.links import has_links
from clew.query.plan.placed import Places
from clew.query.plan.question import Question
from clew.query.plan.series import MetricsAsk, Series, SeriesAnswer, Source
from clew.query.plan.spent import bounded
from clew.query.plan.walk import patterns
from clew.query.read import Read
from clew.query.traceql.ast import (
    Binary,
    By,
    Coalesce,
    FieldExpr,
    FieldOp,
    Filter,
    MetricsBinary,
    MetricsCall,
    MetricsExpr,
    MetricsFn,
    MetricsPipeline,
    Pipeline,
    Query,
    Select,
    SpansetBinary,
    SpansetExpr,
    SpansetOp,
    Static,
)
from clew.query.traceql.lower import is_local

EXTRAPOLATE, EXEMPLARS = "extrapolate", "exemplars"


@bounded()
def metrics(read: Read, query: Query, ask: MetricsAsk) -> Answer[SeriesAnswer]:
    """Return the series of a metrics query.

    Raises:
        InvalidQueryError: the query gives no series.
        InvalidRequestError: the step does not fit the range.
    """
    if isinstance(query.root, Pipeline):
        hint = "end the query in a metrics function, for example | rate()"
        raise InvalidQueryError("the query finds traces, no series", start=0, end=query.pos.end, hint=hint)
    hints = {one.name: one.value for one in query.hints}
    run = _Run(read, query.text, grid(ask), hints, _exemplars(ask, hints), ask.max_series)
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
    total = max(run.most, len(series))
    cut = run.cut
    if total > run.limit or len(series) > run.limit:
        hint = "group by fewer fields, or filter further"
        cut = Truncated(f"of {total:,} series those of most spans are here", run.limit, hint)
    shown = series[: run.limit]
    meta = Meta(
        total=Total(total, exact=True),
        returned=len(shown),
        truncated=cut,
        scanned=read.scanned,
        window=run.grid.window,
    )
    return Answer(SeriesAnswer(run.grid.times_ms, shown, run.sources), meta)


def _exemplars(ask: MetricsAsk, hints: dict[str, Value]) -> int:
    """Return how many exemplars are wanted: the hint is a number, or switches them on and off."""
    wanted = hints.get(EXEMPLARS)
    if ask.instant or wanted is False:
        return 0
    return min(wanted, ask.exemplars) if isinstance(wanted, int) and not isinstance(wanted, bool) else ask.exemplars


@dataclass(slots=True)
class _Run:
    """One evaluation."""

    read: Read
    text: str
    """What the query was read from."""
    grid: Grid
    hints: dict[str, Value]
    exemplars: int
    """Most exemplars of one function."""
    limit: int
    """Most series of one function; comparisons have their own."""
    most: int = 0
    """Most series that one function has."""
    cut: Truncated | None = None
    sources: list[Source] = field(default_factory=list)
    done: dict[tuple[Pipeline, MetricsCall], Frame] = field(default_factory=dict)

    def expression(self, expr: MetricsExpr) -> Frame | float:
        """Return the series of an expression, or the number that it is."""
        if isinstance(expr, Static):
            return number(expr.value)
        if isinstance(expr, MetricsBinary):
            found = combine(expr.op, self.expression(expr.left), self.expression(expr.right))
            return found.second(expr.second) if isinstance(found, Frame) else found
        key = (expr.pipeline, expr.call)
        if key not in self.done:
            self.done[key] = self._function(expr)
        return self.done[key].second(expr.second)

    def _function(self, expr: MetricsPipeline) -> Frame:
        call = expr.call
        check_texts(self.read, patterns(expr.pipeline), self.text)
        pipeline = self._linked(expr.pipeline)
        places = Places(self.read, pipeline, *([call.selection] if call.selection else []))
        pipeline = places.pipeline(pipeline)
        call = replace(call, selection=places.filter(call.selection)) if call.selection else call
        weighted = self.hints.get(EXTRAPOLATE) is True
        asked = Question(pipeline, self._where(pipeline, call), call, self.grid, weighted, self.limit)
        if call.fn is MetricsFn.COMPARE:
            return self._compare(asked)
        reply = evaluate(self.read, asked, self.exemplars)
        self.most = max(self.most, reply.series)
        self.cut = self.cut or reply.cut
        self.sources.append(reply.source)
        return attach(self.read, asked, reply.frame, reply.picked)

    def _linked(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline in which links have been followed: their other sides start in the range as well."""
        if not has_links(pipeline.stages):
            return pipeline
        finding = Finding(self.read, pipeline, Ask(self.grid.window))
        self.cut = self.cut or finding.links.cut
        return finding.judge.pipeline

    def _where(self, pipeline: Pipeline, call: MetricsCall) -> FieldExpr | None:
        """Return the condition on one span that decides, `None` where whole traces are asked for."""
        where = condition_of(pipeline)
        fields = (*call.by, *([call.of] if call.of else []))
        return where if where is not None and is_local(where) and all(is_local(one) for one in fields) else None

    def _compare(self, asked: Question) -> Frame:
        selection = asked.call.selection
        if asked.where is None or selection is None or not is_local(selection.where):
            hint = "compare spans by conditions that each span decides"
            pos = asked.call.pos
            error = InvalidQueryError("whole traces cannot be compared", start=pos.start, end=pos.end, hint=hint)
            error.locate(self.text)
            raise error
        check_texts(self.read, patterns(Pipeline((selection,))), self.text)
        compared = compare(self.read, asked)
        self.sources.append(compared.source)
        self.limit, self.most = MOST_SERIES, compared.series
        return exemplify(self.read, asked, compared.frame, self.exemplars)


def condition_of(pipeline: SpansetExpr) -> FieldExpr | None:
    """Return the condition on one span that a pipeline is, `None` where it relates spans to each other."""
    if isinstance(pipeline, Filter):
        return pipeline.where
    if isinstance(pipeline, SpansetBinary):
        sides = [condition_of(one) for one in (pipeline.left, pipeline.right)]
        if pipeline.op is SpansetOp.OR and sides[0] is not None and sides[1] is not None:
            return Binary(FieldOp.OR, sides[0], sides[1])
        return None
    found: FieldExpr = Static(value=True)
    for stage in pipeline.stages:
        if isinstance(stage, Select | By | Coalesce):  # groups alone drop no span
            continue
        where = condition_of(stage) if isinstance(stage, Filter | SpansetBinary | Pipeline) else None
        if where is None:
            return None
        found = where if found == Static(value=True) else Binary(FieldOp.AND, found, where)
    return found
