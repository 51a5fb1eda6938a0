"""From Arrow types to ClickHouse columns: the schemas of `clew.model` are the source, the DDL follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

DEFAULT_CODEC = "ZSTD(1)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table as the DDL writes it."""

    name: str
    type: str
    codec: str = ""
    default: str = ""

    def ddl(self) -> str:
        """Return the column's line of a CREATE TABLE."""
        parts = [f"`{self.name}`", self.type]
        if self.default:
            parts.append(self.default)
        if self.codec:
            parts.append(f"CODEC({self.codec})")
        return " ".join(parts)


_PLAIN: dict[pa.DataType, str] = {
    pa.utf8(): "String",
    pa.binary(): "String",
    pa.bool_(): "Bool",
    pa.date32(): "Date",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
    pa.int16(): "Int16",
    pa.int64(): "Int64",
    pa.uint8(): "UInt8",
    pa.uint16(): "UInt16",
    pa.uint32(): "UInt32",
    pa.uint64(): "UInt64",
    pa.timestamp("s", tz="UTC"): "DateTime('UTC')",
    pa.timestamp("ms", tz="UTC"): "DateTime64(3, 'UTC')",
    pa.timestamp("ns", tz="UTC"): "DateTime64(9, 'UTC')",
}


def clickhouse_type(kind: pa.DataType) -> str:
    """Return the ClickHouse type that keeps every value of an Arrow type."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if pa.types.is_dictionary(kind):
        return f"LowCardinality({clickhouse_type(kind.value_type)})"
    if pa.types.is_fixed_size_binary(kind):
        return f"FixedString({kind.byte_width})"
    if pa.types.is_map(kind):
        return f"Map({clickhouse_type(kind.key_type)}, {clickhouse_type(kind.item_type)})"
    if pa.types.is_list(kind):
        return f"Array({clickhouse_type(kind.value_type)})"
    if pa.types.is_struct(kind):
        return "Tuple(" + ", ".join(f"{field.name} {clickhouse_type(field.type)}" for field in kind) + ")"
    raise TypeError(f"no ClickHouse type for Arrow's {kind}")


def columns_of(schema: pa.Schema, codecs: Mapping[str, str], aggregates: Mapping[str, str]) -> Iterator[Column]:
    """Yield the columns of a schema; a list of structs becomes one `name.field` array per field (Nested).

    Args:
        schema: what the writer sends.
        codecs: codec by column name, else `DEFAULT_CODEC`.
        aggregates: function by column name for columns that merges fold (`min`, `max`, `sum`, `sumMap`).
    """
    for field in schema:
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            for part in field.type.value_type:
                name = f"{field.name}.{part.name}"
                yield Column(name, f"Array({clickhouse_type(part.type)})", codecs.get(name, DEFAULT_CODEC))
            continue
        kind = clickhouse_type(field.type)
        if field.name in aggregates:
            kind = f"SimpleAggregateFunction({aggregates[field.name]}, {kind})"
        yield Column(field.name, kind, codecs.get(field.name, DEFAULT_CODEC))
