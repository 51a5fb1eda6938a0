"""From numpy columns to the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Ints
from clew.model.schema import WORD

MINUTE_S = 60
_MINUTE_NS = 60 * 10**9
_LATEST_S = 2**32 - 1
_DENSE = 4
"""Cells per row up to which counting into all cells costs less than sorting."""


def batch(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Return a batch of a schema; numpy columns are cast to its types, times from plain integers."""
    arrays = [_array(columns[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values.cast(kind)
    if pa.types.is_timestamp(kind):
        return pa.array(values.astype(np.int64)).cast(kind)
    if pa.types.is_date32(kind):
        return pa.array(values.astype(np.int32)).cast(kind)
    return pa.array(values).cast(kind)


def words(codes: Ints, known: Sequence[str]) -> pa.Array:
    """Return a column of words from their codes; the engine takes no dictionary with the same word twice."""
    places: dict[str, int] = {}
    place = np.array([places.setdefault(word, len(places)) for word in known], np.int64)
    if len(places) < len(known):
        codes, known = place[codes], list(places)
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(known, pa.utf8())).cast(WORD)


def same_word(text: str, rows: int) -> pa.Array:
    """Return a column that says one word."""
    return words(np.zeros(rows, np.int64), [text])


def minutes(start: Ints) -> Ints:
    """Return the right-closed minute of each start, in seconds; the nearest that the engine can hold."""
    found: Ints = np.clip((start - 1) // _MINUTE_NS * MINUTE_S + MINUTE_S, 0, _LATEST_S)
    return found


def counts(group: Ints, word: Ints, known: Sequence[str], values: Ints | None, groups: int) -> pa.MapArray:
    """Return per group a map from word to how often it occurs, or to the sum of its values.

    Args:
        group: number of the group of each row.
        word: code of its word.
        known: the words.
        values: what to add; absent: one.
        groups: how many groups there are.
    """
    width = max(len(known), 1)
    keys = group * width + word
    if groups * width <= _DENSE * keys.size:
        known_keys = np.flatnonzero(np.bincount(keys, minlength=groups * width))
        place = np.zeros(groups * width, np.int64)
        place[known_keys] = np.arange(known_keys.size)
        keys, inverse = known_keys, place[keys]
    else:
        keys, inverse = np.unique(keys, return_inverse=True)
    sums: npt.NDArray[Any] = np.zeros(keys.size, np.int64)
    if values is None:
        sums = np.bincount(inverse, minlength=keys.size)
    else:
        np.add.at(sums, inverse, values)
    sizes = np.bincount(keys // width, minlength=groups)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    names = words(keys % width, known)
    return pa.MapArray.from_arrays(pa.array(offsets), names, pa.array(sums.astype(np.uint64)))
