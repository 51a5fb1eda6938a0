"""Tables as an engine gives them back, in the exact schema of the model again."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

from clew.codec.errors import MalformedError


def conform(table: pa.Table | pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows as one batch of `schema`.

    Words may come as plain text, fixed bytes as binary, times as seconds or days since the epoch, and a list of
    structs as lists of its fields (`events.time`, `events.name` ...). Columns that are not in the schema are left out.

    Raises:
        MalformedError: a column is missing, or its values do not fit.
    """
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    try:
        columns = [_combined(_column(table, field), field.type) for field in schema]
    except (pa.ArrowException, KeyError) as error:
        raise MalformedError(f"rows do not fit the schema: {error}") from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name in table.column_names:
        return _cast(table.column(field.name), field.type)
    if not pt.is_list(field.type):
        raise KeyError(field.name)
    chunks = table.combine_chunks()
    members = list(field.type.value_type)
    lists = [_combined(chunks.column(f"{field.name}.{m.name}"), None) for m in members]
    values = [_flat(column, m.type) for column, m in zip(lists, members, strict=True)]
    records = pa.StructArray.from_arrays(values, fields=members)
    return pa.chunked_array([pa.ListArray.from_arrays(_offsets(lists[0]), records, type=field.type)])


def _flat(column: pa.ListArray, kind: pa.DataType) -> pa.Array:
    return _combined(_cast(pa.chunked_array([column.flatten()]), kind), kind)


def _offsets(column: pa.ListArray) -> pa.Array:
    offsets = column.offsets
    first = offsets[0].as_py() if len(offsets) else 0
    return pa.compute.subtract(offsets, pa.scalar(first, offsets.type)) if first else offsets


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if pt.is_integer(column.type) and pt.is_timestamp(kind):
        return column.cast(pa.int64()).cast(kind)
    if pt.is_integer(column.type) and pt.is_date32(kind):
        return column.cast(pa.int32()).cast(kind)
    return column.cast(kind)


def _combined(column: pa.ChunkedArray, kind: pa.DataType | None) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        return pa.array([], kind or column.type)
    if pt.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()
