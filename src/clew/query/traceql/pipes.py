"""Outside of braces: which operands are spansets, scalars or series, what operators make of them, and stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lark import Token

from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration
from clew.query.traceql import fold
from clew.query.traceql.ast import (
    Aggregate,
    By,
    Coalesce,
    FieldOp,
    Filter,
    Hint,
    MetricsBinary,
    MetricsPipeline,
    Pipeline,
    PipelineScalar,
    Pos,
    Query,
    ScalarBinary,
    ScalarFilter,
    SecondStage,
    Select,
    Sort,
    SpansetBinary,
    SpansetOp,
    Stage,
    Static,
    Threshold,
)
from clew.query.traceql.calls import Later, Measured

Scalar = Static | Aggregate | PipelineScalar | ScalarBinary
Spanset = Filter | SpansetBinary | Pipeline
Series = MetricsPipeline | MetricsBinary
Part = Scalar | Spanset | Series | ScalarFilter | By | Select | Coalesce | Sort | Measured | Later

_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_SERIES_ARITHMETIC = frozenset({"+", "-", "*", "/"})
_SPANSET_SIGNS = frozenset(op.value for op in SpansetOp)
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((Filter, SpansetBinary, Pipeline), "spans"),
    ((MetricsPipeline, MetricsBinary, Measured, Later), "series"),
    ((Static, Aggregate, PipelineScalar, ScalarBinary), "a number"),
    ((ScalarFilter,), "a comparison"),
)


def combine(sign: Token, left: Part, right: Part) -> Part:
    """Return what an operator makes of its operands.

    Raises:
        InvalidQueryError: these operands do not go together.
    """
    pos = Pos(left.pos.start, right.pos.end)
    if isinstance(left, Spanset) and isinstance(right, Spanset) and sign in _SPANSET_SIGNS:
        return SpansetBinary(SpansetOp(sign), left, right, pos)
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return _scalars(sign, left, right, pos)
    if isinstance(left, Measured | Later | Series) and isinstance(right, Static) and sign in _COMPARISONS:
        limit = Threshold(FieldOp(sign), right.value, Pos(sign.start_pos or 0, right.pos.end))
        return replace(left, second=(*left.second, limit), pos=pos)
    series = isinstance(left, Series | Static) and isinstance(right, Series | Static)
    if series and sign in _SERIES_ARITHMETIC:
        for side in (left, right):
            if isinstance(side, Static) and isinstance(side.value, Duration | bool | str | None):
                hint = "write a number; durations count in seconds here"
                raise _error("series calculate with plain numbers", side.pos, hint)
        return MetricsBinary(FieldOp(sign), left, right, (), pos)  # type: ignore[arg-type]
    raise _mismatch(sign, left, right)


def _scalars(sign: Token, left: Scalar, right: Scalar, pos: Pos) -> Part:
    if sign in _COMPARISONS:
        if isinstance(left, Static) and isinstance(right, Static):
            raise _error("a comparison needs an aggregate", pos, "write for example count() > 2")
        return ScalarFilter(FieldOp(sign), left, right, pos)
    if sign in {"+", "-", "*", "/", "%", "^"}:
        op = FieldOp(sign)
        if isinstance(left, Static) and isinstance(right, Static):
            folded = fold.fold(op, left, right, pos)
            if folded is None:
                raise _error("only numbers calculate", pos, "write numbers or durations on both sides")
            return folded
        return ScalarBinary(op, left, right, pos)
    raise _mismatch(sign, left, right)


def pipe(stages: Sequence[Part], around: Pos | None = None) -> Part:
    """Return what stages make together; `around` are the parentheses that stand around them.

    Raises:
        InvalidQueryError: a stage cannot stand where it does.
    """
    first = stages[0]
    if len(stages) == 1:
        if around is not None and isinstance(first, ScalarFilter | By | Select):
            return Pipeline((first,), around)
        return first
    if isinstance(first, Series):
        return replace(first, second=(*first.second, *_second(stages[1:])))
    pos = around or Pos(first.pos.start, stages[-1].pos.end)
    measured = next((at for at, stage in enumerate(stages) if isinstance(stage, Measured)), None)
    if measured is not None and measured > 0:
        return _series(stages, measured, pos)
    *before, last = stages
    if around is not None and isinstance(last, Scalar) and not isinstance(last, Static):
        return PipelineScalar(_pipeline(before, Pos(first.pos.start, before[-1].pos.end)), last, pos)
    return _pipeline(stages, pos)


def finish(root: Part, hints: tuple[Hint, ...]) -> Query:
    """Return the query whose stages `root` is.

    Raises:
        InvalidQueryError: it asks for neither traces nor series.
    """
    end = hints[-1].pos.end if hints else root.pos.end
    pos = Pos(root.pos.start, end)
    if isinstance(root, Series):
        return Query(root, hints, pos)
    if isinstance(root, Pipeline):
        return Query(root, hints, pos)
    return Query(_pipeline([root], root.pos), hints, pos)


def _series(stages: Sequence[Part], at: int, pos: Pos) -> MetricsPipeline:
    call = stages[at]
    assert isinstance(call, Measured)  # noqa: S101 - it was found as one
    before = stages[:at]
    spans = _pipeline(before, Pos(before[0].pos.start, before[-1].pos.end))
    return MetricsPipeline(spans, call.call, (*call.second, *_second(stages[at + 1 :])), pos)


def _second(stages: Sequence[Part]) -> tuple[SecondStage, ...]:
    found: list[SecondStage] = []
    for stage in stages:
        if not isinstance(stage, Later):
            raise _error("only topk and bottomk follow series", stage.pos, "write | topk(10), or > 5 without a pipe")
        found.extend(stage.second)
    return tuple(found)


def _pipeline(parts: Sequence[Part], pos: Pos) -> Pipeline:
    stages: list[Stage] = []
    for part in parts:
        if isinstance(part, Scalar):
            hint = "compare it, for example count() > 2"
            raise _error("an aggregate alone is no stage", part.pos, hint)
        if isinstance(part, Measured | Later | Series):
            hint = "spans first, then a function: { } | rate() | topk(10)"
            raise _error("series cannot stand here", part.pos, hint)
        if not stages and isinstance(part, Coalesce | Sort):
            hint = "begin with spans, for example { }"
            raise _error("this cannot be the first stage", part.pos, hint)
        stages.append(part)
    if len(stages) == 1 and isinstance(stages[0], Pipeline):
        return stages[0]
    return Pipeline(tuple(stages), pos)


def _mismatch(sign: Token, left: Part, right: Part) -> InvalidQueryError:
    one, other = _kind(left), _kind(right)
    pos = Pos(sign.start_pos or 0, sign.end_pos or 0)
    hint = "stages go into parentheses: ({ } | count() > 2) && { }"
    return _error(f"{sign} cannot stand between {one} and {other}", pos, hint)


def _kind(part: Part) -> str:
    return next((name for types, name in _KINDS if isinstance(part, types)), "a stage")


def _error(message: str, pos: Pos, hint: str) -> InvalidQueryError:
    return InvalidQueryError(message, start=pos.start, end=pos.end, hint=hint)
