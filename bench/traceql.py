"""How long reading and planning a query takes: the text into a checked tree, and that into SQL.

`python -m bench.traceql`
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.part import Part, Promise
from bench.table import ASKING

from clew.model import Scope
from clew.query.answer import Window
from clew.query.memo import Memo
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.read import Control, Read
from clew.query.traceql import lower, parse, print_query
from clew.store import EmbeddedEngine, Limits, migrate

PART = Part(
    title=ASKING,
    rows=(Promise("parse and plan a TraceQL query of 1 KB", "traceql_plan_ms", "ms", must=10, aim=3),),
)

CONJUNCTION = "{ " + " && ".join(f'span.attribute{at} = "value number {at}"' for at in range(24)) + " }"
MIXED = " | ".join(
    [
        '{ resource.service.name = "checkout" && span.http.status >= 500 } >> { kind = client || .a + 1 > 2 }',
        "by(resource.service.name, span.http.route)",
        "count() > 2",
        "coalesce()",
        "select(" + ", ".join(f"span.field{at}" for at in range(40)) + ")",
        '{ name =~ "GET /api/.*" && !(span.user = nil) && duration > 100ms }',
        "max(duration) > 3 * avg(duration)",
        "sort(duration desc)",
    ]
)
TEXTS = {"conjunction": CONJUNCTION, "mixed": MIXED}
RUNS, PLANS = 300, 21


def median_ms(work: Callable[[], object]) -> float:
    """Return the median time of a call in milliseconds."""
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return round(statistics.median(times) * 1e3, 3)


class Timed:
    """Passes calls on to an engine and adds up the time of its queries."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self.spent_s = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def query(self, *args: Any, **more: Any) -> Any:
        """Run a SELECT."""
        begun = time.perf_counter()
        try:
            return self._engine.query(*args, **more)
        finally:
            self.spent_s += time.perf_counter() - begun


def planned_ms(engine: Timed, text: str) -> float:
    """Return the median time from the text to the answer of an empty store, without that of the engine."""
    now, times = time.time_ns(), []
    for run in range(PLANS):
        read = Read(engine, Scope("default"), Limits(), Control(engine, f"plan-{run}"), Memo())
        engine.spent_s, begun = 0.0, time.perf_counter()
        find(read, parse(text), Ask(Window(now - 86_400 * 10**9, now)), now)
        times.append(time.perf_counter() - begun - engine.spent_s)
    return round(statistics.median(times) * 1e3, 3)


def main() -> None:
    """Print the figures as JSON."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as directory:
        engine = EmbeddedEngine(Path(directory))
        migrate(engine)
        planned = {name: planned_ms(Timed(engine), text) for name, text in TEXTS.items()}
        engine.close()
    for name, text in TEXTS.items():
        query = parse(text)
        found[f"traceql_parse_{name}_ms"] = median_ms(lambda text=text: parse(text))  # type: ignore[misc]
        found[f"traceql_print_{name}_ms"] = median_ms(lambda query=query: print_query(query))  # type: ignore[misc]
        found[f"traceql_lower_{name}_ms"] = median_ms(lambda query=query: lower(query))  # type: ignore[misc]
    worst = max(planned, key=planned.__getitem__)
    note = f"{len(TEXTS[worst])} characters, all SQL of a day's search, without the engine; median"
    told = [{"name": "traceql_plan_ms", "value": planned[worst], "note": note}]
    print(json.dumps(told + [{"name": name, "value": value} for name, value in found.items()]))


if __name__ == "__main__":
    main()
