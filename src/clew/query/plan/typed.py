"""Typed values of many spans, and the SQL that makes them from a value of a field expression.

For evaluation here a value is a column per type. For groups made by the engine it is one text, a letter for its type
and its spelling behind it (`labels.decode` reads it back); the empty text is nil, as are values that compare with
nothing, and columns that every span has travel as they are. An unscoped key is looked up on the span, then on its
resource.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.numbers import Ints
from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.params import Params
from clew.query.plan.fieldsql import DIMENSIONS, FieldSql
from clew.query.plan.found import Cell
from clew.query.plan.labels import LETTERS, LISTS, decode
from clew.query.plan.values import Alt, Family, Type, Val, attribute, first
from clew.query.traceql.ast import Attribute, Field, Intrinsic, Level, Name

Objects = npt.NDArray[np.object_]

SCALARS = (Type.STR, Type.INT, Type.FLOAT, Type.DURATION, Type.BOOL, Type.STATUS, Type.KIND)
CODES = {kind: number for number, kind in enumerate(SCALARS, start=1)}
ARRAY_CODE = 16
"""Added to the code of the elements' type."""
NUMERIC = (CODES[Type.INT], CODES[Type.FLOAT], CODES[Type.DURATION])
_WHOLE = (Type.INT, Type.DURATION, Type.BOOL, Type.STATUS, Type.KIND)
_MAKE: dict[int, Callable[[Any], Any]] = {
    CODES[Type.DURATION]: Duration,
    CODES[Type.BOOL]: bool,
    CODES[Type.STATUS]: Status,
    CODES[Type.KIND]: Kind,
}


def columns(value: Val, name: str) -> list[str]:
    """Return the SELECT items of a value: a code of the type (0 is nil), and the value in the column of its type."""
    alts = value.alts
    items = [_choose("toUInt8(0)", [(alt, f"toUInt8({_code(alt)})") for alt in alts]) + f" AS {name}_type"]
    texts = [(alt, f"toJSONString({alt.sql})" if alt.array else alt.sql) for alt in alts if _is_text(alt)]
    whole = [(alt, f"toInt64({alt.sql})") for alt in alts if not alt.array and alt.type in _WHOLE]
    real = [(alt, f"toFloat64({alt.sql})") for alt in alts if not alt.array and alt.type is Type.FLOAT]
    for suffix, empty, found in (("text", "''", texts), ("whole", "toInt64(0)", whole), ("real", "toFloat64(0)", real)):
        if found:
            items.append(f"{_choose(empty, found)} AS {name}_{suffix}")
    return items


def _choose(empty: str, found: list[tuple[Alt, str]]) -> str:
    branches = ", ".join(f"{alt.has}, {sql}" for alt, sql in found)
    return f"multiIf({branches}, {empty})" if branches else empty


def _code(alt: Alt) -> int:
    return CODES[alt.type] + (ARRAY_CODE if alt.array else 0)


def _is_text(alt: Alt) -> bool:
    return alt.array or alt.type is Type.STR


@dataclass(frozen=True, slots=True)
class Typed:
    """A value per row."""

    type: npt.NDArray[np.uint8]
    text: pa.Array
    whole: Ints
    real: npt.NDArray[np.float64]

    @classmethod
    def of(cls, table: pa.Table, name: str) -> Typed:
        """Return the value that `columns` selected under a name."""
        size = table.num_rows
        names = set(table.column_names)
        text = pa.nulls(size, pa.utf8())
        if f"{name}_text" in names:
            column = table.column(f"{name}_text").combine_chunks()
            text = column.cast(pa.utf8()) if isinstance(column, pa.Array) else column
        return cls(
            table.column(f"{name}_type").to_numpy().astype(np.uint8),
            text,
            table.column(f"{name}_whole").to_numpy() if f"{name}_whole" in names else np.zeros(size, np.int64),
            table.column(f"{name}_real").to_numpy() if f"{name}_real" in names else np.zeros(size, np.float64),
        )

    @classmethod
    def of_whole(cls, values: Ints) -> Typed:
        """Return integers that every row has."""
        size = values.size
        kinds = np.full(size, CODES[Type.INT], np.uint8)
        return cls(kinds, pa.nulls(size, pa.utf8()), values.astype(np.int64), np.zeros(size, np.float64))

    @classmethod
    def of_texts(cls, texts: Sequence[str], place: Ints) -> Typed:
        """Return texts that every row has, given by their places in a list."""
        size = place.size
        kinds = np.full(size, CODES[Type.STR], np.uint8)
        text = pa.array(texts, pa.utf8()).take(pa.array(place))
        return cls(kinds, text, np.zeros(size, np.int64), np.zeros(size, np.float64))

    @classmethod
    def of_objects(cls, values: Objects) -> Typed:
        """Return scalars from objects."""
        listed = values.tolist()
        kinds = np.array([_kind_of(one) for one in listed], np.uint8)
        whole = [
            int(one) if code and code not in {_TEXT, _REAL} else 0 for one, code in zip(listed, kinds, strict=True)
        ]
        real = [one if code == _REAL else 0.0 for one, code in zip(listed, kinds, strict=True)]
        text = pa.array([one if code == _TEXT else None for one, code in zip(listed, kinds, strict=True)], pa.utf8())
        return cls(kinds, text, np.array(whole, np.int64), np.array(real, np.float64))

    def take(self, rows: Ints) -> Typed:
        """Return the values of some rows; negative rows give nil."""
        at = np.maximum(rows, 0)
        kinds = np.where(rows < 0, 0, self.type[at]).astype(np.uint8)
        return Typed(kinds, self.text.take(pa.array(at)), self.whole[at], self.real[at])

    def where(self, kept: npt.NDArray[np.bool_], other: Typed) -> Typed:
        """Return these values where they are kept, and the others elsewhere."""
        return Typed(
            np.where(kept, self.type, other.type),
            pc.if_else(pa.array(kept), self.text, other.text),
            np.where(kept, self.whole, other.whole),
            np.where(kept, self.real, other.real),
        )

    def cells(self) -> list[Cell]:
        """Return the values as Python has them; for a few rows."""
        rows = zip(self.type.tolist(), self.text.to_pylist(), self.whole.tolist(), self.real.tolist(), strict=True)
        return [_cell(*row) for row in rows]

    def objects(self) -> Objects:
        """Return the values as an array of objects."""
        made = np.empty(self.type.size, np.object_)
        made[:] = self.cells()
        return made

    def numbers(self) -> npt.NDArray[np.bool_]:
        """Return which rows are numbers and no arrays."""
        return np.isin(self.type, NUMERIC)

    def as_float(self) -> npt.NDArray[np.float64]:
        """Return numbers as floats; other rows hold anything."""
        return np.where(self.type == CODES[Type.FLOAT], self.real, self.whole.astype(np.float64))

    def codes(self) -> Ints:
        """Return a number per row that is equal exactly where type and value are."""
        encoded = self.text.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        text = np.where(_texts(self.type), encoded, -1)
        bits = np.where(self.type == CODES[Type.FLOAT], self.real + 0.0, 0.0).view(np.int64)
        whole = np.where(_texts(self.type) | (self.type == 0), 0, self.whole)
        return combined([self.type.astype(np.int64), text, whole, bits])


_TEXT, _REAL = CODES[Type.STR], CODES[Type.FLOAT]
_KINDS: tuple[tuple[type, Type], ...] = (
    (bool, Type.BOOL),
    (Status, Type.STATUS),
    (Kind, Type.KIND),
    (Duration, Type.DURATION),
    (int, Type.INT),
    (float, Type.FLOAT),
    (str, Type.STR),
)


def _kind_of(value: object) -> int:
    return next((CODES[kind] for one, kind in _KINDS if isinstance(value, one)), 0)


def combined(columns: list[Ints]) -> Ints:
    """Return a number per row that is equal exactly where all columns are."""
    order = np.lexsort(columns)
    fresh = np.zeros(order.size, np.int64)
    if order.size:
        fresh[1:] = np.any([one[order][1:] != one[order][:-1] for one in columns], axis=0)
    numbers = np.empty(order.size, np.int64)
    numbers[order] = np.cumsum(fresh)
    return numbers


def _texts(kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (kinds == CODES[Type.STR]) | (kinds > ARRAY_CODE)
    return found


def _cell(kind: int, text: str | None, whole: int, real: float) -> Cell:  # noqa: PLR0911 - a case per type
    if kind == 0:
        return None
    if kind > ARRAY_CODE:
        listed: list[Any] = json.loads(text or "[]")
        if kind == ARRAY_CODE + CODES[Type.INT]:  # the engine writes 64-bit integers as they are, or quoted
            return [int(one) for one in listed]
        if kind == ARRAY_CODE + CODES[Type.FLOAT]:
            return [float("nan") if one is None else float(one) for one in listed]
        return listed
    if kind == CODES[Type.STR]:
        return text or ""
    if kind == CODES[Type.FLOAT]:
        return real
    return _MAKE[kind](whole) if kind in _MAKE else whole


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
