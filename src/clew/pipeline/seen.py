"""Which resources, scopes and attribute keys the engine has already: inserted once a day, not with each segment."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyarrow as pa

Key = tuple[object, ...]
"""The values of the columns that tell rows apart."""


class Seen:
    """Remembers keys after their insert has returned; forgets the oldest when full, and each after a day."""

    def __init__(
        self,
        *columns: str,
        most: int = 200_000,
        refresh_s: float = 86_400,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._columns = columns
        self._most = most
        self._refresh_s = refresh_s
        self._monotonic = monotonic
        self._keys: dict[Key, float] = {}

    def new(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[Key]]:
        """Return the rows that the engine may not have, and their keys for `remember`."""
        keys: list[Key] = list(zip(*(batch.column(name).to_pylist() for name in self._columns), strict=True))
        oldest = self._monotonic() - self._refresh_s
        fresh = [self._keys.get(key, float("-inf")) < oldest for key in keys]
        if all(fresh):
            return batch, keys
        return batch.filter(pa.array(fresh)), [key for key, is_fresh in zip(keys, fresh, strict=True) if is_fresh]

    def remember(self, keys: list[Key]) -> None:
        """Note that the rows of these keys are stored."""
        now = self._monotonic()
        for key in keys:
            self._keys.pop(key, None)
            self._keys[key] = now
        while len(self._keys) > self._most:
            del self._keys[next(iter(self._keys))]
