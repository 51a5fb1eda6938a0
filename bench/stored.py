"""The stored spans that benchmarks of reads share: `--traces` of ten spans over `--days`, with rollups, and merged.

A benchmark opens it with `add_arguments` and `stored`; a directory that has the data is used again, which is how
one run of `make bench` makes the ten million spans of a day once.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.dataset import SPANS_PER_TRACE, jaeger_shape
from bench.rollups import red as red_rows
from bench.rollups import slim, trace_index

from clew.codec.catalogue import Catalogue
from clew.model import SPANS
from clew.pipeline.catalogue import tables as catalogued
from clew.pipeline.rollup import Columns
from clew.pipeline.rollup import trace_index as index_rows
from clew.store import ArrowBatches, EmbeddedEngine, migrate

DAY_NS = 86_400 * 10**9
SERVICES = 10
WIDE = 100_000
WIDE_TRACE = f"{0xB16:032x}"
"""The one trace of 100,000 spans, half a day old."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how many spans are stored, and where."""
    parser.add_argument("--traces", type=int, default=1_000_000, help="traces of ten spans")
    parser.add_argument("--days", type=int, default=1, help="days that they spread over, up to now")
    parser.add_argument("--directory", type=Path, default=None, help="used again when it holds the data already")


@contextmanager
def stored(options: argparse.Namespace) -> Iterator[EmbeddedEngine]:
    """Open an engine that holds the data of the options; a directory that was not given is removed at the end."""
    directory = options.directory or Path(tempfile.mkdtemp(prefix="clew-bench-"))
    engine = EmbeddedEngine(directory)
    try:
        migrate(engine)
        if not newest_ns(engine):
            load(engine, traces=options.traces, days=options.days)
        yield engine
    finally:
        engine.close()
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


def newest_ns(engine: EmbeddedEngine) -> int:
    """Return when the newest stored trace ended: `now` of the data set. 0 when there is none."""
    found = engine.query("SELECT max(toUnixTimestamp64Nano(last)) AS n FROM trace_index").table
    return int(found.column("n")[0].as_py() or 0)


def generated(engine: EmbeddedEngine, traces: int, days: int) -> Iterator[pa.RecordBatch]:
    """Yield the stored spans again, but for the wide trace, as they were made."""
    found = engine.query("SELECT min(toUnixTimestamp64Nano(first)) AS n FROM trace_index").table
    first = int(found.column("n")[0].as_py())
    return jaeger_shape(traces, start_ns=first, spread_ns=days * DAY_NS, services=SERVICES)


def load(engine: EmbeddedEngine, *, traces: int, days: int) -> None:
    """Insert everything with its rollups, add one wide trace, and merge."""
    now = time.time_ns() // (600 * 10**9) * 600 * 10**9
    spread = days * DAY_NS
    catalogue = Catalogue()
    for number, batch in enumerate(jaeger_shape(traces, start_ns=now - spread, spread_ns=spread, services=SERVICES)):
        operations, by_service = red_rows(batch)
        rows = {
            **catalogued(catalogue.scan(batch, "span")),
            "spans": batch,
            "span_by_service": slim(batch),
            "trace_index": trace_index(batch),
            "red_1m": operations,
            "red_service_1m": by_service,
        }
        for table, data in rows.items():
            engine.insert(table, ArrowBatches([data]), token=f"bench/{number}/{table}")
    wide = wide_trace(now - DAY_NS // 2)
    engine.insert("spans", ArrowBatches([wide]), token="bench/wide/spans")
    engine.insert("trace_index", ArrowBatches([index_rows(Columns.of([wide]))]), token="bench/wide/index")
    for table in ("spans", "span_by_service", "trace_index", "red_1m", "red_service_1m"):
        engine.execute(f"OPTIMIZE TABLE {table} FINAL", timeout_s=3600.0)


def wide_trace(start_ns: int) -> pa.RecordBatch:
    """Return one trace of 100,000 spans: a tree ten levels deep."""
    batch = next(jaeger_shape(WIDE // SPANS_PER_TRACE, start_ns=start_ns, spread_ns=60 * 10**9, services=10))
    index = np.arange(WIDE)
    raw = bytes.fromhex(WIDE_TRACE) * WIDE
    columns = {
        "trace_id": pa.FixedSizeBinaryArray.from_buffers(SPANS.field("trace_id").type, WIDE, [None, pa.py_buffer(raw)]),
        "span_id": pa.array((index + 1).astype(np.uint64)),
        "parent_id": pa.array(np.where(index == 0, 0, (index - 1) // 4 + 1).astype(np.uint64)),
        "bucket": pa.array(np.full(WIDE, start_ns // 10**9 // 600 * 600)).cast(SPANS.field("bucket").type),
    }
    arrays = [columns.get(name, batch[name]) for name in SPANS.names]
    return pa.RecordBatch.from_arrays(arrays, schema=SPANS)
