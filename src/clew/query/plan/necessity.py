"""What a trace must have to be an answer: a formula of conditions on single spans, for the search of candidates.

It may let traces through that are none; it never loses one.
"""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.filters import TRACE_INTRINSICS
from clew.query.plan.forest import POSITIVE
from clew.query.plan.scalarvals import pipelines
from clew.query.traceql.ast import (
    Binary,
    FieldExpr,
    FieldOp,
    Filter,
    Intrinsic,
    Pipeline,
    ScalarFilter,
    SpansetBinary,
    SpansetExpr,
    SpansetOp,
    Static,
)
from clew.query.traceql.lower import fields, flatten, is_local

TRUE = Static(value=True)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds, each on some span."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Some part holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Some span passes a condition that the row itself decides."""

    where: FieldExpr


Formula = All | Either | Some
ANY_TRACE = Some(TRUE)


def formula(expr: SpansetExpr) -> Formula:
    """Return what a trace must have for spansets to come out of an expression."""
    if isinstance(expr, Filter):
        return Some(loosened(expr.where))
    if isinstance(expr, Pipeline):
        return _of_pipeline(expr)
    left, right = formula(expr.left), formula(expr.right)
    if expr.op is SpansetOp.OR:
        return _either(left, right)
    return right if expr.op in POSITIVE else _all([left, right])


def _of_pipeline(pipeline: Pipeline) -> Formula:
    parts: list[Formula] = []
    filters: list[FieldExpr] = []
    for stage in pipeline.stages:
        if isinstance(stage, Filter):
            filters.append(stage.where)  # one span passes them all
        elif isinstance(stage, SpansetBinary | Pipeline):
            parts.append(formula(stage))
        elif isinstance(stage, ScalarFilter):
            parts += [formula(one) for side in (stage.left, stage.right) for one in pipelines(side)]
    if filters:
        parts.insert(0, Some(conjunction([loosened(one) for one in filters])))
    return _all(parts)


def _all(parts: list[Formula]) -> Formula:
    flat: dict[Formula, None] = {}
    for one in parts:
        for part in one.parts if isinstance(one, All) else (one,):
            if part != ANY_TRACE:
                flat[part] = None
    listed = tuple(flat)
    return ANY_TRACE if not listed else listed[0] if len(listed) == 1 else All(listed)


def _either(left: Formula, right: Formula) -> Formula:
    flat: dict[Formula, None] = {}
    for one in (left, right):
        for part in one.parts if isinstance(one, Either) else (one,):
            flat[part] = None
    if ANY_TRACE in flat:
        return ANY_TRACE
    listed = tuple(flat)
    return listed[0] if len(listed) == 1 else Either(listed)


def conditions(one: Formula) -> list[FieldExpr]:
    """Return the conditions of a formula, each once."""
    if isinstance(one, Some):
        return [one.where]
    return list(dict.fromkeys(where for part in one.parts for where in conditions(part)))


def alternatives(one: Formula) -> list[FieldExpr]:
    """Return the conditions of which some span passes one, where nothing else is needed; none for other formulas."""
    parts = one.parts if isinstance(one, Either) else (one,)
    if not all(isinstance(part, Some) for part in parts):
        return []
    return [each for part in parts if isinstance(part, Some) for each in flatten(part.where, FieldOp.OR)]


def conjunction(parts: list[FieldExpr]) -> FieldExpr:
    """Return the conjunction of conditions."""
    listed = [inner for one in parts for inner in flatten(one, FieldOp.AND) if inner != TRUE]
    made: FieldExpr = listed[0] if listed else TRUE
    for one in listed[1:]:
        made = Binary(FieldOp.AND, made, one)
    return made


def loosened(expr: FieldExpr) -> FieldExpr:
    """Return a condition of a row of `spans` alone that is true wherever an expression is."""
    if _of_row(expr):
        return expr
    if isinstance(expr, Binary) and expr.op is FieldOp.AND:
        return conjunction([loosened(one) for one in flatten(expr, FieldOp.AND)])
    if isinstance(expr, Binary) and expr.op is FieldOp.OR:
        parts = [loosened(one) for one in flatten(expr, FieldOp.OR)]
        if TRUE in parts:
            return TRUE
        made = parts[0]
        for one in parts[1:]:
            made = Binary(FieldOp.OR, made, one)
        return made
    return TRUE


def _of_row(expr: FieldExpr) -> bool:
    """Return whether neither the tree nor the summary of the trace is asked for."""
    if not is_local(expr):
        return False
    return not any(isinstance(one, Intrinsic) and one.name.value in TRACE_INTRINSICS for one in fields(expr))
