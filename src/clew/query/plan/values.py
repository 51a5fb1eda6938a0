"""A value of a field expression as SQL: one alternative per type, each with the condition under which it is there.

Attributes have a type per row, so nothing is known before the engine reads it. A comparison pairs alternatives of one
family; where none is there it is 0. Nothing here is ever NULL: logic is two-valued.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clew.model import Kind, Status
from clew.query.attributes import Column, exists
from clew.query.filters import Duration, Value
from clew.query.params import Params

ALWAYS = "1"
NEVER = "0"
TYPES = ("str", "int", "float", "bool")


class Family(StrEnum):
    """Types that compare with each other."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    STATUS = "status"
    KIND = "kind"


class Type(StrEnum):
    """Type of an alternative."""

    STR = "str"
    INT = "int"
    FLOAT = "float"
    DURATION = "duration"
    """Nanoseconds; computes as an integer."""
    BOOL = "bool"
    STATUS = "status"
    KIND = "kind"

    @property
    def family(self) -> Family:
        """What it compares with."""
        return _FAMILY[self]

    @property
    def whole(self) -> bool:
        """Whether it is an integer in arithmetic."""
        return self in {Type.INT, Type.DURATION}


_FAMILY = {
    Type.STR: Family.TEXT,
    Type.INT: Family.NUMBER,
    Type.FLOAT: Family.NUMBER,
    Type.DURATION: Family.NUMBER,
    Type.BOOL: Family.BOOL,
    Type.STATUS: Family.STATUS,
    Type.KIND: Family.KIND,
}


@dataclass(frozen=True, slots=True)
class Alt:
    """One type that a value may have."""

    type: Type
    has: str
    """SQL that is 1 where the value has this type; `sql` may be evaluated anywhere."""
    sql: str
    array: bool = False


@dataclass(frozen=True, slots=True)
class Val:
    """A value."""

    present: str
    """SQL that is 1 where the value is not nil, also where it has a type that compares with nothing."""
    alts: tuple[Alt, ...]


def always(kind: Type, sql: str) -> Val:
    """Return a value that every row has."""
    return Val(ALWAYS, (Alt(kind, ALWAYS, sql),))


NIL = Val(NEVER, ())


def literal(value: Value, params: Params) -> Val:
    """Return a constant."""
    if value is None:
        return NIL
    if isinstance(value, bool):
        return always(Type.BOOL, "true" if value else "false")
    if isinstance(value, str):
        return always(Type.STR, params.text(value))
    if isinstance(value, float):
        return always(Type.FLOAT, params.bind(value, "Float64"))
    types = ((Status, Type.STATUS), (Kind, Type.KIND), (Duration, Type.DURATION))
    kind = next((name for one, name in types if isinstance(value, one)), Type.INT)
    return always(kind, params.bind(int(value), "Int64"))


def attribute(key: str, column: Column, params: Params, *, arrays: bool) -> Val:
    """Return an attribute of one level."""
    name = params.text(key)
    alts = [
        Alt(Type(kind), f"mapContains({source}, {name})", f"{source}[{name}]")
        for kind in TYPES
        for source in (column(f"attr_{kind}"),)
    ]
    if arrays:
        alts += [
            Alt(Type(kind), f"mapContains({source}, {name})", f"{source}[{name}]", array=True)
            for kind in TYPES
            for source in (column(f"arr_{kind}"),)
        ]
    return Val(exists(key, column, params, arrays=arrays), tuple(alts))


def first(levels: Sequence[Val], named: Callable[[str], str] = str) -> Val:
    """Return the value of the first level that has one; `named` may give a name to what is used again and again."""
    tested = ", ".join(f"{level.present}, {number}" for number, level in enumerate(levels, start=1))
    decides = named(f"multiIf({tested}, 0)")
    parts: dict[tuple[Type, bool], list[tuple[int, Alt]]] = {}
    for number, level in enumerate(levels, start=1):
        for alt in level.alts:
            parts.setdefault((alt.type, alt.array), []).append((number, alt))
    alts = []
    for (kind, array), found in parts.items():
        has = " OR ".join(f"({decides} = {number} AND {alt.has})" for number, alt in found)
        branches = ", ".join(f"{decides} = {number}, {alt.sql}" for number, alt in found[:-1])
        last = found[-1][1].sql
        alts.append(Alt(kind, f"({has})", f"multiIf({branches}, {last})" if branches else last, array))
    return Val(f"({decides} != 0)", tuple(alts))
