"""Field expressions taken apart: conjuncts, the plain filters among them, and what a row needs besides itself."""

from __future__ import annotations

from collections.abc import Iterator

from clew.query.filters import (
    TRACE_INTRINSICS,
    Filter,
    FilterScope,
)
from clew.query.plan.linked import Linked
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    Field,
    FieldExpr,
    FieldOp,
    Intrinsic,
    Name,
    Static,
    Unary,
    UnaryOp,
)
from clew.query.traceql.lower import field_and_literal, filter_of, flatten

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
    if isinstance(expr, Linked):
        return True
    if isinstance(expr, Unary):
        return expr.op is UnaryOp.NOT
    if isinstance(expr, Binary):
        return expr.op in _LOGICAL
    return isinstance(expr, Static)


_LOGICAL = frozenset(FieldOp) - {FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW}
