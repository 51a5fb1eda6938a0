"""Which traces have grown, and since when they are quiet."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from clew.model.schema import ID128

_SCHEMA = pa.schema([("tenant", pa.utf8()), ("trace_id", ID128), ("at", pa.float64())])


class Grown:
    """Traces with the time at which their last span was stored; thread-safe."""

    def __init__(self, quiet_s: float) -> None:
        self.quiet_s = quiet_s
        self._lock = threading.Lock()
        self._new: list[pa.Table] = []
        self._known = _SCHEMA.empty_table()

    def add(self, index: pa.RecordBatch, at: float) -> None:
        """Note rows of `trace_index` that were stored at a time."""
        tenants = index.column("tenant")
        rows = pa.table([tenants, index.column("trace_id"), pa.array([at] * index.num_rows)], names=_SCHEMA.names)
        with self._lock:
            self._new.append(rows)

    def due(self, now: float) -> Iterator[tuple[str, pa.Array]]:
        """Yield the traces that are quiet, by tenant, the oldest first; they stay until they are `done`."""
        known = self._merged()
        quiet = known.filter(pc.less_equal(known.column("at"), now - self.quiet_s)).sort_by("at")
        for tenant in quiet.column("tenant").unique().to_pylist():
            yield tenant, quiet.filter(pc.equal(quiet.column("tenant"), tenant)).column("trace_id").combine_chunks()

    def done(self, tenant: str, ids: pa.Array, now: float) -> None:
        """Forget traces that were due at a time and are settled; those that have grown meanwhile stay."""
        with self._lock:
            known = self._known
            gone = pc.and_(
                pc.and_(
                    pc.equal(known.column("tenant"), tenant), pc.less_equal(known.column("at"), now - self.quiet_s)
                ),
                pc.is_in(known.column("trace_id"), ids),
            )
            self._known = known.filter(pc.invert(gone))

    def unsettled_ids(self) -> pa.Array:
        """Return the ids of all traces that are known to have grown."""
        return self._merged().column("trace_id").combine_chunks()

    def state(self, now: float) -> tuple[int, float]:
        """Return how many traces have grown, and for how long the oldest could have been settled, in seconds."""
        known = self._merged()
        oldest = pc.min(known.column("at")).as_py()
        return known.num_rows, max(0.0, now - self.quiet_s - oldest) if oldest is not None else 0.0

    def _merged(self) -> pa.Table:
        """Put what is new to what is known; the last time of each trace counts."""
        with self._lock:
            if self._new:
                parts = [self._known, *(part.cast(_SCHEMA) for part in self._new)]
                self._new = []
                merged = pa.concat_tables(parts).group_by(["tenant", "trace_id"]).aggregate([("at", "max")])
                self._known = merged.rename_columns({"at_max": "at"}).select(_SCHEMA.names).cast(_SCHEMA)
            return self._known
