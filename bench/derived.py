"""Settling and what is read from it: CPU per span, the service graph, attribute names and values, a comparison.

`python -m bench.derived [--traces N] [--days N] [--directory DIR]` settles every stored trace anew: once as a running
Clew does, told of segments as they are stored, a lot after every second one; and once as after a start, when it finds
them in the store. CPU is user and system time of all threads of the process, background merges included.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.dataset import word
from bench.part import Part, Promise
from bench.stored import DAY_NS, add_arguments, generated, newest_ns, stored

from clew.derive import Settler
from clew.model import Scope
from clew.pipeline.rollup import Columns, trace_index
from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.explain import Group, explain
from clew.query.fields import fields, values
from clew.query.graph import graph
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.service.memory import share_heaps
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
SEGMENTS = 2
"""Segments of 100,000 spans to a lot: what 10,000 spans/s bring between two lots."""
GROUP_ROWS = 1000
"""Spans of a group commit: a batch of a segment."""
HOUR_NS = 3600 * 10**9
DERIVED = ("traces", "shapes", "edges_1m", "exceptions")
KEYS, VALUES = 500, 1000


def cpu_s() -> float:
    """Return user and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def settler_of(engine: EmbeddedEngine) -> Iterator[Settler]:
    """Return a settler with nothing settled yet, of a Clew that has run since before the first span."""
    for table in DERIVED:
        engine.execute(f"TRUNCATE TABLE {table}")
    numbers = itertools.count()
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as directory:
        began = time.time_ns()
        yield Settler(engine, Path(directory), ids=lambda: f"{began}-{next(numbers)}", quiet_s=0, told_since_ns=0)


def settle_arriving(engine: EmbeddedEngine, traces: int, days: int) -> tuple[int, float]:
    """Settle every trace as its segment is stored; returns the spans and the CPU seconds."""
    used = 0.0
    with settler_of(engine) as settler:
        for number, batch in enumerate(generated(engine, traces, days)):
            index = trace_index(Columns.of([batch]))
            groups = [batch.slice(first, GROUP_ROWS) for first in range(0, batch.num_rows, GROUP_ROWS)]
            before = cpu_s()
            settler.stored(index, f"segment/{number}", groups)
            if number % SEGMENTS == SEGMENTS - 1:
                settler.settle_due()
            used += cpu_s() - before
        before = cpu_s()
        settler.settle_due()
        return settler.stats().spans, used + cpu_s() - before


def settle_missed(engine: EmbeddedEngine) -> tuple[int, float]:
    """Settle every trace as after a start; returns the spans and the CPU seconds."""
    with settler_of(engine) as settler:
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
    options = parser.parse_args()
    share_heaps()  # as the server does
    with stored(options) as engine:
        missed, used_missed = settle_missed(engine)
        spans, used = settle_arriving(engine, options.traces, options.days)
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
        rows = [
            {"name": "settle_us", "value": used / spans * 1e6, "note": f"{spans:,} spans as they come in, all threads"},
            {
                "name": "settle_missed_us",
                "value": used_missed / missed * 1e6,
                "note": "after a start, read from the store",
            },
        ]
        rows += [
            {"name": name, "value": value, "note": against if name == "explain_ms" else note}
            for name, value in figures.items()
        ]
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
