"""Settling and what is read from it: CPU per span, the service graph, attribute names and values, a comparison.

`python -m bench.derived [--traces N] [--days N] [--directory DIR]` settles every stored trace anew. CPU is user and
system time of all threads of the process, merges included.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.dataset import word
from bench.part import Part, Promise
from bench.stored import DAY_NS, add_arguments, newest_ns, stored

from clew.derive import Settler
from clew.model import Scope
from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.explain import Group, explain
from clew.query.fields import fields, values
from clew.query.graph import graph
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.store import ArrowBatches, EmbeddedEngine, Limits
from clew.store.tables import ATTR_KEYS, ATTR_VALUES

PART = Part(
    title="Derived data",
    rows=(
        Promise("settle", "settle_us", "us/span", must=1.2, aim=0.6),
        Promise("service graph, 1 h", "graph_ms", "ms", must=50, aim=20),
        Promise("attribute names, then values of one, 24 h", "attributes_ms", "ms", must=50, aim=20),
        Promise("10,000 traces compared with the rest", "explain_ms", "ms", must=2000, aim=1000),
    ),
    stored_days=1,
)
RUNS = 9
HOUR_NS = 3600 * 10**9
DERIVED = ("traces", "shapes", "edges_1m", "exceptions")
KEYS, VALUES = 500, 1000


def cpu_s() -> float:
    """Return user and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def settle_all(engine: EmbeddedEngine) -> tuple[int, float]:
    """Settle every trace; returns the spans and the CPU seconds."""
    for table in DERIVED:
        engine.execute(f"TRUNCATE TABLE {table}")
    numbers = itertools.count()
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as directory:
        settler = Settler(engine, Path(directory), ids=lambda: f"{time.time_ns()}-{next(numbers)}")
        before = cpu_s()
        while settler.stats().days_to_check:
            settler.settle_missed()
        return settler.stats().spans, cpu_s() - before


def catalogue(engine: EmbeddedEngine, now: int) -> None:
    """Fill the attribute catalogue of the last day: 500 keys, and 1,000 values of some."""
    day = pa.array(np.full(KEYS, now // DAY_NS, np.int32)).cast(pa.date32())
    places = np.arange(KEYS, dtype=np.int32)
    same = np.zeros(KEYS, np.int32)
    names = [f"key.{n:03d}" for n in range(KEYS)]
    columns = [word(same, ["default"]), day, word(same, ["span"]), word(places, names), word(same, ["string"])]
    keys = pa.RecordBatch.from_arrays([*columns, pa.array(np.ones(KEYS, bool))], schema=ATTR_KEYS)
    engine.insert("attr_keys", ArrowBatches([keys]), token=f"bench/keys/{now}")
    rows = np.repeat(places, VALUES)
    flat = [column.take(pa.array(rows)) for column in columns]
    texts = pa.array([f"value {n:04d}" for n in range(VALUES)]).take(pa.array(np.tile(np.arange(VALUES), KEYS)))
    engine.insert(
        "attr_values",
        ArrowBatches([pa.RecordBatch.from_arrays([*flat, texts], schema=ATTR_VALUES)]),
        token=f"bench/values/{now}",
    )


def median_ms(engine: EmbeddedEngine, work: Callable[[Read, int], object]) -> float:
    """Return the median of warm runs."""
    times = []
    for run in range(RUNS + 2):
        read = Read(engine, Scope("default"), Limits(timeout_s=120), Control(engine, f"bench-{run}"), Memo())
        before = time.perf_counter()
        work(read, run)
        times.append((time.perf_counter() - before) * 1e3)
    return statistics.median(times[2:])


def main() -> None:
    """Settle and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    with stored(parser.parse_args()) as engine:
        spans, used = settle_all(engine)
        for table in DERIVED:
            engine.execute(f"OPTIMIZE TABLE {table} FINAL", timeout_s=3600.0)
        now = newest_ns(engine)
        catalogue(engine, now)
        day = Window(now - DAY_NS, now)
        hour = Window(now - HOUR_NS, now)
        chosen = Group(parse('{ resource.service.name =~ "tracegen-00|tracegen-01|tracegen-02" }'))

        def attributes(read: Read, run: int) -> None:
            fields(read, day, "")
            values(read, "span", f"key.{run:03d}", day, "")

        told: dict[str, object] = {}

        def compared(read: Read, _: int) -> None:
            answer = explain(read, chosen, None, hour).data
            told.update(selected=answer.selected, baseline=answer.baseline, keys=answer.keys)

        figures = {
            "graph_ms": median_ms(engine, lambda read, _: graph(read, hour)),
            "attributes_ms": median_ms(engine, attributes),
            "explain_ms": median_ms(engine, compared),
        }
        note = f"{spans:,} spans of a day, median"
        against = f"{told['selected']:,} against {told['baseline']:,} traces of an hour, {told['keys']} keys"
        rows = [{"name": "settle_us", "value": used / spans * 1e6, "note": f"{spans:,} spans, all threads"}]
        rows += [
            {"name": name, "value": value, "note": against if name == "explain_ms" else note}
            for name, value in figures.items()
        ]
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
