"""The columns of an answer: their names and ClickHouse types, and the Arrow types that carry them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from clew.query.errors import InvalidQueryError

_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_FOLDED = re.compile(r"SimpleAggregateFunction\(\w+, (.*)\)")
_SECONDS = re.compile(r"DateTime(\('.*'\))?")
_LIST_OF_SECONDS = re.compile(r"Array\(DateTime(\('.*'\))?\)")
_NOT_CARRIED = re.compile(
    r"\b(?:Enum\d*|IPv[46]|U?Int(?:128|256)|Decimal256|Interval\w+|UUID|Time|Time64|JSON|Object|Dynamic|Variant|"
    r"AggregateFunction|BFloat16|Point|Ring|Polygon|MultiPolygon|DateTime(?!64))\b"
)


@dataclass(frozen=True, slots=True)
class Described:
    """One column of an answer."""

    name: str
    type: str
    """As ClickHouse names it."""


def described(rows: pa.Table, text: str) -> tuple[Described, ...]:
    """Return the columns that `DESCRIBE` tells of a query.

    Raises:
        InvalidQueryError: a column has a type that Arrow has no counterpart for.
    """
    names, types = rows.column("name").to_pylist(), rows.column("type").to_pylist()
    columns = tuple(Described(name, _FOLDED.sub(r"\1", kind)) for name, kind in zip(names, types, strict=True))
    for one in columns:
        if _is_seconds(one.type) or _LIST_OF_SECONDS.fullmatch(one.type):
            continue
        if found := _NOT_CARRIED.search(one.type):
            raise InvalidQueryError(
                f"column {one.name} has the type {one.type}",
                start=0,
                end=len(text),
                hint=f"{found[0]} cannot be returned: wrap it in toString() or, for DateTime, toDateTime64(x, 0)",
            )
    return columns


def carried(table: pa.Table | pa.RecordBatch, columns: tuple[Described, ...]) -> pa.Table:
    """Return rows with seconds as timestamps, which come from the engine as numbers."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    seconds = pa.timestamp("s", tz="UTC")
    for index, one in enumerate(columns):
        column = table.column(index)
        if _is_seconds(one.type):
            column = column.cast(pa.int64()).cast(seconds)
        elif _LIST_OF_SECONDS.fullmatch(one.type):
            column = column.cast(pa.list_(pa.int64())).cast(pa.list_(seconds))
        else:
            continue
        table = table.set_column(index, pa.field(one.name, column.type), column)
    return table


def _is_seconds(kind: str) -> bool:
    while wrapped := _WRAPPED.fullmatch(kind):
        kind = wrapped[1]
    return _SECONDS.fullmatch(kind) is not None
