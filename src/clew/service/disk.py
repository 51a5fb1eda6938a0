"""What the data takes on disk, looked up now and then and remembered in between."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from clew.store import Engine, Limits, StoreError

_BY_TABLE = (
    "SELECT table, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts "
    "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"
)
_NEWEST = (
    "SELECT toUnixTimestamp64Nano(max(start)) AS newest, count() AS rows FROM span_by_service "
    "WHERE bucket >= (SELECT max(bucket) FROM span_by_service) AND start <= now() + {ahead:UInt32}"
)
_AHEAD = {"ahead": 600}
"""Seconds that a sender's clock may be fast; a span of next year is not the newest."""
_AGE_S = 2.0
"""The page asks every five seconds and tells how old the newest span is: an older answer would make it look late."""
_LIMITS = Limits(timeout_s=5.0, max_threads=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the engine holds."""

    bytes_by_table: Mapping[str, int]
    parts_by_table: Mapping[str, int]
    newest_span_ns: int | None
    up: bool


class DiskWatch:
    """Asks the engine at most every ten seconds, whoever wants to know; thread-safe."""

    def __init__(
        self, engine: Engine, directory: Path, *, clock: Callable[[], float] = time.monotonic, age_s: float = _AGE_S
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._clock = clock
        self._age_s = age_s
        self._lock = threading.Lock()
        self._known = Stored({}, {}, None, up=True)
        self._until = float("-inf")

    def stored(self) -> Stored:
        """Return what the engine holds, asking it when the last answer is old."""
        with self._lock:
            if self._clock() >= self._until:
                self._known = self._ask()
                self._until = self._clock() + self._age_s
            return self._known

    def known(self) -> Stored:
        """Return the last answer without asking."""
        return self._known

    def free_bytes(self) -> int:
        """Return the free bytes of the volume that the data directory is on."""
        volume = os.statvfs(self._directory)
        return volume.f_bavail * volume.f_frsize

    def volume_bytes(self) -> int:
        """Return the size of that volume."""
        volume = os.statvfs(self._directory)
        return volume.f_blocks * volume.f_frsize

    def _ask(self) -> Stored:
        try:
            rows = self._engine.query(_BY_TABLE, limits=_LIMITS).table.to_pylist()
            newest = self._engine.query(_NEWEST, _AHEAD, limits=_LIMITS).table.to_pylist()[0]
        except StoreError:
            return replace(self._known, up=False)
        return Stored(
            {row["table"]: int(row["bytes"]) for row in rows},
            {row["table"]: int(row["parts"]) for row in rows},
            int(newest["newest"]) if newest["rows"] else self._known.newest_span_ns,
            up=True,
        )
