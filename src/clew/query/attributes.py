"""Attribute conditions over the typed maps of one level: a span, a resource, an event, a link or a scope.

Rules (reference: TraceQL): a comparison is false where the key is absent or of another type; int, float and duration
compare with each other; of an array any element may pass, `!=` and `!~` pass when no element equals or matches; `= nil`
is absence from every map. Of duplicate keys the first counts; for `=` with a text any, as the attribute index has it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator

from clew.query.filters import Filter, Op, value_type
from clew.query.params import Params
from clew.query.regex import alternatives, anchored

Column = Callable[[str], str]
"""Turns a column's name into SQL at the level that is asked."""

SCALARS = ("attr_str", "attr_int", "attr_float", "attr_bool")
ARRAYS = ("arr_str", "arr_int", "arr_float", "arr_bool")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
REAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
TYPES = {
    "string": ("str",),
    "int": ("int", "float"),
    "float": ("int", "float"),
    "duration": ("int", "float"),
    "bool": ("bool",),
}


def exists(key: str, column: Column, params: Params, *, arrays: bool) -> str:
    """Return SQL that is true where the key is present with any type."""
    name = params.text(key)
    maps = (*SCALARS, *(ARRAYS if arrays else ()), "attr_any")
    return "(" + " OR ".join(f"mapContains({column(one)}, {name})" for one in maps) + ")"


def condition(item: Filter, column: Column, params: Params, *, arrays: bool) -> str:
    """Return SQL for one attribute filter, 0 or 1 for every row, never NULL."""
    if item.value is None:
        found = exists(item.key, column, params, arrays=arrays)
        return found if item.op is Op.NE else f"NOT {found}"
    return "(" + " OR ".join(_by_type(item, column, params, arrays=arrays)) + ")"


def compare(item: Filter, params: Params) -> Callable[[str], str]:
    """Return a function from an SQL value to the comparison with the filter's value; negated ops are not handled.

    `!=` and `!~` compare like `=` and `=~`; the caller negates.
    """
    value = item.value
    if item.op in {Op.MATCH, Op.NOT_MATCH}:
        plain = alternatives(str(value))
        if plain is not None:
            return one_of(plain, params)
        pattern = params.text(anchored(str(value)))
        return lambda sql: f"match({sql}, {pattern})"
    op = "=" if item.op is Op.NE else item.op.value
    if isinstance(value, str):
        bound = params.text(value)
    elif isinstance(value, bool):
        bound = "true" if value else "false"
    else:
        bound = params.number(value)
    return lambda sql: f"{sql} {op} {bound}"


def one_of(plain: list[str], params: Params) -> Callable[[str], str]:
    """Return a function from an SQL text to the test whether it is one of some texts."""
    if len(plain) == 1:
        bound = params.text(plain[0])
        return lambda sql: f"{sql} = {bound}"
    bound = params.texts(plain)
    return lambda sql: f"{sql} IN {bound}"


def _by_type(item: Filter, column: Column, params: Params, *, arrays: bool) -> Iterator[str]:
    if item.op is Op.EQ and isinstance(item.value, str):
        yield from _equal_text(item, column, params, arrays=arrays)
        return
    if item.op is Op.READS:
        yield from _reads(item, column, params, arrays=arrays)
        return
    name = params.text(item.key)
    test = compare(item, params)
    negated = item.op in {Op.NE, Op.NOT_MATCH}
    for kind in TYPES[value_type(item.value)]:
        scalar = column(f"attr_{kind}")
        passes = test(f"{scalar}[{name}]")
        yield f"(mapContains({scalar}, {name}) AND {f'NOT ({passes})' if negated else passes})"
        if arrays:
            array = column(f"arr_{kind}")
            any_of = f"arrayExists(v -> {test('v')}, {array}[{name}])"
            yield f"(mapContains({array}, {name}) AND {'NOT ' if negated else ''}{any_of})"


def _equal_text(item: Filter, column: Column, params: Params, *, arrays: bool) -> Iterator[str]:
    name, value = params.text(item.key), params.text(str(item.value))
    scalar = column("attr_str")
    keys = f"mapKeys({scalar}), mapValues({scalar})"
    yield f"(mapContains({scalar}, {name}) AND arrayExists((k, v) -> k = {name} AND v = {value}, {keys}))"
    if arrays:
        array = column("arr_str")
        keys = f"mapKeys({array}), mapValues({array})"
        yield f"(mapContains({array}, {name}) AND arrayExists((k, vs) -> k = {name} AND has(vs, {value}), {keys}))"


def somewhere(item: Filter, column: Column, params: Params) -> Iterator[str]:
    """Yield a test of all values, whatever their keys, that is true wherever `condition` is: for `=` with a text.

    Reading values alone and few keys after it takes four fifths of the time of reading both.
    """
    if item.op is Op.EQ and isinstance(item.value, str):
        name, value = params.text(item.key), params.text(item.value)
        yield f"(has(mapValues({column('attr_str')}), {value}) OR mapContains({column('arr_str')}, {name}))"


def _reads(item: Filter, column: Column, params: Params, *, arrays: bool) -> Iterator[str]:
    """Yield a test per type that a value of this text may have; arrays and bytes are read as JSON and base64."""
    text = str(item.value)
    yield from _equal_text(item, column, params, arrays=False)
    name = params.text(item.key)
    typed: list[tuple[str, str]] = []
    known, value = readable(text)
    if known and isinstance(value, bool):
        typed.append(("attr_bool", "true" if value else "false"))
    elif known and isinstance(value, int):
        typed.append(("attr_int", params.number(value)))
        typed += [("attr_float", params.number(float(value)))] if int(float(value)) == value else []
    elif known and isinstance(value, float):
        typed.append(("attr_float", params.number(value)))
    typed.append(("attr_any", params.text(json.dumps({"bytesValue": text}, separators=(",", ":")))))
    for one, bound in typed:
        yield f"(mapContains({column(one)}, {name}) AND {column(one)}[{name}] = {bound})"
    if arrays and text.startswith("["):
        bound = params.text(text.replace(", ", ","))
        for one in ARRAYS:
            yield f"(mapContains({column(one)}, {name}) AND toJSONString({column(one)}[{name}]) = {bound})"


def readable(text: str) -> tuple[bool, bool | int | float]:
    """Return whether a text is how a boolean or a number is written, and that value."""
    if text in {"true", "false"}:
        return True, text == "true"
    if INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        return True, int(text)
    if REAL.fullmatch(text) and math.isfinite(float(text)):
        return True, float(text)
    return False, False
