"""Rows as plain values for JSON: ids are text already, times are RFC 3339 with nanoseconds, maps are objects."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa

_SAFE = 2**53
_UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def values_of(table: pa.Table) -> list[list[Any]]:
    """Return the rows; integers beyond 2^53 become decimal text, since a JSON number would be rounded."""
    columns = [_values(column) for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def _values(column: pa.ChunkedArray) -> list[Any]:
    convert = _converter(column.type)
    if _holds_time(column.type):
        column = column.cast(_as_integers(column.type))
    return [None if value is None else convert(value) for value in column.to_pylist()]


def _holds_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or (pa.types.is_list(kind) and pa.types.is_timestamp(kind.value_type)))


def _as_integers(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.int64()) if pa.types.is_list(kind) else pa.int64()


def _converter(kind: pa.DataType) -> Callable[[Any], Any]:
    """Return what turns a Python value of a type into its JSON form."""
    if pa.types.is_dictionary(kind):
        return _converter(kind.value_type)
    if pa.types.is_list(kind):
        item = _converter(kind.value_type)
        return lambda values: [None if value is None else item(value) for value in values]
    if pa.types.is_map(kind):
        item = _converter(kind.item_type)
        return lambda pairs: {str(key): None if value is None else item(value) for key, value in pairs}
    if pa.types.is_struct(kind):
        parts = {field.name: _converter(field.type) for field in kind}
        return lambda value: {name: None if value[name] is None else part(value[name]) for name, part in parts.items()}
    if pa.types.is_timestamp(kind):
        return lambda value: _moment(value, _UNITS[kind.unit]) if isinstance(value, int) else value.isoformat()
    return next((convert for fits, convert in _PLAIN if fits(kind)), str)


def _integer(value: int) -> int | str:
    return value if -_SAFE <= value <= _SAFE else str(value)


def _float(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _moment(value: int, digits: int) -> str:
    seconds, rest = divmod(value, 10**digits)
    text = (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)).isoformat()  # noqa: DTZ001
    return f"{text}.{rest:0{digits}d}Z" if digits else f"{text}Z"


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


_PLAIN: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]]] = [
    (pa.types.is_boolean, bool),
    (pa.types.is_integer, _integer),
    (pa.types.is_floating, _float),
    (pa.types.is_string, str),
    (pa.types.is_large_string, str),
    (pa.types.is_binary, _bytes),
    (pa.types.is_fixed_size_binary, bytes.hex),
    (pa.types.is_date, lambda value: value.isoformat()),
]
