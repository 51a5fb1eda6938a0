"""Conditions of one span filter as SQL: conjunctions of comparisons of a field with a value."""

from __future__ import annotations

from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter, FilterScope, Op
from clew.query.params import Params
from clew.query.plan.sources import is_root
from clew.query.predicates import Days, Predicates, split_trace_filters
from clew.query.tracefilters import exact
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Intrinsic, Static


def condition(expr: FieldExpr, params: Params, days: Days) -> str:
    """Return SQL that is 1 for the spans that pass.

    Raises:
        InvalidQueryError: it is no conjunction of comparisons with values.
    """
    filters: list[Filter] = []
    parts: list[str] = []
    for item in _parts(expr):
        if item == Static(value=True):
            continue
        if is_root(item):
            parts.append("parent_id = 0")
        else:
            filters.append(_filter(item))
    of_span, of_trace = split_trace_filters(filters)
    return " AND ".join([Predicates(params, days).conjunction(of_span), *exact(of_trace, params), *parts])


def _parts(expr: FieldExpr) -> list[FieldExpr]:
    if isinstance(expr, Binary) and expr.op is FieldOp.AND:
        return [*_parts(expr.left), *_parts(expr.right)]
    return [expr]


def _filter(expr: FieldExpr) -> Filter:
    if isinstance(expr, Binary) and isinstance(expr.right, Static) and expr.op.value in set(Op):
        of, op, value = expr.left, Op(expr.op.value), expr.right.value
        if isinstance(of, Intrinsic) and not of.parent:
            return Filter(FilterScope.INTRINSIC, of.name.value, op, value)
        if isinstance(of, Attribute) and not of.parent and of.level.value in set(FilterScope):
            return Filter(FilterScope(of.level.value), of.key, op, value)
    hint = "compare fields with values, joined by &&"
    raise InvalidQueryError(
        "this condition cannot be counted over time", start=expr.pos.start, end=expr.pos.end, hint=hint
    )
