"""The link operators: spans that spans of other traces point to, or that point to them.

The left side is asked first, within the same range of time; what it points to (or what it is) then becomes a condition
of the right side, so the rest of a search knows nothing of links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clew.query.answer import Truncated, Window
from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.linked import Linked
from clew.query.plan.scalarvals import pipelines
from clew.query.predicates import Days
from clew.query.read import Read
from clew.query.scan import Span
from clew.query.traceql.ast import (
    Filter,
    Pipeline,
    PipelineScalar,
    ScalarBinary,
    ScalarExpr,
    ScalarFilter,
    SpansetBinary,
    SpansetExpr,
    SpansetOp,
    Stage,
)
from clew.query.traceql.lower import is_local

LINK_OPS = frozenset({SpansetOp.LINK_TO, SpansetOp.LINK_FROM})
MAX_LINKED = 100_000
"""Most spans that one link operator follows."""

Pairs = list[tuple[bytes, int]]
Hits = Callable[[Pipeline], Pairs]
"""Finds the spans of a pipeline that no single span decides."""


@dataclass
class Links:
    """Turns link operators of one search into conditions."""

    read: Read
    window: Window
    hits: Hits
    cut: Truncated | None = None

    def pipeline(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline without link operators that has the same answer."""
        stages = tuple(self._stage(one) for one in pipeline.stages)
        return pipeline if stages == pipeline.stages else replace(pipeline, stages=stages)

    def _stage(self, stage: Stage) -> Stage:
        if isinstance(stage, SpansetBinary | Pipeline):
            return self._spanset(stage)
        if isinstance(stage, ScalarFilter):
            return replace(stage, left=self._scalar(stage.left), right=self._scalar(stage.right))
        return stage

    def _scalar(self, expr: ScalarExpr) -> ScalarExpr:
        if isinstance(expr, PipelineScalar):
            return replace(expr, pipeline=self.pipeline(expr.pipeline), scalar=self._scalar(expr.scalar))
        if isinstance(expr, ScalarBinary):
            return replace(expr, left=self._scalar(expr.left), right=self._scalar(expr.right))
        return expr

    def _spanset(self, expr: SpansetExpr) -> SpansetExpr:
        if isinstance(expr, Pipeline):
            return self.pipeline(expr)
        if isinstance(expr, Filter):
            return expr
        left, right = self._spanset(expr.left), self._spanset(expr.right)
        if expr.op not in LINK_OPS:
            return replace(expr, left=left, right=right)
        pairs = self._ends(expr.op, left)
        if len(pairs) >= MAX_LINKED:
            hint = "add conditions to the left side, or choose a shorter range"
            self.cut = Truncated("more links than are followed", MAX_LINKED, hint)
        return Pipeline((right, Filter(Linked.of(expr.op, pairs))), expr.pos)

    def _ends(self, op: SpansetOp, left: SpansetExpr) -> Pairs:
        """Return what the spans of the left side point to, or those of them that something points to."""
        params = Params()
        if isinstance(left, Filter) and is_local(left.where):
            days = Days(params.day(self.window.from_ns), params.day(self.window.to_ns))
            fields = FieldSql(params, days)
            where = fields.condition(left.where)
            prologue, joins = fields.prologue, fields.joins.sql(params, days)
        else:
            listed = Linked.of(SpansetOp.LINK_TO, self.hits(left if isinstance(left, Pipeline) else Pipeline((left,))))
            where, prologue, joins = listed.sql(params), "", ""
        inside = self._inside(params)
        targets = (
            f"SELECT arrayJoin(arrayZip(`links.trace_id`, `links.span_id`)) FROM spans "
            f"WHERE {inside} AND notEmpty(`links.span_id`)"
        )
        if op is SpansetOp.LINK_TO:
            ends = "arrayJoin(arrayZip(`links.trace_id`, `links.span_id`))"
            sql = f"""
                {prologue} SELECT DISTINCT {ends} AS one, one.1 AS linked_trace, one.2 AS linked_span FROM spans {joins}
                WHERE {inside} AND notEmpty(`links.span_id`) AND {where} LIMIT {MAX_LINKED}
            """
        else:
            sql = f"""
                {prologue} SELECT DISTINCT trace_id AS linked_trace, span_id AS linked_span FROM spans {joins}
                WHERE {inside} AND (trace_id, span_id) IN ({targets}) AND {where} LIMIT {MAX_LINKED}
            """
        table = self.read.query(sql, params.values)
        traces, spans = table.column("linked_trace").to_pylist(), table.column("linked_span").to_pylist()
        return list(zip(traces, spans, strict=True))

    def _inside(self, params: Params) -> str:
        span = Span(self.window.from_ns, self.window.to_ns)
        low, high = (params.seconds(bucket) for bucket in span.buckets)
        return (
            f"tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high} "
            f"AND start >= {params.time(span.low)} AND start <= {params.time(span.high)}"
        )


def has_links(stages: Sequence[Stage]) -> bool:
    """Return whether a link operator stands among stages, or in a pipeline that one of them compares."""
    return any(
        (isinstance(stage, SpansetBinary) and (stage.op in LINK_OPS or has_links([stage.left, stage.right])))
        or (isinstance(stage, Pipeline) and has_links(stage.stages))
        or (
            isinstance(stage, ScalarFilter)
            and any(has_links(inner.stages) for side in (stage.left, stage.right) for inner in pipelines(side))
        )
        for stage in stages
    )
