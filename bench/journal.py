"""CPU per span of the journal, the rollups and each insert: `python bench/journal.py [SEGMENTS]`."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from clew.codec.catalogue import Catalogue
from clew.journal import JournalSettings, LocalJournal
from clew.pipeline import catalogue
from clew.pipeline.plan import Plan
from clew.pipeline.rollup import Columns, red_tables, trace_index
from clew.store.embedded import EmbeddedEngine
from clew.store.migrate import migrate
from clew.testing.groups import GroupSource

ROWS = 100_000
GROUP_REQUESTS = 20


class Costs:
    """User and system time of all threads, by step."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Add what happens inside to a step."""
        began = time.process_time()
        yield
        self._seconds[step] += time.process_time() - began

    def show(self, spans: int) -> None:
        """Print microseconds per span."""
        for step, seconds in self._seconds.items():
            print(f"{step:<34} {seconds / spans * 1e6:7.2f} us/span")
        print(f"{'sum':<34} {sum(self._seconds.values()) / spans * 1e6:7.2f} us/span")


def _fill(journal: LocalJournal, source: GroupSource, costs: Costs) -> int:
    groups, rows = [], 0
    while rows < ROWS * 0.9:
        groups.append(source.group(GROUP_REQUESTS))
        rows += groups[-1].spans.num_rows
    left = threading.Semaphore(0)

    def done(error: Exception | None) -> None:
        assert error is None
        left.release()

    with costs.of("journal: write and sync"):
        for group in groups:
            journal.append(group, done)
        for _ in groups:
            left.acquire()
        journal.seal()
    return rows


def _rollups(spans: list[pa.RecordBatch], costs: Costs) -> None:
    """Measure what `Plan.steps` makes on its way, apart."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("rollup: columns", lambda: Columns.of(spans)),
    ]
    for name, call in steps:
        with costs.of(name):
            call()
    columns = Columns.of(spans)
    with costs.of("rollup: trace_index"):
        trace_index(columns)
    with costs.of("rollup: red"):
        red_tables(columns)


def main(segments: int) -> None:
    """Fill and store segments; the first one warms up and is not counted."""
    with tempfile.TemporaryDirectory() as room:
        engine = EmbeddedEngine(Path(room) / "engine")
        migrate(engine)
        journal = LocalJournal(Path(room) / "journal", JournalSettings(reserve_bytes=0, idle_interval_s=60))
        journal.start()
        source, plan, known = GroupSource(spans=512), Plan(), Catalogue()
        spans, costs, apart = 0, Costs(), Costs()
        for number in range(segments + 1):
            if number == 1:
                spans, costs, apart = 0, Costs(), Costs()
            spans += _fill(journal, source, costs)
            with costs.of("journal: read and verify"):
                segment = journal.next_sealed(10)
            assert segment is not None
            _rollups(list(segment.content["spans"]), apart)
            with apart.of("catalogue: scan"):
                new = catalogue.scan(known, segment)
            with apart.of("catalogue: tables"):
                _ = new is not None and catalogue.tables(new)
                known.commit()
            with costs.of("rollups and catalogue"):
                steps = list(plan.steps(segment))
            for step in steps:
                with costs.of(f"insert: {step.table}"):
                    engine.insert(step.table, step.source, token=f"{segment.token}/{step.table}")
                step.done()
            with costs.of("journal: commit"):
                journal.commit(segment, stored_spans=segment.rows["spans"], stored_logs=0)
        costs.show(spans)
        print("\nof these, apart:")
        apart.show(spans)
        journal.stop()
        engine.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
