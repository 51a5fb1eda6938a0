"""Operators on single typed values: for the few expressions that no column decides, and for aggregates.

The same meaning as `comparisons` and `arithmetic` have in SQL.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.plan.arithmetic import EXACT
from clew.query.plan.comparisons import NEGATED, OR_NIL
from clew.query.plan.found import Cell
from clew.query.plan.values import Family
from clew.query.traceql.ast import FieldOp

INT64 = 2**63
_TESTS: dict[FieldOp, Callable[[Any, Any], bool]] = {
    FieldOp.EQ: operator.eq,
    FieldOp.EQ_FOLD: lambda a, b: a.lower() == b.lower(),
    FieldOp.LT: operator.lt,
    FieldOp.LE: operator.le,
    FieldOp.GT: operator.gt,
    FieldOp.GE: operator.ge,
}


def compare(op: FieldOp, left: Cell, right: Cell) -> bool:
    """Return whether `left op right` holds; nil and values of different families give false."""
    if op in OR_NIL:
        return not compare(OR_NIL[op], left, right)
    base = NEGATED.get(op, op)
    many_left, many_right = isinstance(left, list), isinstance(right, list)
    if left is None or right is None or (many_left and many_right):
        return False
    family = _family(left, right)
    if family is None or base not in _TESTS or not _fits(base, family):
        return False
    test = _TESTS[base]
    lefts = left if isinstance(left, list) else [left]
    rights = right if isinstance(right, list) else [right]
    return any(test(one, other) for one in lefts for other in rights) is (base is op)


def compute(op: FieldOp, left: Cell, right: Cell) -> Cell:
    """Return `left op right` of two numbers, else nil."""
    if _family_of(left) is not Family.NUMBER or _family_of(right) is not Family.NUMBER:
        return None
    if isinstance(left, list) or isinstance(right, list):
        return None
    a: Any = left
    b: Any = right
    if isinstance(a, float) or isinstance(b, float):
        return _real(op, float(a), float(b))
    made = _whole(op, int(a), int(b))
    if isinstance(made, int) and (isinstance(left, Duration) or isinstance(right, Duration)) and op is not FieldOp.POW:
        return Duration(made)
    return made


def negate(value: Cell) -> Cell:
    """Return `-value` of a number, else nil."""
    if isinstance(value, float):
        return -value
    return compute(FieldOp.SUB, 0, value)


def _whole(op: FieldOp, a: int, b: int) -> int | float | None:
    if op is FieldOp.POW:
        power = _real(op, float(a), float(b))
        return int(power) if b >= 0 and abs(power) < EXACT else power
    if op in {FieldOp.DIV, FieldOp.MOD} and b == 0:
        return None
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    made = {
        FieldOp.ADD: a + b,
        FieldOp.SUB: a - b,
        FieldOp.MUL: a * b,
        FieldOp.DIV: quotient,
        FieldOp.MOD: a - b * quotient,
    }[op]
    return (made + INT64) % (2 * INT64) - INT64


def _real(op: FieldOp, a: float, b: float) -> float:
    if op is FieldOp.DIV and b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
    if op is FieldOp.MOD:
        return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)
    if op is FieldOp.POW:
        return _power(a, b)
    plain: dict[FieldOp, Callable[[float, float], float]] = {
        FieldOp.ADD: operator.add,
        FieldOp.SUB: operator.sub,
        FieldOp.MUL: operator.mul,
        FieldOp.DIV: operator.truediv,
    }
    return plain[op](a, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:  # a negative base with a broken exponent, or 0 with a negative one
        return math.inf if a == 0 else math.nan


def _fits(op: FieldOp, family: Family) -> bool:
    if op is FieldOp.EQ_FOLD:
        return family is Family.TEXT
    return op is FieldOp.EQ or family in {Family.TEXT, Family.NUMBER}


def _family(left: Cell, right: Cell) -> Family | None:
    one, other = _family_of(left), _family_of(right)
    return one if one is other else None


def _family_of(value: Cell) -> Family | None:
    if isinstance(value, list):
        return _family_of(value[0]) if value else Family.TEXT  # empty arrays are stored as arrays of text
    kinds: tuple[tuple[type, Family], ...] = (
        (bool, Family.BOOL),
        (Status, Family.STATUS),
        (Kind, Family.KIND),
        (str, Family.TEXT),
        (int, Family.NUMBER),
        (float, Family.NUMBER),
    )
    return next((family for kind, family in kinds if isinstance(value, kind)), None)
