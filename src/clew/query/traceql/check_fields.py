"""Types within braces."""

from __future__ import annotations

from typing import NoReturn

from clew.query.errors import InvalidQueryError
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldExpr,
    FieldOp,
    Intrinsic,
    Pos,
    Static,
    Unary,
    UnaryOp,
)
from clew.query.traceql.fold import ARITHMETIC, SERVICE, never_nil
from clew.query.traceql.text import print_expression
from clew.query.traceql.types import ANY, NUMBERS, comparable, is_number, type_of

_ORDERING = frozenset({FieldOp.LT, FieldOp.LE, FieldOp.GT, FieldOp.GE})
_PATTERNS = frozenset({FieldOp.MATCH, FieldOp.NOT_MATCH, FieldOp.MATCH_FOLD, FieldOp.NOT_MATCH_FOLD})
_PATTERNS_OR_NIL = _PATTERNS | {FieldOp.NOT_MATCH_OR_NIL}
_FOLDING = frozenset({FieldOp.EQ_FOLD, FieldOp.NE_FOLD})
_LOGIC = frozenset({FieldOp.AND, FieldOp.OR})
_OF_ATTRIBUTES = ("string", "int", "float", "bool", "duration", "nil")


_WORDS = {
    "status": "ok, error or unset, without quotes",
    "kind": "server, client, producer, consumer, internal or unspecified, without quotes",
}
"""What a type's values are."""


def check_condition(node: FieldExpr) -> None:
    """Refuse what is no condition, or has a wrong type within it."""
    check_expression(node)
    kind = type_of(node)
    if kind not in {"bool", ANY}:
        _fail(f"{print_expression(node)} is {_a(kind)}, not a condition", node.pos, "compare it with a value")


def check_expression(root: FieldExpr) -> None:
    """Refuse an expression with a wrong type within it; leftmost mistakes come first."""
    match root:
        case Unary():
            check_expression(root.operand)
            _unary(root)
        case Binary():
            check_expression(root.left)
            check_expression(root.right)
            _binary(root)
        case _:
            return


def _unary(node: Unary) -> None:
    kind = type_of(node.operand)
    if node.op is UnaryOp.NOT and kind not in {"bool", ANY}:
        hint = "compare it first, in parentheses: !(.a = 1)"
        _fail(f"! needs a condition, {print_expression(node.operand)} is {_a(kind)}", node.pos, hint)
    if node.op is UnaryOp.NEG and not is_number(kind):
        hint = "only numbers have a minus"
        _fail(f"- needs a number, {print_expression(node.operand)} is {_a(kind)}", node.pos, hint)


def _binary(node: Binary) -> None:
    if node.op in _LOGIC:
        for side in (node.left, node.right):
            if type_of(side) not in {"bool", ANY}:
                hint = "compare it with a value"
                _fail(f"{node.op.value} needs conditions, {print_expression(side)} is none", side.pos, hint)
        return
    if node.op in ARITHMETIC:
        for side in (node.left, node.right):
            if not is_number(type_of(side)):
                kind = _a(type_of(side))
                _fail(f"{node.op.value} needs numbers, {print_expression(side)} is {kind}", side.pos, "use a number")
        return
    _comparison(node)


def _comparison(node: Binary) -> None:
    left, right = type_of(node.left), type_of(node.right)
    if "nil" in {left, right}:
        _nil(node)
    elif not comparable(left, right):
        _fail(*_mismatch(node, left, right))
    if node.op in _PATTERNS_OR_NIL:
        _pattern(node, left)
    elif node.op in _FOLDING:
        for side, kind in ((node.left, left), (node.right, right)):
            if kind not in {"string", ANY}:
                _fail(f"{node.op.value} needs text", side.pos, f"use {node.op.value[:-1]}, or text in double quotes")
    elif node.op in _ORDERING:
        unordered = next((item for item in (right, left) if item in {"nil", "bool", "status", "kind"}), None)
        if unordered:
            _fail(f"{node.op.value} cannot be used with {unordered}", node.sign, "use = or !=")


def _nil(node: Binary) -> None:
    field = node.left if isinstance(node.right, Static) else node.right
    if node.op is FieldOp.NE_OR_NIL:
        _fail("everything is absent or different from nil", node.sign, "write != nil, or a value")
    if isinstance(field, Intrinsic) and never_nil(field):
        kind = type_of(field)
        name = print_expression(field)
        _fail(f"{name} cannot be compared with nil", _static(node).pos, f"compare {name} with {_allowed(kind)}")
    if field == SERVICE:
        hint = 'every resource has one: write resource.service.name = "unknown_service"'
        _fail("resource.service.name is never nil", _static(node).pos, hint)
    if not isinstance(field, Attribute | Intrinsic | Static):
        _fail("only fields compare with nil", field.pos, "write a field, for example .a = nil")


def _pattern(node: Binary, left: str) -> None:
    where = f"{print_expression(node.left)} {node.op.value}"
    if not isinstance(node.right, Static) or not isinstance(node.right.value, str):
        _fail(f"{node.op.value} needs a string", node.right.pos, f'write {where} "pattern"')
    if left not in {"string", ANY} or isinstance(node.left, Static):
        _fail(f"{node.op.value} needs a text field", node.left.pos, "use = != > >= < <=")


def _mismatch(node: Binary, left: str, right: str) -> tuple[str, Pos, str]:
    field, kind, wrong = (node.left, left, right), (node.right, right, left), node.right
    if isinstance(node.left, Static) and not isinstance(node.right, Static):
        field, kind, wrong = kind, field, node.left
    name = print_expression(field[0])
    other = kind[1]
    return f"{name} cannot be compared with {other}", wrong.pos, f"compare {name} with {_allowed(field[1])}"


def _allowed(kind: str) -> str:
    if kind in _WORDS:
        return _WORDS[kind]
    names = ("duration", "int", "float") if kind in NUMBERS else _OF_ATTRIBUTES if kind == ANY else (kind,)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _static(node: Binary) -> Static:
    return node.right if isinstance(node.right, Static) else node.left  # type: ignore[return-value]


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _fail(message: str, pos: Pos, hint: str) -> NoReturn:
    raise InvalidQueryError(message, start=pos.start, end=pos.end, hint=hint)
