"""Values of fields of a span in one column: as text with their type, or as a number.

A typed value travels as one text, a letter for its type and its spelling behind it (`labels.decode` reads it back); the
empty text is nil, as are values that compare with nothing. Columns that every span has travel as they are. An unscoped
key is looked up on the span, then on its resource.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.params import Params
from clew.query.plan.fieldsql import DIMENSIONS, FieldSql
from clew.query.plan.found import Cell
from clew.query.plan.labels import LETTERS, LISTS, decode
from clew.query.plan.values import Alt, Family, Type, Val, attribute, first
from clew.query.traceql.ast import Attribute, Field, Intrinsic, Level, Name

SERVICE = "service.name"
SLIM = frozenset({Name.NAME, Name.KIND, Name.STATUS, Name.DURATION, Name.TRACE_ID})
"""Intrinsics that `span_by_service` has beside the service."""
SECOND = 1e-9


@dataclass(frozen=True, slots=True)
class Tagged:
    """SQL of a typed value, and what makes the value of what a row holds."""

    sql: str
    read: Callable[[Any], Cell] = decode
    nil: bool = True
    """Whether the value may be absent, which is then the empty text."""


@dataclass(frozen=True, slots=True)
class Number:
    """SQL of a number of a row and of whether there is one; `scale` makes seconds of nanoseconds."""

    value: str
    has: str
    scale: float = 1.0
    whole: bool = False
    """Whether it is an integer, which is always finite."""


_PLAIN = {
    Name.DURATION: Tagged("duration", Duration, nil=False),
    Name.NAME: Tagged("name", str, nil=False),
    Name.STATUS: Tagged("status", Status, nil=False),
    Name.STATUS_MESSAGE: Tagged("status_message", str, nil=False),
    Name.KIND: Tagged("kind", Kind, nil=False),
}


def is_service(of: Field) -> bool:
    """Return whether a field is the service of a span, which has a column in every table."""
    return isinstance(of, Attribute) and of.level is Level.RESOURCE and of.key == SERVICE and not of.parent


def in_slim(of: Field) -> bool:
    """Return whether `span_by_service` has the field."""
    return is_service(of) or (isinstance(of, Intrinsic) and not of.parent and of.name in SLIM)


def tagged(of: Field, sql: FieldSql, params: Params) -> Tagged:
    """Return the typed value of a field that needs no tree."""
    if is_service(of):
        return Tagged("service", str, nil=False)
    if isinstance(of, Intrinsic) and of.name in _PLAIN:
        return _PLAIN[of.name]
    if isinstance(of, Attribute) and of.level in DIMENSIONS:
        return Tagged(_joined(of, of.level, sql, params))
    if isinstance(of, Attribute) and of.level is Level.ANY:
        own = sql.value(replace(of, level=Level.SPAN))
        return Tagged(f"if({own.present}, {_text(own)}, {_joined(of, Level.RESOURCE, sql, params)})")
    return Tagged(_text(sql.value(of)))


def number(of: Field, sql: FieldSql) -> Number:
    """Return the number that a field holds; no other type counts."""
    anywhere = isinstance(of, Attribute) and of.level is Level.ANY
    found = first([sql.value(one) for one in near(of)]) if anywhere else sql.value(of)
    alts = [alt for alt in found.alts if alt.type.family is Family.NUMBER and not alt.array]
    if not alts:
        return Number("0.", "0")
    scale = SECOND if all(alt.type is Type.DURATION for alt in alts) else 1.0
    if len(alts) == 1:
        return Number(f"toFloat64({alts[0].sql})", alts[0].has, scale, whole=alts[0].type.whole)
    branches = "".join(f"{alt.has}, toFloat64({alt.sql}), " for alt in alts)
    return Number(f"multiIf({branches}0.)", f"({' OR '.join(alt.has for alt in alts)})", scale)


def near(of: Field) -> list[Field]:
    """Return the fields that are looked at, the first that is there decides: an unscoped key is one of two."""
    if not isinstance(of, Attribute) or of.level is not Level.ANY:
        return [of]
    return [replace(of, level=level) for level in (Level.SPAN, Level.RESOURCE)]


def _joined(of: Attribute, level: Level, sql: FieldSql, params: Params) -> str:
    """Return the value of an attribute of a resource or scope, spelled once there."""
    return sql.joins.computed(DIMENSIONS[level][0], _text(attribute(of.key, str, params, arrays=True)))


def _text(value: Val) -> str:
    branches = "".join(f"{alt.has}, {_spelled(alt)}, " for alt in value.alts)
    return f"multiIf({branches}'')" if branches else "''"


def _spelled(alt: Alt) -> str:
    if alt.array:
        return f"concat('{LISTS[alt.type]}', toJSONString({alt.sql}))"
    if alt.type is Type.STR:
        return f"concat('s', {alt.sql})"
    if alt.type is Type.BOOL:
        return f"if({alt.sql}, 'b1', 'b0')"
    return f"concat('{LETTERS[alt.type]}', toString({alt.sql}))"
