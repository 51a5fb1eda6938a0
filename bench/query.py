"""The reads as the API runs them: medians, best runs and CPU over a generated store, each run with other parameters.

`python -m bench.query [--traces N] [--days N] [--directory DIR]`: a directory that has the data already is used again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.dataset import SPANS_PER_TRACE, jaeger_shape
from bench.rollups import red as red_rows
from bench.rollups import slim, trace_index

from clew.model import SPANS, Scope
from clew.pipeline.rollup import Columns
from clew.pipeline.rollup import trace_index as index_rows
from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.memo import Memo
from clew.query.params import Params
from clew.query.read import Control, Read
from clew.query.red import RedQuery, red
from clew.query.search import plan, search
from clew.query.services import services
from clew.query.spancols import blocks
from clew.query.summary import summary
from clew.query.trace import where_trace
from clew.store import ArrowBatches, EmbeddedEngine, Limits, migrate

DAY_NS = 86_400 * 10**9
RUNS = 9
WIDE = 100_000
WIDE_TRACE = f"{0xB16:032x}"


class Bench:
    """One engine with one data set."""

    def __init__(self, engine: EmbeddedEngine, *, traces: int, days: int) -> None:
        self.engine = engine
        self.traces = traces
        self.days = days
        self.numbers = itertools.count(1)
        self.scope = Scope("default")
        self.best: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    def load(self) -> None:
        """Insert everything with its rollups, merge, and add one wide trace; nothing when it is there."""
        migrate(self.engine)
        if self.engine.query("SELECT count() AS n FROM trace_index").table.column("n")[0].as_py():
            return
        now = time.time_ns() // (600 * 10**9) * 600 * 10**9
        spread = self.days * DAY_NS
        for number, batch in enumerate(jaeger_shape(self.traces, start_ns=now - spread, spread_ns=spread, services=10)):
            operations, by_service = red_rows(batch)
            rows = {
                "spans": batch,
                "span_by_service": slim(batch),
                "trace_index": trace_index(batch),
                "red_1m": operations,
                "red_service_1m": by_service,
            }
            for table, data in rows.items():
                self.engine.insert(table, ArrowBatches([data]), token=f"bench/{number}/{table}")
        wide = wide_trace(now - DAY_NS // 2)
        self.engine.insert("spans", ArrowBatches([wide]), token="bench/wide/spans")
        index = index_rows(Columns.of([wide]))
        self.engine.insert("trace_index", ArrowBatches([index]), token="bench/wide/index")
        for table in ("spans", "span_by_service", "trace_index", "red_1m", "red_service_1m"):
            self.engine.execute(f"OPTIMIZE TABLE {table} FINAL", timeout_s=3600.0)

    def read(self) -> Read:
        """Return a fresh read, so that nothing is kept from the run before."""
        control = Control(self.engine, f"bench-{next(self.numbers)}")
        return Read(self.engine, self.scope, Limits(timeout_s=120), control, Memo())

    def median_ms(self, name: str, work: Callable[[Read, int], object]) -> float:
        """Return the median of warm runs; notes the best run and the CPU of the process beside it."""
        times, used = [], []
        for run in range(RUNS + 2):
            read = self.read()
            cpu, before = time.process_time(), time.perf_counter()
            work(read, run)
            times.append((time.perf_counter() - before) * 1e3)
            used.append((time.process_time() - cpu) * 1e3)
        self.best[name], self.cpu[name] = min(times[2:]), statistics.median(used[2:])
        return statistics.median(times[2:])

    def full_trace(self, read: Read, trace_id: str) -> object:
        """Read every column of a trace, as an export does."""
        params = Params()
        condition, _ = where_trace(read, trace_id, params)
        return read.query(f"SELECT * FROM spans WHERE tenant = {{tenant:String}} AND {condition}", params.values)

    def find(self, text: str, read: Read, now: int) -> object:
        """Search the last 24 hours."""
        window = Window(now - DAY_NS, now)
        return search(read, plan(parse(text), window, 20, None), now)

    def run(self) -> dict[str, float]:
        """Return the medians in milliseconds."""
        now = (
            self.engine.query("SELECT max(toUnixTimestamp64Nano(last)) AS n FROM trace_index")
            .table.column("n")[0]
            .as_py()
        )
        found = self.engine.query("SELECT trace_id FROM trace_index ORDER BY cityHash64(trace_id) LIMIT 64").table
        ids = [one.hex() for one in found.column("trace_id").to_pylist()]
        day = Window(now - DAY_NS, now)
        service = [f'{{ resource.service.name = "tracegen-{n:02d}" }}' for n in range(10)]
        works: dict[str, Callable[[Read, int], object]] = {
            "trace by id, time unknown": lambda read, run: list(blocks(read, ids[run], ids=False)),
            "trace by id, time unknown, all columns": lambda read, run: self.full_trace(read, ids[run]),
            "newest 20 of a service, 24 h": lambda read, run: self.find(service[run % 10], read, now),
            "newest 20 over 1 s, 24 h": lambda read, run: self.find(f"{{ duration > {1000 + run}ms }}", read, now),
            "newest 20 of one attribute value, 24 h": lambda read, run: self.find(
                f'{{ span.attr_{run:02d} = "val_{run + 11:02d}" }}', read, now
            ),
            "one attribute value that nothing has, 24 h": lambda read, run: self.find(
                f'{{ span.attr_{run:02d} = "none" }}', read, now
            ),
            "newest 20 of anything, 24 h": lambda read, _: self.find("{ }", read, now),
            "newest 20 errors, 24 h": lambda read, _: self.find("{ status = error }", read, now),
            "RED with p99, one service, 24 h by minute": lambda read, run: red(
                read, RedQuery(day, f"tracegen-{run % 10:02d}", step_s=60)
            ),
            "RED with p99, everything, 24 h by minute": lambda read, _: red(read, RedQuery(day, step_s=60)),
            "RED with p99 by service, 24 h by minute": lambda read, _: red(
                read, RedQuery(day, step_s=60, by_service=True)
            ),
            "services, 24 h": lambda read, _: services(read, day),
            "trace of 100,000 spans, first block": lambda read, _: next(blocks(read, WIDE_TRACE, ids=False)),
            "trace of 100,000 spans, all blocks": lambda read, _: list(blocks(read, WIDE_TRACE, ids=False)),
            "trace of 100,000 spans, summary": lambda read, _: summary(read, WIDE_TRACE, now),
        }
        return {name: self.median_ms(name, work) for name, work in works.items()}


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


def main() -> None:
    """Load and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=None)
    given = parser.parse_args()
    directory = given.directory or Path(tempfile.mkdtemp(prefix="clew-bench-"))
    engine = EmbeddedEngine(directory)
    try:
        bench = Bench(engine, traces=given.traces, days=given.days)
        bench.load()
        figures = {name: round(value, 1) for name, value in bench.run().items()}
        print(
            json.dumps(
                {
                    "machine": platform.platform(),
                    "spans": given.traces * SPANS_PER_TRACE,
                    "days": given.days,
                    "ms": figures,
                    "best_ms": {name: round(value, 1) for name, value in bench.best.items()},
                    "cpu_ms": {name: round(value, 1) for name, value in bench.cpu.items()},
                },
                indent=2,
            )
        )
    finally:
        engine.close()


if __name__ == "__main__":
    main()
