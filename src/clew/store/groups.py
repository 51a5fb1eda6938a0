"""Grouping rows by several integer columns, with hashing in Arrow and sums in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.store.table import HIST

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROOM = 2**62


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each row belongs to; groups are numbered in the order in which they first occur."""

    codes: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    """The first row of each group."""

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.first)

    def sizes(self) -> Ints:
        """Return the number of rows of each group."""
        return np.bincount(self.codes, minlength=self.count).astype(np.int64)

    def sums(self, values: npt.NDArray[Any]) -> Floats:
        """Return the sum of each group, added in row order."""
        return np.bincount(self.codes, weights=values, minlength=self.count).astype(np.float64)


def histograms(groups: Groups, bucket: Ints, weighted: npt.NDArray[Any]) -> pa.MapArray:
    """Return one histogram per group, its buckets ascending; each (group, bucket) must occur once."""
    order = np.lexsort((bucket, groups.codes))
    offsets = np.concatenate(([0], np.cumsum(groups.sizes()))).astype(np.int32)
    return pa.MapArray.from_arrays(
        pa.array(offsets), pa.array(bucket[order].astype(np.int16)), pa.array(weighted[order]), type=HIST
    )


def by_code(codes: npt.NDArray[Any], count: int) -> Groups:
    """Return the groups of codes that already run from 0 to `count` in the order of their first rows."""
    first = np.empty(count, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return Groups(codes.astype(np.intp), first)


def encode(keys: pa.Array) -> Groups:
    """Return the groups of equal values."""
    encoded = keys.dictionary_encode()
    return by_code(encoded.indices.to_numpy(zero_copy_only=False), len(encoded.dictionary))


def group(*columns: Ints) -> Groups:
    """Return the groups of rows in which all columns are equal."""
    return encode(pa.array(_packed(columns)))


def _packed(columns: tuple[Ints, ...]) -> Ints:
    """Put the columns into one integer; where they do not fit, what was packed so far is numbered anew."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    width = 1
    for column in columns:
        low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
        span = high - low + 1
        if width * span >= _ROOM:
            groups = encode(pa.array(key))
            key, width = groups.codes.astype(np.int64), groups.count
        if width * span >= _ROOM:
            groups = encode(pa.array(column))
            column, low, span = groups.codes.astype(np.int64), 0, groups.count  # noqa: PLW2901 - the same, numbered
        key = key * span + (column - low)
        width *= span
    return key
