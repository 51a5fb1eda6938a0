"""Comparisons of two values as SQL: 0 where one is missing or their types do not go together, never NULL.

Of an array any element may pass; negated comparisons pass when no element does. Arrays do not compare with arrays.
"""

from __future__ import annotations

from collections.abc import Callable

from clew.query.params import Params
from clew.query.plan.values import ALWAYS, NEVER, Alt, Family, Val
from clew.query.regex import alternatives, anchored
from clew.query.traceql.ast import FieldOp

ORDERING = {FieldOp.LT: "<", FieldOp.LE: "<=", FieldOp.GT: ">", FieldOp.GE: ">="}
PATTERNS = {FieldOp.MATCH, FieldOp.NOT_MATCH, FieldOp.MATCH_FOLD, FieldOp.NOT_MATCH_FOLD, FieldOp.NOT_MATCH_OR_NIL}
NEGATED = {
    FieldOp.NE: FieldOp.EQ,
    FieldOp.NE_FOLD: FieldOp.EQ_FOLD,
    FieldOp.NOT_MATCH: FieldOp.MATCH,
    FieldOp.NOT_MATCH_FOLD: FieldOp.MATCH_FOLD,
}
"""Pass where the value is there and the other comparison fails."""
OR_NIL = {FieldOp.NE_OR_NIL: FieldOp.EQ, FieldOp.NOT_MATCH_OR_NIL: FieldOp.MATCH}
"""Pass wherever the other comparison fails."""
COMPARISONS = frozenset({FieldOp.EQ, FieldOp.EQ_FOLD, *ORDERING, *PATTERNS, *NEGATED, *OR_NIL})

Test = Callable[[str, str], str]


def compare(op: FieldOp, left: Val, right: Val) -> str:
    """Return SQL of a comparison; patterns, nil and "absent or different" have their own ways."""
    base = NEGATED.get(op, op)
    parts = []
    for one in left.alts:
        for other in right.alts:
            if one.type.family is other.type.family and not (one.array and other.array) and _fits(base, one):
                test = _elements(_test(base), one, other)
                parts.append(_conjunction(one.has, other.has, f"NOT {test}" if base is not op else test))
    return f"({' OR '.join(parts)})" if parts else NEVER


def matches(op: FieldOp, value: Val, pattern: str, params: Params) -> str:
    """Return SQL of `value =~ pattern` and its negated and folding forms."""
    base = NEGATED.get(op, op)
    test = _matcher(pattern, params, fold=base is FieldOp.MATCH_FOLD)
    parts = []
    for one in value.alts:
        if one.type.family is Family.TEXT:
            passes = f"arrayExists(v -> {test('v')}, {one.sql})" if one.array else f"({test(one.sql)})"
            parts.append(_conjunction(one.has, f"NOT {passes}" if base is not op else passes))
    return f"({' OR '.join(parts)})" if parts else NEVER


def is_nil(op: FieldOp, value: Val) -> str:
    """Return SQL of `value = nil` and `value != nil`; with other operators nothing passes."""
    if op is FieldOp.NE:
        return value.present
    return f"NOT {value.present}" if op is FieldOp.EQ else NEVER


def truth(value: Val, *, wanted: bool = True) -> str:
    """Return SQL that is 1 where a value is a boolean, no array, and as wanted."""
    for alt in value.alts:
        if alt.type.family is Family.BOOL and not alt.array:
            return _conjunction(alt.has, alt.sql if wanted else f"NOT {alt.sql}")
    return NEVER


def _fits(op: FieldOp, one: Alt) -> bool:
    if op is FieldOp.EQ_FOLD:
        return one.type.family is Family.TEXT
    return op is FieldOp.EQ or one.type.family in {Family.TEXT, Family.NUMBER}


def _test(op: FieldOp) -> Test:
    if op is FieldOp.EQ_FOLD:
        return lambda a, b: f"lowerUTF8({a}) = lowerUTF8({b})"
    sign = ORDERING.get(op, "=")
    return lambda a, b: f"{a} {sign} {b}"


def _elements(test: Test, one: Alt, other: Alt) -> str:
    if one.array:
        return f"arrayExists(v -> {test('v', other.sql)}, {one.sql})"
    if other.array:
        return f"arrayExists(v -> {test(one.sql, 'v')}, {other.sql})"
    return f"({test(one.sql, other.sql)})"


def _matcher(pattern: str, params: Params, *, fold: bool) -> Callable[[str], str]:
    plain = alternatives(pattern)
    if plain is not None and not fold:
        bound = params.texts(plain)
        return lambda sql: f"{sql} IN {bound}"
    text = params.text(anchored(pattern, fold=fold))
    return lambda sql: f"match({sql}, {text})"


def _conjunction(*parts: str) -> str:
    kept = [part for part in parts if part != ALWAYS]
    return f"({' AND '.join(kept)})" if kept else ALWAYS
