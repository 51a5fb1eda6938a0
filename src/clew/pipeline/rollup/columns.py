"""The columns that the rollups read, as numpy arrays over one batch's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.store.groups import Floats, Ints

COLUMNS = (
    "tenant",
    "trace_id",
    "span_id",
    "parent_id",
    "start",
    "bucket",
    "duration",
    "service",
    "name",
    "kind",
    "status",
    "weight",
)
"""Names of the columns, all present in every segment."""

_LONGEST_NS = 2**63 - 1


def one_batch(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Put batches behind each other: one dictionary per column, rows in their order."""
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(list(batches)).unify_dictionaries().combine_chunks()
    return table.to_batches()[0] if table.num_rows else batches[0]


def numbers(column: pa.Array, kind: pa.DataType | None = None) -> npt.NDArray[Any]:
    """View a column of numbers or times without copying."""
    values: npt.NDArray[Any] = (column.view(kind) if kind is not None else column).to_numpy(zero_copy_only=False)
    return values


@dataclass(frozen=True, slots=True)
class Columns:
    """One batch with the columns of `COLUMNS`, and its times as plain integers."""

    batch: pa.RecordBatch
    start: Ints
    """Nanoseconds."""
    bucket: Ints
    """Seconds."""
    duration: npt.NDArray[np.uint64]
    weight: Floats

    @staticmethod
    def of(batches: Sequence[pa.RecordBatch]) -> Columns:
        """Take what the rollups need from the batches of a segment."""
        batch = one_batch([batch.select(COLUMNS) for batch in batches])
        return Columns(
            batch,
            numbers(batch.column("start"), pa.int64()),
            numbers(batch.column("bucket"), pa.int64()),
            numbers(batch.column("duration")),
            numbers(batch.column("weight")).astype(np.float64),
        )

    def codes(self, name: str) -> Ints:
        """Return the dictionary indices of a column of words: equal words, equal codes."""
        return numbers(self.batch.column(name).indices).astype(np.int64)

    def plain(self, name: str) -> Ints:
        """Return a column of small numbers as integers."""
        return numbers(self.batch.column(name)).astype(np.int64)

    def end(self) -> Ints:
        """Return start + duration, at most the latest time that the model can hold."""
        room = (_LONGEST_NS - self.start).astype(np.uint64)
        return self.start + np.minimum(self.duration, room).astype(np.int64)
