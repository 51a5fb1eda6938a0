"""Rows of the engine back into the schemas of `model`: words as dictionaries, nested arrays as lists of structs."""

from __future__ import annotations

import pyarrow as pa


def conform(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns of a schema from a result of `SELECT *`."""
    arrays = []
    for field in schema:
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            struct = field.type.value_type
            parts = {part.name: _one(table.column(f"{field.name}.{part.name}")) for part in struct}
            arrays.append(_structs(parts, field.type))
        else:
            arrays.append(_as(_one(table.column(field.name)), field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, whatever dictionaries its chunks have."""
    plain = [_plain(chunk) for chunk in column.chunks]
    if not plain:
        return pa.array([], _plain_type(column.type))
    return plain[0] if len(plain) == 1 else pa.concat_arrays(plain)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _plain(array: pa.Array) -> pa.Array:
    """Return an array without dictionaries at any depth, so that chunks can be joined."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return array.dictionary_decode()
    if pa.types.is_map(kind):
        start, end = _ends(array)
        keys, items = array.keys.slice(start, end - start), array.items.slice(start, end - start)
        return pa.MapArray.from_arrays(_offsets(array), _plain(keys), _plain(items))
    if pa.types.is_list(kind):
        start, end = _ends(array)
        return pa.ListArray.from_arrays(_offsets(array), _plain(array.values.slice(start, end - start)))
    return array


def _ends(array: pa.Array) -> tuple[int, int]:
    offsets = array.offsets
    return offsets[0].as_py(), offsets[len(array)].as_py()


def _offsets(array: pa.Array) -> pa.Array:
    offsets = array.offsets
    return pa.compute.subtract(offsets, offsets[0]).cast(pa.int32())


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return an array (without dictionaries) with the model's type."""
    if array.type == kind:
        return array
    if pa.types.is_dictionary(kind):
        return _as(array, kind.value_type).dictionary_encode().cast(kind)
    if pa.types.is_map(kind):
        keys, items = _as(array.keys, kind.key_type), _as(array.items, kind.item_type)
        return pa.MapArray.from_arrays(array.offsets, keys, items, type=kind)
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(array.offsets, _as(array.values, kind.value_type), type=kind)
    if pa.types.is_integer(array.type) and pa.types.is_temporal(kind):
        width = pa.int32() if pa.types.is_date32(kind) else pa.int64()
        return array.cast(width).cast(kind)  # the engine gives dates and seconds as unsigned numbers
    return array.cast(kind)


def _structs(parts: dict[str, pa.Array], kind: pa.DataType) -> pa.Array:
    """Return one list of structs from the lists of its fields, which have the same lengths."""
    struct = kind.value_type
    children = [_as(parts[field.name].values, field.type) for field in struct]
    values = pa.StructArray.from_arrays(children, fields=list(struct))
    return pa.ListArray.from_arrays(next(iter(parts.values())).offsets, values, type=kind)
