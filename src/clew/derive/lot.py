"""The traces that are settled together, as columns, and the table through which the engine is told which they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from clew.derive.numbers import Ints, spread
from clew.model import BUCKET_S, Scope
from clew.model.schema import ID128, SECONDS
from clew.store.engine import ArrowBatches, Engine, Limits, Param

LIMITS = Limits(timeout_s=600.0, max_threads=1, max_memory_bytes=4 << 30)
_TABLE = "settle_scratch"
_CREATE = f"""
    CREATE TABLE IF NOT EXISTS {_TABLE} (bucket DateTime('UTC'), trace_id FixedString(16)) ENGINE = Memory
"""
_SCHEMA = pa.schema([pa.field("bucket", SECONDS, nullable=False), pa.field("trace_id", ID128, nullable=False)])
NAMED = f"trace_id IN (SELECT trace_id FROM {_TABLE})"
"""SQL that is true for rows of the traces that were named last."""
PLACED = (
    "bucket >= toDateTime({low:UInt32}, 'UTC') AND bucket <= toDateTime({high:UInt32}, 'UTC') "
    f"AND (bucket, trace_id) IN (SELECT bucket, trace_id FROM {_TABLE})"
)
"""SQL that is true for the spans of the traces that were placed last; the parameters of `Scratch.place` go with it."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Traces as the index and their last settled rows know them; columns of equal length."""

    ids: pa.Array
    low: Ints
    """First and last bucket, in seconds."""
    high: Ints
    rows: Ints
    """Stored rows as the index counts them."""
    rows_before: Ints
    """Stored rows when it was settled last, 0 for never."""
    received_before: Ints
    """When the last of those came in, in ms."""
    day: Ints
    """Day of its settled row, in days since 1970."""

    @classmethod
    def new(cls, ids: pa.Array, low: Ints, high: Ints, rows: Ints) -> Lot:
        """Return traces that were never settled."""
        never = np.zeros(len(ids), np.int64)
        return cls(ids, low, high, rows, never, never, never)

    @classmethod
    def none(cls) -> Lot:
        """Return no traces."""
        return cls.new(pa.array([], ID128), *[np.zeros(0, np.int64)] * 3)

    @property
    def size(self) -> int:
        """Number of traces."""
        return len(self.ids)

    def beside(self, other: Lot) -> Lot:
        """Return these traces and then others."""
        columns = (np.concatenate([getattr(self, name), getattr(other, name)]) for name in _COLUMNS)
        return Lot(pa.concat_arrays([self.ids, other.ids]), *columns)

    def take(self, places: Ints) -> Lot:
        """Return some of the traces."""
        return Lot(self.ids.take(pa.array(places)), *(getattr(self, name)[places] for name in _COLUMNS))

    def portions(self, spans: int) -> Iterator[Lot]:
        """Yield the traces in runs of about so many spans, never cutting a trace."""
        run = (np.cumsum(self.rows) - self.rows) // spans
        for one in np.unique(run):
            yield self.take(np.flatnonzero(run == one))


_COLUMNS = tuple(field.name for field in fields(Lot) if field.name != "ids")


class Scratch:
    """Names traces to the engine: lists of ids are costly as parameters."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._numbers = itertools.count()
        self._made = False

    def name(self, ids: pa.Array) -> None:
        """Make `NAMED` mean these traces."""
        self._fill(pa.array(np.zeros(len(ids), np.int64)).cast(SECONDS), ids)

    def place(self, lot: Lot, scope: Scope) -> dict[str, Param]:
        """Make `PLACED` mean the spans of these traces; returns its parameters and the tenant."""
        counts = (lot.high - lot.low) // BUCKET_S + 1
        steps = spread(np.zeros(lot.size, np.int64), counts)
        trace = np.repeat(np.arange(lot.size), counts)
        self._fill(pa.array(lot.low[trace] + steps * BUCKET_S).cast(SECONDS), lot.ids.take(pa.array(trace)))
        return {"tenant": scope.tenant, "low": int(lot.low.min()), "high": int(lot.high.max())}

    def query(self, sql: str, params: dict[str, Param]) -> pa.Table:
        """Run a SELECT in the background's limits."""
        return self.engine.query(sql, params, limits=LIMITS).table

    def _fill(self, buckets: pa.Array, ids: pa.Array) -> None:
        if not self._made:
            self.engine.execute(_CREATE)
            self._made = True
        self.engine.execute(f"TRUNCATE TABLE {_TABLE}")
        batch = pa.RecordBatch.from_arrays([buckets, ids], schema=_SCHEMA)
        self.engine.insert(_TABLE, ArrowBatches([batch]), token=f"scratch/{next(self._numbers)}")
