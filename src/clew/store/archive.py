"""Copies of traces that outlive their spans."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from clew.model import Scope
from clew.store.engine import ArrowBatches, Engine
from clew.store.tables import KEPT_TRACES

_NS_PER_MS = 10**6


def keep_trace(engine: Engine, scope: Scope, trace_id: bytes, bodies: Sequence[bytes], now: int) -> None:
    """Store a copy of a trace durably; a later copy counts instead of an earlier one.

    Args:
        engine: where.
        scope: whose trace.
        trace_id: its id.
        bodies: the OTLP `TracesData` messages that make it up.
        now: nanoseconds; the time of the copy.
    """
    time_ms = now // _NS_PER_MS
    size = len(bodies)
    columns = {
        "tenant": pa.array([scope.tenant] * size).dictionary_encode(),
        "trace_id": pa.array([trace_id] * size, pa.binary(16)),
        "archived": pa.array([time_ms] * size, KEPT_TRACES.field("archived").type),
        "part": pa.array(range(size), pa.uint32()),
        "body": pa.array(list(bodies), pa.binary()),
    }
    batch = pa.RecordBatch.from_arrays([columns[name] for name in KEPT_TRACES.names], schema=KEPT_TRACES)
    token = f"archive/{scope.tenant}/{trace_id.hex()}/{time_ms}"
    engine.insert("kept_traces", ArrowBatches([batch]), token=token)
