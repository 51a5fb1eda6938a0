"""Constants computed while parsing: `1/2` is 0 as everywhere with whole numbers, `1s * 2` is `2s`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration, Value, value_type
from clew.query.literals import INT64_MAX
from clew.query.traceql.ast import Attribute, FieldExpr, FieldOp, Intrinsic, Level, Name, Pos, Static

ARITHMETIC = frozenset({FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW})
NUMERIC = frozenset({"int", "float", "duration"})
SERVICE = Attribute(Level.RESOURCE, "service.name")
ALWAYS_THERE = frozenset(
    {
        Name.DURATION,
        Name.NAME,
        Name.STATUS,
        Name.STATUS_MESSAGE,
        Name.KIND,
        Name.SPAN_ID,
        Name.PARENT_ID,
        Name.CHILD_COUNT,
        Name.TRACE_ID,
        Name.TRACE_DURATION,
        Name.ROOT_NAME,
        Name.ROOT_SERVICE,
        Name.NESTED_LEFT,
        Name.NESTED_RIGHT,
        Name.NESTED_PARENT,
    }
)
"""Intrinsics that every span has; events, links and scopes may be missing."""
_ORDER: dict[FieldOp, Callable[[Any, Any], bool]] = {
    FieldOp.LT: operator.lt,
    FieldOp.LE: operator.le,
    FieldOp.GT: operator.gt,
    FieldOp.GE: operator.ge,
}
_MOST_BITS = 64


def fold(op: FieldOp, left: Static, right: Static, pos: Pos) -> Static | None:
    """Return what an operator gives for two constants, or `None` where it is for the checks to complain.

    Raises:
        InvalidQueryError: a division by zero, or a result beyond 64 bits.
    """
    a, b = value_type(left.value), value_type(right.value)
    numbers = {a, b} <= NUMERIC
    if op in ARITHMETIC:
        return _arithmetic(op, left, right, pos) if numbers else None
    if a == b == "bool" and op in {FieldOp.AND, FieldOp.OR}:
        both = left.value and right.value if op is FieldOp.AND else left.value or right.value
        return Static(bool(both), pos)
    if not (numbers or a == b):
        return None
    return _compared(op, left.value, right.value, pos, ordered=numbers or a == "string")


def always_there(op: FieldOp, left: FieldExpr, right: FieldExpr) -> bool:
    """Return whether `left op right` is `!= nil` of a field that every span has, which is true.

    Clients add it to every field that they group by.
    """
    field, nil = (left, right) if isinstance(right, Static) else (right, left)
    return op is FieldOp.NE and isinstance(nil, Static) and nil.value is None and never_nil(field)


def never_nil(field: FieldExpr) -> bool:
    """Return whether every span has a value of a field."""
    if isinstance(field, Intrinsic):
        return not field.parent and field.name in ALWAYS_THERE
    return isinstance(field, Attribute) and field == SERVICE


def negate(value: Static, pos: Pos) -> Static | None:
    """Return the negative of a number, or `None` for anything else."""
    kind = value_type(value.value)
    if kind == "float":
        return Static(-_number(value), pos)
    if kind not in NUMERIC:
        return None
    return _whole(-int(_number(value)), pos, duration=kind == "duration")


def whole_is_too_large(value: Value) -> bool:
    """Return whether a number was read that only its negative makes a number of 64 bits."""
    return value_type(value) == "int" and isinstance(value, int) and value > INT64_MAX


def _compared(op: FieldOp, left: Value, right: Value, pos: Pos, *, ordered: bool) -> Static | None:
    if op in {FieldOp.EQ, FieldOp.NE}:
        return Static(left is not None and (left == right) is (op is FieldOp.EQ), pos)
    return Static(_ORDER[op](left, right), pos) if ordered and op in _ORDER else None


def _arithmetic(op: FieldOp, left: Static, right: Static, pos: Pos) -> Static:
    x, y = _number(left), _number(right)
    if op in {FieldOp.DIV, FieldOp.MOD} and y == 0:
        raise InvalidQueryError("division by zero", start=pos.start, end=pos.end, hint="divide by another number")
    if isinstance(x, float) or isinstance(y, float) or (op is FieldOp.POW and y < 0):
        return _real(op, float(x), float(y), pos)
    duration = isinstance(left.value, Duration) or isinstance(right.value, Duration)
    if op is FieldOp.POW:
        return _whole(_power(int(x), int(y), pos), pos, duration=duration)
    return _whole(_WHOLE[op](int(x), int(y)), pos, duration=duration)


def _divided(x: int, y: int) -> int:
    result = abs(x) // abs(y)
    return result if (x < 0) is (y < 0) else -result


_WHOLE: dict[FieldOp, Callable[[int, int], int]] = {
    FieldOp.ADD: operator.add,
    FieldOp.SUB: operator.sub,
    FieldOp.MUL: operator.mul,
    FieldOp.DIV: _divided,
    FieldOp.MOD: lambda x, y: x - _divided(x, y) * y,
}
_REAL: dict[FieldOp, Callable[[float, float], float]] = {
    FieldOp.ADD: operator.add,
    FieldOp.SUB: operator.sub,
    FieldOp.MUL: operator.mul,
    FieldOp.DIV: operator.truediv,
    FieldOp.MOD: math.fmod,
    FieldOp.POW: math.pow,
}


def _power(x: int, y: int, pos: Pos) -> int:
    if abs(x) > 1 and y > _MOST_BITS:
        raise _too_large(pos)
    return int(x**y) if abs(x) > 1 or y < 2 else int(x ** (2 - y % 2))  # noqa: PLR2004 - 0, 1 and -1 come round again


def _real(op: FieldOp, x: float, y: float, pos: Pos) -> Static:
    try:
        result = _REAL[op](x, y)
    except (OverflowError, ValueError, ZeroDivisionError) as error:
        raise _too_large(pos) from error
    if not math.isfinite(result):
        raise _too_large(pos)
    return Static(result, pos)


def _whole(value: int, pos: Pos, *, duration: bool) -> Static:
    if not -INT64_MAX - 1 <= value <= INT64_MAX:
        raise _too_large(pos)
    return Static(Duration(value) if duration else value, pos)


def _number(value: Static) -> int | float:
    number = value.value
    assert isinstance(number, int | float)  # noqa: S101 - callers asked for its type
    return number


def _too_large(pos: Pos) -> InvalidQueryError:
    return InvalidQueryError("the number is too large", start=pos.start, end=pos.end, hint="numbers have 64 bits")
