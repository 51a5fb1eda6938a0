"""The text of fields and aggregates: what names a value in an answer."""

from __future__ import annotations

from clew.query.conjunction import END_OF_WORD
from clew.query.literals import print_value
from clew.query.traceql.ast import Aggregate, Binary, Field, FieldExpr, Intrinsic, Level, Static, Unary


def text(of: FieldExpr | Aggregate) -> str:
    """Return an expression as it is written in a query."""
    if isinstance(of, Aggregate):
        return f"{of.fn.value}({'' if of.of is None else text(of.of)})"
    if isinstance(of, Static):
        return print_value(of.value)
    if isinstance(of, Unary):
        return of.op.value + _inner(of.operand)
    if isinstance(of, Binary):
        return f"{_inner(of.left)} {of.op.value} {_inner(of.right)}"
    return _field(of)


def _inner(of: FieldExpr) -> str:
    return f"({text(of)})" if isinstance(of, Binary) else text(of)


def _field(of: Field) -> str:
    parent = "parent." if of.parent else ""
    if isinstance(of, Intrinsic):
        return parent + of.name.value
    plain = of.key and not any(char in END_OF_WORD or char in '"\\' for char in of.key)
    key = of.key if plain else '"' + of.key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if of.level is Level.ANY:
        return f"{parent or '.'}{key}"
    return f"{parent}{of.level.value}.{key}"
