"""The store alone: CPU of inserts and merges, bytes on disk, and the reads that the tables were made for.

`python -m bench.store [--traces N] [--days N] [--no-index]`: CPU is user + system of all threads of this process.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
from bench.dataset import SPANS_PER_TRACE, jaeger_shape
from bench.rollups import red, slim, trace_index

from clew.store import ArrowBatches, EmbeddedEngine, MigrationOptions, indexed_item, migrate
from clew.store.histogram import quantile_expression
from clew.store.tables import TABLES

DAY_S = 86_400
RUNS = 9


def cpu_s() -> float:
    """Return user and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mib() -> float:
    """Return the resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Bench:
    """One engine with one data set."""

    def __init__(self, engine: EmbeddedEngine, *, traces: int, days: int, first_day_s: int) -> None:
        self.engine = engine
        self.traces = traces
        self.days = days
        self.first_day_s = first_day_s
        self.spans = traces * SPANS_PER_TRACE
        self.cpu: dict[str, float] = {}

    def _timed(self, name: str, work: Callable[[], None]) -> None:
        before = cpu_s()
        work()
        self.cpu[name] = self.cpu.get(name, 0.0) + cpu_s() - before

    def load(self) -> None:
        """Insert everything with its rollups, then merge each day to one part."""
        idle = cpu_s()
        batches = jaeger_shape(
            self.traces, start_ns=self.first_day_s * 10**9, spread_ns=self.days * DAY_S * 10**9, per_batch=10_000
        )
        for number, batch in enumerate(batches):
            by_name, by_service = red(batch)
            rows = {
                "spans": batch,
                "span_by_service": slim(batch),
                "trace_index": trace_index(batch),
                "red_1m": by_name,
                "red_service_1m": by_service,
            }
            for table, data in rows.items():
                self._timed(f"insert {table}", partial(self._insert, table, data, number))
        self.cpu["(background merges and making the rows)"] = cpu_s() - idle - sum(self.cpu.values())
        for table in TABLES:
            sql = f"OPTIMIZE TABLE {table.name} FINAL"
            self._timed(f"merge {table.name}", lambda sql=sql: self.engine.execute(sql, timeout_s=3600.0))

    def _insert(self, table: str, data: pa.RecordBatch, number: int) -> None:
        self.engine.insert(table, ArrowBatches([data]), token=f"bench/{number}/{table}")

    def disk(self) -> dict[str, float]:
        """Return bytes per span of each table."""
        found = self.engine.query(
            "SELECT table, toUInt64(sum(bytes_on_disk)) AS bytes, "
            "toUInt64(sum(secondary_indices_compressed_bytes)) AS ix "
            "FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY bytes DESC"
        ).table.to_pylist()
        sizes = {row["table"]: row["bytes"] / self.spans for row in found}
        indexes = next(row["ix"] for row in found if row["table"] == "spans") / self.spans
        return {
            "spans alone": sizes["spans"] - indexes,
            "indexes of spans": indexes,
            **sizes,
            "all": sum(sizes.values()),
        }

    def median_ms(self, sql: str, params: Callable[[int], dict[str, object]]) -> float:
        """Return the median of warm runs, each with other parameters, without the engine's cache of conditions."""
        times = []
        for run in range(RUNS + 2):
            bound = params(run)
            before = time.perf_counter()
            self.engine.query(f"{sql} SETTINGS use_query_condition_cache = 0", bound)
            times.append((time.perf_counter() - before) * 1e3)
        return statistics.median(times[2:])

    def reads(self) -> dict[str, float]:
        """Return the medians of the reads that have a budget."""
        ids = self.engine.query(
            "SELECT trace_id, min(min_bucket) AS lo, max(max_bucket) AS hi FROM trace_index "
            "WHERE cityHash64(trace_id) % 7 = 1 GROUP BY trace_id ORDER BY trace_id LIMIT 50"
        ).table.to_pylist()
        last_s = self.first_day_s + self.days * DAY_S

        def window(_: int) -> dict[str, object]:
            return {"from": last_s - DAY_S, "service": "tracegen-01"}

        def by_id(run: int) -> dict[str, object]:
            return {"id": ids[run]["trace_id"], "lo": ids[run]["lo"], "hi": ids[run]["hi"]}

        def item(run: int) -> dict[str, object]:
            key, value = f"attr_{run:02d}", f"val_{run + 11}"
            return {**window(run), "item": indexed_item(key, value), "key": key, "value": value}

        own = "tenant = 'default' AND bucket >= toDateTime({from:UInt32}, 'UTC')"
        look_up = self.median_ms(
            "SELECT min(min_bucket), max(max_bucket), sum(spans), min(root) FROM trace_index "
            "WHERE tenant = 'default' AND trace_id = {id:FixedString(16)} GROUP BY trace_id",
            by_id,
        )
        whole = "SELECT * FROM spans WHERE tenant = 'default' AND trace_id = {id:FixedString(16)}"
        bounded = " AND bucket BETWEEN toDateTime({lo:UInt32}, 'UTC') AND toDateTime({hi:UInt32}, 'UTC')"
        p99 = quantile_expression("h", "0.99")
        return {
            "trace index by id": look_up,
            "all columns of a trace, bucket known": self.median_ms(whole + bounded, by_id),
            "newest 20 of a service, 24 h": self.median_ms(
                f"SELECT trace_id, start FROM span_by_service WHERE {own} AND service = {{service:String}} "
                "ORDER BY tenant DESC, service DESC, start DESC LIMIT 20",
                window,
            ),
            "newest 20 over 1 s, 24 h": self.median_ms(
                f"SELECT trace_id, start FROM spans WHERE {own} AND duration > 1000000000 ORDER BY start DESC LIMIT 20",
                window,
            ),
            "one attribute value, newest 20, 24 h": self.median_ms(
                f"SELECT trace_id, start FROM spans WHERE {own} AND has(items, {{item:String}}) "
                "AND attr_str[{key:String}] = {value:String} ORDER BY start DESC LIMIT 20",
                item,
            ),
            "RED with p99 per minute and service, 24 h": self.median_ms(
                f"SELECT minute, service, n, {p99} FROM (SELECT minute, service, sum(n) AS n, sumMap(hist) AS h "
                "FROM red_service_1m WHERE tenant = 'default' AND minute > toDateTime({from:UInt32}, 'UTC') "
                "GROUP BY minute, service)",
                window,
            ),
        }


def main() -> None:
    """Load, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--no-index", action="store_true")
    options = parser.parse_args()
    today_s = int(time.time()) // DAY_S * DAY_S
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as directory:
        engine = EmbeddedEngine(Path(directory))
        migrate(engine, options=MigrationOptions(attribute_index=not options.no_index))
        bench = Bench(engine, traces=options.traces, days=options.days, first_day_s=today_s - options.days * DAY_S)
        bench.load()
        report = {
            "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
            "spans": bench.spans,
            "days": options.days,
            "attribute_index": not options.no_index,
            "cpu_us_per_span": {name: round(used / bench.spans * 1e6, 2) for name, used in bench.cpu.items()},
            "disk_bytes_per_span": {name: round(size, 2) for name, size in bench.disk().items()},
            "median_ms": {name: round(value, 1) for name, value in bench.reads().items()},
            "resident_mib": round(resident_mib()),
        }
        engine.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
