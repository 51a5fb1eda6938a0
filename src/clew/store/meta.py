"""The table `clew_meta`: what Clew remembers about the data beside the data."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from clew.model import now_ns
from clew.store.engine import ArrowBatches, Engine
from clew.store.tables import META

SCHEMA_VERSION_KEY = "schema_version"


class Meta:
    """Read and write `clew_meta`; the last write of a key wins."""

    def __init__(self, engine: Engine, now: Callable[[], int] = now_ns) -> None:
        self._engine = engine
        self._now = now

    def exists(self) -> bool:
        """Return whether the table is there; it is not in an empty database."""
        found = self._engine.query(
            "SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND name = 'clew_meta'"
        )
        return bool(found.table["n"][0].as_py())

    def get(self, prefix: str = "") -> dict[str, str]:
        """Return values by key, for keys that start with `prefix`."""
        found = self._engine.query(
            "SELECT key, argMax(value, updated) AS value FROM clew_meta WHERE startsWith(key, {prefix:String}) "
            "GROUP BY key ORDER BY key",
            {"prefix": prefix},
        )
        return {row["key"]: row["value"] for row in found.table.to_pylist()}

    def put(self, key: str, value: str) -> None:
        """Store a value; it wins over the earlier ones even when the clock was set back."""
        last = self._engine.query("SELECT toUnixTimestamp64Nano(max(updated)) AS last FROM clew_meta")
        now = max(self._now(), last.table["last"][0].as_py() + 1)
        row = pa.record_batch(
            [pa.array([key]), pa.array([value]), pa.array([now], META.field("updated").type)], schema=META
        )
        self._engine.insert("clew_meta", ArrowBatches([row]), token=f"meta/{key}/{now}")

    def version(self) -> int:
        """Return the schema version of the data, 0 for an empty database."""
        return int(self.get(SCHEMA_VERSION_KEY).get(SCHEMA_VERSION_KEY, "0")) if self.exists() else 0
