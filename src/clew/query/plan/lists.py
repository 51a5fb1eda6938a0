"""Columns of lists as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def flat(table: pa.Table, name: str) -> tuple[Any, npt.NDArray[np.int64]]:
    """Return the elements of a column of lists, and the row of each."""
    lists = table.column(name).combine_chunks()
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    offsets = lists.offsets.to_numpy().astype(np.int64)
    row = np.repeat(np.arange(len(lists), dtype=np.int64), np.diff(offsets))
    return lists.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]], row
