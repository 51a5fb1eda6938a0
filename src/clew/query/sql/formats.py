"""Rows as bytes, piece by piece: NDJSON, CSV, an Arrow stream, a Parquet file; memory stays that of a few batches."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from clew.query.answer import Meta
from clew.query.sql.columns import Described
from clew.query.sql.plain import values_of

META_KEY = "clew.meta"
"""Where Arrow (metadata of the last batch) and Parquet (metadata of the file) hold the meta as JSON."""
_GROUP_ROWS = 65_536
_GROUP_BYTES = 32 << 20

Tables = Iterator[pa.Table]
Writer = Callable[[Sequence[Described], pa.Schema, Tables, Callable[[], Meta]], Iterator[bytes]]


class _Sink(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that this file can be written."""
        return True

    def write(self, data: Any) -> int:
        """Keep a piece."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def ndjson(
    columns: Sequence[Described], schema: pa.Schema, tables: Tables, meta: Callable[[], Meta]
) -> Iterator[bytes]:
    """Yield a line with the columns, lines of rows, and at last the meta."""
    del schema
    yield _line({"type": "columns", "columns": [asdict(one) for one in columns]})
    for table in tables:
        for row in values_of(table):
            yield _line({"type": "row", "row": row})
    yield _line({"type": "end", "meta": _plain(meta())})


def csv(columns: Sequence[Described], schema: pa.Schema, tables: Tables, meta: Callable[[], Meta]) -> Iterator[bytes]:
    """Yield a header and lines; maps, arrays and tuples are JSON within their cell."""
    del columns, meta
    header = io.BytesIO()
    pc.write_csv(_flat(schema.empty_table()), header)
    yield header.getvalue()
    for table in tables:
        part = io.BytesIO()
        pc.write_csv(_flat(table), part, pc.WriteOptions(include_header=False))
        yield part.getvalue()


def arrow(columns: Sequence[Described], schema: pa.Schema, tables: Tables, meta: Callable[[], Meta]) -> Iterator[bytes]:
    """Yield an Arrow IPC stream; its last batch is empty and carries the meta."""
    del columns
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), schema) as writer:
        for table in tables:
            writer.write_table(table)
            yield sink.take()
        last = schema.empty_table().to_batches() or [_empty(schema)]
        writer.write_batch(last[0], custom_metadata={META_KEY: json.dumps(_plain(meta()))})
    yield sink.take()


def parquet(
    columns: Sequence[Described], schema: pa.Schema, tables: Tables, meta: Callable[[], Meta]
) -> Iterator[bytes]:
    """Yield a Parquet file, a row group at a time."""
    del columns
    sink = _Sink()
    kept: list[pa.Table] = []
    with pq.ParquetWriter(pa.PythonFile(sink, "w"), schema, compression="zstd") as writer:
        for table in tables:
            kept.append(table)
            if sum(one.num_rows for one in kept) >= _GROUP_ROWS or sum(one.nbytes for one in kept) >= _GROUP_BYTES:
                writer.write_table(pa.concat_tables(kept))
                kept = []
                yield sink.take()
        if kept:
            writer.write_table(pa.concat_tables(kept))
        writer.add_key_value_metadata({META_KEY: json.dumps(_plain(meta()))})
    yield sink.take()


FORMATS: dict[str, tuple[str, Writer]] = {
    "ndjson": ("application/x-ndjson", ndjson),
    "csv": ("text/csv; charset=utf-8; header=present", csv),
    "arrow": ("application/vnd.apache.arrow.stream", arrow),
    "parquet": ("application/vnd.apache.parquet", parquet),
}
"""Name to media type and writer."""


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose words are plain text: dictionaries differ from batch to batch."""
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), kind.item_field.with_type(_plain_type(kind.item_type)))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain_type(kind.value_type)))
    return kind


def _flat(table: pa.Table) -> pa.Table:
    """Return a table whose nested columns are JSON texts."""
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            cells = [json.dumps(row[0], ensure_ascii=False) for row in values_of(table.select([index]))]
            table = table.set_column(index, field.name, pa.array(cells, pa.utf8()))
    return table


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(meta: Meta) -> dict[str, Any]:
    window = meta.window
    return {
        "returned": meta.returned,
        "truncated": asdict(meta.truncated) if meta.truncated else None,
        "window": {"from_ns": str(window.from_ns), "to_ns": str(window.to_ns)} if window else None,
        "scanned": asdict(meta.scanned),
    }
