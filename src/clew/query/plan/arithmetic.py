"""Arithmetic of field expressions as SQL over typed values.

Integers stay integers: division truncates, remainders have the sign of the dividend, and both are missing where the
divisor is 0. A power of integers is an integer up to 2^53 and a float beyond it or for a negative exponent. Everything
with a float is IEEE. The engine would throw on a division by zero in rows that another condition removes, so every
divisor is guarded.
"""

from __future__ import annotations

from collections.abc import Iterator

from clew.query.plan.values import ALWAYS, NEVER, NIL, Alt, Family, Type, Val
from clew.query.traceql.ast import FieldOp

LEAST = f"toInt64({-(2**63)})"
EXACT = 2**53
"""Integers up to here are exact as floats."""
OPERATORS = frozenset({FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW})
_PLAIN = {FieldOp.ADD: "+", FieldOp.SUB: "-", FieldOp.MUL: "*"}


def compute(op: FieldOp, left: Val, right: Val) -> Val:
    """Return `left op right`; only numbers that are no arrays take part."""
    found: dict[Type, list[tuple[str, str]]] = {}
    for one in _numbers(left):
        for other in _numbers(right):
            for kind, guard, sql in _pair(op, one, other):
                found.setdefault(kind, []).append((_both(one.has, other.has, guard), sql))
    return _merged(found)


def negated(value: Val) -> Val:
    """Return `-value`."""
    return _merged({one.type: [(one.has, f"(-{one.sql})")] for one in _numbers(value)})


def _numbers(value: Val) -> Iterator[Alt]:
    return (alt for alt in value.alts if alt.type.family is Family.NUMBER and not alt.array)


def _pair(op: FieldOp, one: Alt, other: Alt) -> Iterator[tuple[Type, str, str]]:
    a, b = one.sql, other.sql
    if not (one.type.whole and other.type.whole):
        a, b = f"toFloat64({a})", f"toFloat64({b})"
        yield Type.FLOAT, ALWAYS, _float(op, a, b)
        return
    kind = Type.DURATION if Type.DURATION in {one.type, other.type} else Type.INT
    if op is FieldOp.POW:
        power = f"pow({a}, {b})"
        whole = f"({b} >= 0 AND abs({power}) < {EXACT})"
        yield Type.INT, whole, f"toInt64(if({whole}, {power}, 0))"
        yield Type.FLOAT, f"NOT {whole}", power
    elif op in {FieldOp.DIV, FieldOp.MOD}:
        safe = f"if({b} IN (0, -1, {LEAST}), 1, {b})"  # the engine divides by none of them
        by_minus_one = f"(-{a})" if op is FieldOp.DIV else "toInt64(0)"
        by_least = f"toInt64({a} = {b})" if op is FieldOp.DIV else f"if({a} = {b}, toInt64(0), {a})"
        divided = f"{'intDiv' if op is FieldOp.DIV else 'modulo'}({a}, {safe})"
        sql = f"multiIf({b} = -1, {by_minus_one}, {b} = {LEAST}, {by_least}, {divided})"
        yield kind, f"{b} != 0", sql
    else:
        yield kind, ALWAYS, f"({a} {_PLAIN[op]} {b})"


def _float(op: FieldOp, a: str, b: str) -> str:
    if op is FieldOp.POW:
        return f"pow({a}, {b})"
    if op is FieldOp.DIV:
        return f"({a} / {b})"
    if op is FieldOp.MOD:
        return f"if({b} = 0, nan, modulo({a}, if({b} = 0, 1., {b})))"
    return f"({a} {_PLAIN[op]} {b})"


def _both(*parts: str) -> str:
    kept = [part for part in parts if part != ALWAYS]
    return f"({' AND '.join(kept)})" if kept else ALWAYS


def _merged(found: dict[Type, list[tuple[str, str]]]) -> Val:
    if not found:
        return NIL
    alts = []
    for kind, parts in found.items():
        branches = ", ".join(f"{has}, {sql}" for has, sql in parts[:-1])
        sql = f"multiIf({branches}, {parts[-1][1]})" if branches else parts[-1][1]
        has = ALWAYS if any(one == ALWAYS for one, _ in parts) else "(" + " OR ".join(one for one, _ in parts) + ")"
        alts.append(Alt(kind, has, sql))
    present = " OR ".join(alt.has for alt in alts)
    return Val(ALWAYS if any(alt.has == ALWAYS for alt in alts) else f"({present})" if alts else NEVER, tuple(alts))
