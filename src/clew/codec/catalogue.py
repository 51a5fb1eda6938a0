"""The attribute catalogue: the keys and values of a batch that have not been written yet."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from clew.codec.native import NativeCatalogue

MAX_VALUES = 1000
"""Values that are kept per key, type and day."""

Level = Literal["span", "event", "link", "resource", "scope", "log"]


class Catalogue:
    """Remembers what was written, so that each key and value is handed out once per tenant and day.

    The memory starts empty with the process and is bounded: the store merges what is written twice.
    """

    def __init__(self, max_values: int = MAX_VALUES) -> None:
        self._native = NativeCatalogue(max_values)

    def scan(self, batch: pa.RecordBatch, level: Level) -> pa.RecordBatch:
        """Return what is new in a batch of spans (also for its events and links), logs, resources or scopes.

        Returns:
            Columns tenant, day, level, key, type (string, int, float, bool, any), value as text, more. A row with
            `more` has no value: it says, once per key and day, that some values are not catalogued, because there
            are too many, they are longer than 128 characters, or they are no scalars.
        """
        return pa.record_batch(self._native.scan(batch, level))

    def commit(self) -> None:
        """Take all that was handed out as written."""
        self._native.commit()

    def rollback(self) -> None:
        """Take what was handed out since the last commit as not written: it is handed out again."""
        self._native.rollback()
