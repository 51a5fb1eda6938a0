"""Checks that need no data: what passes them, the planner may trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from clew.query.errors import InvalidQueryError
from clew.query.filters import value_type
from clew.query.traceql.ast import (
    Aggregate,
    AggregateFn,
    Attribute,
    By,
    Coalesce,
    Field,
    FieldExpr,
    Filter,
    Hint,
    Intrinsic,
    MetricsBinary,
    MetricsCall,
    MetricsExpr,
    MetricsFn,
    MetricsPipeline,
    Pipeline,
    PipelineScalar,
    Pos,
    Query,
    ScalarBinary,
    ScalarExpr,
    ScalarFilter,
    SecondStage,
    Sort,
    SpansetBinary,
    SpansetOp,
    Stage,
    Static,
    TopK,
)
from clew.query.traceql.check_fields import check_condition, check_expression
from clew.query.traceql.text import print_expression
from clew.query.traceql.types import NUMBERS, is_number, type_of
from clew.query.traceql.walk import walk

MAX_TOP = 1000
_TOGETHER = frozenset({SpansetOp.AND, SpansetOp.OR})
_HINTS = {
    "sample": {"bool", "float", "int"},
    "span_sample": {"bool", "float", "int"},
    "trace_sample": {"bool", "float", "int"},
    "exemplars": {"bool", "int"},
    "most_recent": {"bool"},
    "extrapolate": {"bool"},
}
"""Types of the hints that are known; others are allowed and ignored."""


def check(query: Query) -> None:
    """Refuse a query that can have no meaning, whatever the data.

    Raises:
        InvalidQueryError: says where and what to write instead.
    """
    if isinstance(query.root, Pipeline):
        _stages(query.root, may_sort=True)
    else:
        _series(query.root)
    for hint in query.hints:
        _hint(hint)


def references_span(node: FieldExpr) -> bool:
    """Return whether an expression has a field in it."""
    return any(isinstance(item, Attribute | Intrinsic) for item, _ in walk(node))


def _stages(pipeline: Pipeline, *, may_sort: bool = False) -> None:
    grouped = False
    last = len(pipeline.stages) - 1
    for at, stage in enumerate(pipeline.stages):
        if isinstance(stage, Sort) and not (may_sort and at == last):
            _fail("sort is the last stage of a search", stage.pos, "move it to the end")
        _stage(stage)
        if grouped and isinstance(stage, SpansetBinary) and stage.op not in _TOGETHER:
            _grouped(stage)
        grouped = isinstance(stage, By) or (grouped and not isinstance(stage, Coalesce))


def _stage(stage: Stage) -> None:
    match stage:
        case Filter():
            check_condition(stage.where)
        case SpansetBinary() | Pipeline():
            _spansets(stage)
        case ScalarFilter():
            _scalar(stage.left)
            _scalar(stage.right)
        case By():
            for item in stage.fields:
                check_expression(item)
                _needs_span("by", item)
        case Sort():
            _sort(stage)
        case _:
            return


def _spansets(node: SpansetBinary | Pipeline) -> None:
    if isinstance(node, Pipeline):
        _stages(node)
        return
    for side in (node.left, node.right):
        _stage(side)
        if isinstance(side, Pipeline) and node.op not in _TOGETHER and _ends_grouped(side):
            _grouped(side)


def _ends_grouped(pipeline: Pipeline) -> bool:
    grouped = False
    for stage in pipeline.stages:
        grouped = isinstance(stage, By) or (grouped and not isinstance(stage, Coalesce))
    return grouped


def _grouped(node: SpansetBinary | Pipeline) -> NoReturn:
    hint = "add | coalesce() after by(...) to make one set of the groups"
    _fail("relations need one set of spans, by(...) makes several", node.pos, hint)


def _sort(stage: Sort) -> None:
    if isinstance(stage.key, Aggregate):
        _scalar(stage.key)
        return
    check_expression(stage.key)
    _needs_span("sort", stage.key)


def _scalar(node: ScalarExpr) -> None:
    match node:
        case Static():
            kind = value_type(node.value)
            if kind not in NUMBERS:
                _fail(f"aggregates cannot be compared with {kind}", node.pos, "write a number or a duration")
        case Aggregate():
            _aggregate(node)
        case PipelineScalar():
            _stages(node.pipeline)
            _scalar(node.scalar)
        case ScalarBinary():
            _scalar(node.left)
            _scalar(node.right)


def _aggregate(node: Aggregate) -> None:
    if node.of is None:
        return
    check_expression(node.of)
    _needs_span(node.fn.value, node.of)
    if node.fn is not AggregateFn.COUNT_DISTINCT:
        _needs_number(node.fn.value, node.of)


def _series(node: MetricsExpr) -> None:
    match node:
        case MetricsPipeline():
            _stages(node.pipeline)
            _call(node.call)
            _second(node.second, compares=node.call.fn is MetricsFn.COMPARE)
        case MetricsBinary():
            for side in (node.left, node.right):
                if isinstance(side, MetricsPipeline) and side.call.fn is MetricsFn.COMPARE:
                    _fail("compare cannot calculate", side.call.pos, "use rate() or another function")
                _series(side)
            _second(node.second, compares=False)
        case Static():
            return


def _call(call: MetricsCall) -> None:
    if call.selection is not None:
        _comparison(call, call.selection)
    if call.of is not None and call.fn is not MetricsFn.COUNT_DISTINCT:
        _needs_number(call.fn.value, call.of)
    wrong = next((item for item in call.quantiles if not 0 <= item <= 1), None)
    if wrong is not None:
        _fail(f"{wrong} is no quantile", call.pos, "quantiles lie between 0 and 1, for example 0.95")


def _comparison(call: MetricsCall, selection: Filter) -> None:
    check_condition(selection.where)
    if not 1 <= call.top_n <= MAX_TOP:
        _fail(f"compare shows 1 to {MAX_TOP} values", call.pos, "write for example compare({ status = error }, 10)")
    if (call.start_ns or call.end_ns) and not 0 < call.start_ns < call.end_ns:
        hint = "write start and end in nanoseconds since 1970, the start first"
        _fail("the window of compare is empty", call.pos, hint)
    if call.by:
        _fail("compare takes no by(...)", call.pos, "it groups by every attribute already")


def _second(stages: Sequence[SecondStage], *, compares: bool) -> None:
    for stage in stages:
        if compares:
            _fail("nothing can follow compare", stage.pos, "remove it; compare(..., n) limits the values shown")
        if isinstance(stage, TopK):
            if stage.n < 1:
                _fail(f"topk({stage.n}) keeps nothing", stage.pos, "write a number of at least 1")
        elif value_type(stage.value) not in NUMBERS:
            kind = value_type(stage.value)
            _fail(f"series cannot be compared with {kind}", stage.pos, "write a number or a duration")


def _hint(hint: Hint) -> None:
    wanted = _HINTS.get(hint.name)
    if wanted is not None and value_type(hint.value) not in wanted:
        _fail(f"{hint.name} takes {' or '.join(sorted(wanted))}", hint.pos, f"write for example {hint.name}=true")


def _needs_number(name: str, node: FieldExpr | Field) -> None:
    kind = type_of(node)
    if not is_number(kind):
        hint = "write a field that holds numbers, for example duration"
        _fail(f"{name} needs a number, {print_expression(node)} is {kind}", node.pos, hint)


def _needs_span(name: str, node: FieldExpr) -> None:
    if not references_span(node):
        _fail(f"{name} needs a field", node.pos, "write a field such as resource.service.name")


def _fail(message: str, pos: Pos, hint: str) -> NoReturn:
    raise InvalidQueryError(message, start=pos.start, end=pos.end, hint=hint)
