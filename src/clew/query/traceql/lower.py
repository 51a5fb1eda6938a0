"""Field expressions taken apart: filters for simple reads and the builder of the page, and what decides the rest."""

from __future__ import annotations

from collections.abc import Iterator

from clew.model import Kind, Status
from clew.query.filters import (
    INTRINSICS,
    NUMBER_INTRINSICS,
    STRING_INTRINSICS,
    TRACE_INTRINSICS,
    Duration,
    Filter,
    FilterScope,
    Op,
    Value,
)
from clew.query.regex import escaped
from clew.query.traceql import ast
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    Field,
    FieldExpr,
    FieldOp,
    Intrinsic,
    Level,
    Name,
    Pipeline,
    Query,
    Static,
    Unary,
    UnaryOp,
)

SCOPES = {
    Level.ANY: FilterScope.ANY,
    Level.SPAN: FilterScope.SPAN,
    Level.RESOURCE: FilterScope.RESOURCE,
    Level.EVENT: FilterScope.EVENT,
    Level.LINK: FilterScope.LINK,
}
FLIPPED = {
    FieldOp.EQ: FieldOp.EQ,
    FieldOp.NE: FieldOp.NE,
    FieldOp.EQ_FOLD: FieldOp.EQ_FOLD,
    FieldOp.NE_FOLD: FieldOp.NE_FOLD,
    FieldOp.NE_OR_NIL: FieldOp.NE_OR_NIL,
    FieldOp.LT: FieldOp.GT,
    FieldOp.LE: FieldOp.GE,
    FieldOp.GT: FieldOp.LT,
    FieldOp.GE: FieldOp.LE,
}
"""The operator with its sides exchanged."""
_OPS = {FieldOp(op.value): op for op in Op if op.value in set(FieldOp)}
_EQUAL = frozenset({Op.EQ, Op.NE})
_PATTERN = frozenset({Op.MATCH, Op.NOT_MATCH})


def lower(query: Query) -> list[Filter] | None:
    """Return the filters of `{ a && b && ... }`, or `None` for every other query, and for one with hints."""
    root = query.root
    if query.hints or not isinstance(root, Pipeline) or len(root.stages) != 1:
        return None
    [only] = root.stages
    if not isinstance(only, ast.Filter):
        return None
    turned = (isinstance(one, Binary) and isinstance(one.left, Static) for one in flatten(only.where, FieldOp.AND))
    return None if any(turned) else conjunction_of(only.where)  # the builder has fields on the left alone


def plain_conditions(query: Query) -> list[Filter]:
    """Return those conditions of a conjunction that filters stand for; the others are left out.

    Alternatives of one field, all of them texts or patterns, are one pattern.
    """
    root = query.root
    only = root.stages[0] if isinstance(root, Pipeline) and len(root.stages) == 1 else None
    conditions = flatten(only.where, FieldOp.AND) if isinstance(only, ast.Filter) else []
    return [item for item in map(_filter_of_alternatives, conditions) if item is not None]


def _filter_of_alternatives(expr: FieldExpr) -> Filter | None:
    items = [filter_of(one) for one in flatten(expr, FieldOp.OR)]
    first = items[0]
    if first is None or len(items) == 1:
        return first
    patterns: list[str] = []
    for item in items:
        if item is None or (item.scope, item.key) != (first.scope, first.key) or not isinstance(item.value, str):
            return None
        if item.op not in {Op.EQ, Op.MATCH}:
            return None
        patterns.append(escaped(item.value) if item.op is Op.EQ else f"(?:{item.value})")
    return Filter(first.scope, first.key, Op.MATCH, "|".join(patterns))


def conjunction_of(expr: FieldExpr) -> list[Filter] | None:
    """Return the filters that an expression is the conjunction of, or `None` when it is more than that."""
    filters = []
    for part in flatten(expr, FieldOp.AND):
        if part == Static(value=True):
            continue
        item = filter_of(part)
        if item is None:
            return None
        filters.append(item)
    return filters


def filter_of(expr: FieldExpr) -> Filter | None:
    """Return a comparison of a field with a literal as a filter, or `None` when it is none that filters know."""
    sides = field_and_literal(expr)
    if sides is None:
        return None
    field, op, value = sides
    plain = _OPS.get(op)
    if plain is None or field.parent:
        return None
    if isinstance(field, Attribute):
        scope = SCOPES.get(field.level)
        return Filter(scope, field.key, plain, value) if scope is not None and _attribute_fits(plain, value) else None
    known = field.name.value in INTRINSICS and _intrinsic_fits(field.name.value, plain, value)
    return Filter(FilterScope.INTRINSIC, field.name.value, plain, value) if known else None


def field_and_literal(expr: FieldExpr) -> tuple[Field, FieldOp, Value] | None:
    """Return a comparison of a field and a literal with the field on the left, or `None` for anything else."""
    if not isinstance(expr, Binary):
        return None
    if isinstance(expr.left, Attribute | Intrinsic) and isinstance(expr.right, Static):
        return expr.left, expr.op, expr.right.value
    if isinstance(expr.left, Static) and isinstance(expr.right, Attribute | Intrinsic) and expr.op in FLIPPED:
        return expr.right, FLIPPED[expr.op], expr.left.value
    return None


def flatten(expr: FieldExpr, op: FieldOp) -> list[FieldExpr]:
    """Return the operands of a chain of one operator, from left to right."""
    found: list[FieldExpr] = []
    stack = [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, Binary) and one.op is op:
            stack += [one.right, one.left]
        else:
            found.append(one)
    return found


def _attribute_fits(op: Op, value: Value) -> bool:
    if value is None or isinstance(value, bool):
        return op in _EQUAL
    if op in _PATTERN:
        return isinstance(value, str)
    return isinstance(value, str | float | Duration) or (isinstance(value, int) and not _enumerated(value))


def _intrinsic_fits(key: str, op: Op, value: Value) -> bool:
    if key in STRING_INTRINSICS:
        return isinstance(value, str)
    if key in NUMBER_INTRINSICS:
        number = isinstance(value, int | float) and not isinstance(value, bool) and not _enumerated(value)
        return number and op not in _PATTERN
    return op in _EQUAL and isinstance(value, Kind if key == "kind" else Status)


def _enumerated(value: Value) -> bool:
    return isinstance(value, Status | Kind)


TREE_NAMES = frozenset({Name.CHILD_COUNT, Name.NESTED_LEFT, Name.NESTED_RIGHT, Name.NESTED_PARENT})
"""Intrinsics that follow from the tree of the whole trace."""


def plain_parts(expr: FieldExpr) -> list[Filter]:
    """Return the plain filters on a span among the operands of a conjunction."""
    found = [filter_of(one) for one in flatten(expr, FieldOp.AND)]
    return [one for one in found if one is not None and not _of_trace(one)]


def _of_trace(item: Filter) -> bool:
    return item.scope is FilterScope.INTRINSIC and item.key in TRACE_INTRINSICS


def fields(expr: FieldExpr) -> Iterator[Field]:
    """Yield every field that an expression mentions, in order."""
    stack = [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, Binary):
            stack += [one.right, one.left]
        elif isinstance(one, Unary):
            stack.append(one.operand)
        elif isinstance(one, Attribute | Intrinsic):
            yield one


def compared_fields(expr: FieldExpr) -> Iterator[Field]:
    """Yield the fields whose values a comparison compares: not those of conditions that it compares as booleans."""
    stack = [expr.right, expr.left] if isinstance(expr, Binary) else [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, Attribute | Intrinsic):
            yield one
        elif not is_logical(one):
            stack += (
                [one.right, one.left] if isinstance(one, Binary) else [one.operand] if isinstance(one, Unary) else []
            )


def root_test(expr: FieldExpr) -> bool | None:
    """Return whether a comparison of `nestedSetParent` asks for roots (or for spans that are none), else `None`.

    Roots have -1 and all others 0 or more, so no numbering is needed.
    """
    sides = field_and_literal(expr)
    if sides is None:
        return None
    of, op, value = sides
    if not isinstance(of, Intrinsic) or of.parent or of.name is not Name.NESTED_PARENT or type(value) is not int:
        return None
    if (op, value) in {(FieldOp.LT, 0), (FieldOp.LE, -1), (FieldOp.EQ, -1)}:
        return True
    return False if (op, value) in {(FieldOp.GE, 0), (FieldOp.GT, -1), (FieldOp.NE, -1)} else None


def is_local(expr: FieldExpr) -> bool:
    """Return whether a span, its resource, scope and trace decide an expression, without the tree of the trace."""
    stack = [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, Binary):
            if root_test(one) is None:
                stack += [one.right, one.left]
        elif isinstance(one, Unary):
            stack.append(one.operand)
        elif isinstance(one, Attribute | Intrinsic) and (
            one.parent or (isinstance(one, Intrinsic) and one.name in TREE_NAMES)
        ):
            return False
    return True


def is_logical(expr: FieldExpr) -> bool:
    """Return whether an expression is a condition by its form: a comparison, a negation, a connective or a literal."""
    if isinstance(expr, Intrinsic) and expr.logical:
        return True
    if isinstance(expr, Unary):
        return expr.op is UnaryOp.NOT
    if isinstance(expr, Binary):
        return expr.op in _LOGICAL
    return isinstance(expr, Static)


_LOGICAL = frozenset(FieldOp) - {FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW}
