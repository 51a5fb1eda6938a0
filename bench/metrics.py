"""Metrics queries as the API runs them, over the stored spans of a day: medians of warm runs.

`python -m bench.metrics [--traces N] [--days N] [--directory DIR]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from bench.part import Part, Promise
from bench.query import Bench
from bench.stored import DAY_NS, add_arguments, newest_ns, stored
from bench.table import ASKING

from clew.query.answer import Window
from clew.query.plan.grid import default_step
from clew.query.plan.metrics import metrics
from clew.query.plan.series import MetricsAsk
from clew.query.read import Read
from clew.query.traceql import parse

HOUR_NS = 3600 * 10**9
MINUTE_NS = 60 * 10**9
RATE = "{ } | rate() by (resource.service.name)"
QUANTILE = "{ } | quantile_over_time(duration, .5, .95, .99) by (resource.service.name)"
COMPARE = "{ } | compare({ status = error })"
STRUCTURE = '{ name = "lets-go" } >> { status = error } | rate() by (resource.service.name)'

PART = Part(
    title=ASKING,
    rows=(
        Promise(
            "rate by service, 24 h, from the rollup", "metrics_rate_rollup_ms", "ms", 100, 30, "77 at 0.6M (Tempo)"
        ),
        Promise("rate by service, 24 h, from spans", "metrics_rate_raw_ms", "ms", 600, 300),
        Promise(
            "quantiles by service, 24 h, from spans",
            "metrics_quantile_raw_ms",
            "ms",
            800,
            400,
            "1,583 at 1M (VictoriaTraces)",
        ),
        Promise("compare errors with the rest, 1 h", "metrics_compare_ms", "ms", 2000, 1000),
    ),
    stored_days=1,
)


def works(now: int) -> dict[str, Callable[[Read, int], object]]:
    """Return the questions by the names of their figures; a range that is off the minute is read from spans."""
    minute = now // MINUTE_NS * MINUTE_NS
    day = Window(minute - DAY_NS, minute)
    step = default_step(day) // MINUTE_NS * MINUTE_NS

    def asked(text: str, window: Window, step_ns: int, exemplars: int = 0) -> Callable[[Read, int], object]:
        query = parse(text)
        return lambda read, run: metrics(
            read, query, MetricsAsk(Window(window.from_ns - run * step_ns, window.to_ns), step_ns, exemplars=exemplars)
        )

    hour = Window(minute - HOUR_NS, minute)
    return {
        "metrics_rate_rollup_ms": asked(RATE, day, step),
        "metrics_rate_rollup_exemplars_ms": asked(RATE, day, step, 100),
        "metrics_rate_raw_ms": asked(RATE, day, step + 10**9),
        "metrics_quantile_rollup_ms": asked(QUANTILE, day, step),
        "metrics_quantile_raw_ms": asked(QUANTILE, day, step + 10**9),
        "metrics_attribute_raw_ms": asked("{ } | rate() by (span.attr_01)", day, step),
        "metrics_compare_ms": asked(COMPARE, hour, MINUTE_NS),
        "metrics_structure_1h_ms": asked(STRUCTURE, hour, MINUTE_NS),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    given = parser.parse_args()
    figures = []
    with stored(given) as engine:
        bench = Bench(engine)
        for name, work in works(newest_ns(engine)).items():
            value = round(bench.median_ms(name, work), 1)
            note = f"{10 * given.traces:,} spans of a day, median; CPU {bench.cpu[name]:.0f} ms"
            figures.append({"name": name, "value": value, "note": note})
            sys.stderr.write(f"{name}: {value} ms, {note}\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
