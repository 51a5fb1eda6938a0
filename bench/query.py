"""The reads as the API runs them: medians, best runs and CPU over a generated store, each run with other parameters.

`python -m bench.query [--traces N] [--days N] [--directory DIR]`: a directory that has the data already is used again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import time
from collections.abc import Callable

from bench.dataset import SPANS_PER_TRACE
from bench.stored import DAY_NS, WIDE_TRACE, add_arguments, newest_ns, stored

from clew.model import Scope
from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.memo import Memo
from clew.query.params import Params
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.read import Control, Read
from clew.query.red import RedQuery, red
from clew.query.search import plan, search
from clew.query.services import services
from clew.query.spancols import blocks
from clew.query.summary import summary
from clew.query.trace import where_trace
from clew.query.traceql import parse as parse_query
from clew.store import EmbeddedEngine, Limits

RUNS = 9


class Bench:
    """One engine with one data set."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self.engine = engine
        self.numbers = itertools.count(1)
        self.scope = Scope("default")
        self.best: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

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

    def ask(self, text: str, read: Read, now: int) -> object:
        """Ask TraceQL about the last 24 hours, text to spansets."""
        return find(read, parse_query(text), Ask(Window(now - DAY_NS, now)), now)

    def run(self) -> dict[str, float]:
        """Return the medians in milliseconds."""
        now = newest_ns(self.engine)
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
            "newest 20 of one value of an unscoped key, 24 h": lambda read, run: self.ask(
                f'{{ .attr_{run:02d} = "val_{run + 11:02d}" }}', read, now
            ),
            "one attribute value that nothing has, 24 h": lambda read, run: self.find(
                f'{{ span.attr_{run:02d} = "none" }}', read, now
            ),
            "one long value, not indexed, that nothing has, 24 h": lambda read, run: self.ask(
                f'{{ span.attr_{run:02d} = "{"v" * 120}" }}', read, now
            ),
            "newest 20 of one value among others (A) && (B), 24 h": lambda read, run: self.ask(
                f'{{ span.attr_{run:02d} = "val_{run + 11:02d}" }} && {{ span.attr_{run + 1:02d} = "val_{run + 12}" }}',
                read,
                now,
            ),
            "newest 20 of two services in a trace (A) && (B), 24 h": lambda read, run: self.ask(
                f"{service[run % 10]} && {{ status = error }}", read, now
            ),
            "rare pairs of columns (A) && (B), 24 h": lambda read, run: self.ask(
                f"{{ kind = server }} && {{ status = error && duration > {1000 + run}ms }}", read, now
            ),
            "one long value, not indexed, beside errors (A) && (B), 24 h": lambda read, run: self.ask(
                f'{{ status = error }} && {{ span.attr_{run:02d} = "{"v" * 120}" }}', read, now
            ),
            "newest 20 of descendants (A) >> (B), one value, 24 h": lambda read, run: self.ask(
                f'{{ name = "lets-go" }} >> {{ span.attr_{run:02d} = "val_{run + 11:02d}" }}', read, now
            ),
            "newest 20 of descendants (A) >> (B), duration, 24 h": lambda read, run: self.ask(
                f'{{ name = "lets-go" }} >> {{ duration > {1000 + run}ms }}', read, now
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


def main() -> None:
    """Load and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    given = parser.parse_args()
    with stored(given) as engine:
        bench = Bench(engine)
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


if __name__ == "__main__":
    main()
