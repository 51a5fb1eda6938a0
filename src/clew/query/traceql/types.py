"""Types of field expressions: one of the literals' types, or `any` for an attribute, which holds what was sent."""

from __future__ import annotations

from clew.query.filters import value_type
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Intrinsic, Name, Static, Unary, UnaryOp
from clew.query.traceql.fold import ARITHMETIC

ANY = "any"
NUMBERS = frozenset({"int", "float", "duration"})
_OF_INTRINSIC = {
    Name.DURATION: "duration",
    Name.TRACE_DURATION: "duration",
    Name.EVENT_TIME: "duration",
    Name.STATUS: "status",
    Name.KIND: "kind",
    Name.CHILD_COUNT: "int",
    Name.NESTED_LEFT: "int",
    Name.NESTED_RIGHT: "int",
    Name.NESTED_PARENT: "int",
}
"""Every other one is a string."""


def type_of(node: FieldExpr) -> str:
    """Return the type of an expression: string, int, float, bool, duration, status, kind, nil or any."""
    match node:
        case Static():
            return value_type(node.value)
        case Attribute():
            return ANY
        case Intrinsic():
            return _OF_INTRINSIC.get(node.name, "string")
        case Unary():
            return "bool" if node.op is UnaryOp.NOT else type_of(node.operand)
        case Binary():
            return _number(node) if node.op in ARITHMETIC else "bool"


def is_number(kind: str) -> bool:
    """Return whether a type may hold numbers."""
    return kind == ANY or kind in NUMBERS


def comparable(left: str, right: str) -> bool:
    """Return whether values of two types can ever be equal."""
    if left in NUMBERS and right in NUMBERS:
        return True
    if ANY in {left, right}:
        return not {left, right} & {"status", "kind"}
    return left == right


def _number(node: Binary) -> str:
    sides = {type_of(node.left), type_of(node.right)}
    if ANY in sides:
        return ANY
    if "float" in sides or (node.op is FieldOp.POW and sides != {"int"}):
        return "float"
    return "duration" if "duration" in sides else "int"
