"""How many spans match over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Total, Window
from clew.query.filters import Filter
from clew.query.params import Params
from clew.query.patterns import check_patterns
from clew.query.predicates import Days, Predicates, slim_enough, split_trace_filters
from clew.query.read import Read
from clew.query.scan import floor_bucket
from clew.query.steps import MS, round_step
from clew.query.tracefilters import exact


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts per step."""

    start_ms: list[int]
    step_ms: int
    total: list[int]
    errors: list[int]


def histogram(read: Read, filters: Sequence[Filter], window: Window, most: int) -> Answer[Histogram]:
    """Return the number of spans that start in the window and pass every filter, per step.

    Spans that were sent twice count twice, as everywhere where rates are shown.
    """
    check_patterns(read, filters)
    step = round_step(window.from_ns, window.to_ns, most)
    first, last = window.from_ns // step, window.to_ns // step
    of_span, of_trace = split_trace_filters(filters)
    params = Params()
    days = Days(params.day(window.from_ns), params.day(window.to_ns))
    low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
    conditions = [Predicates(params, days).conjunction(of_span), *exact(of_trace, params)]
    sql = f"""
        SELECT intDiv(toUnixTimestamp64Nano(start), {params.bind(step, "Int64")}) AS step, count() AS total,
            countIf(status = 2) AS errors
        FROM {"span_by_service" if slim_enough(of_span) else "spans"}
        WHERE tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high}
            AND start >= {params.time(window.from_ns)} AND start <= {params.time(window.to_ns)}
            AND {" AND ".join(conditions)}
        GROUP BY step
    """
    table = read.query(sql, params.values)
    counts = {row["step"]: (row["total"], row["errors"]) for row in table.to_pylist()}
    steps = range(first, last + 1)
    total = [counts.get(one, (0, 0))[0] for one in steps]
    data = Histogram(
        [one * step // MS for one in steps], step // MS, total, [counts.get(one, (0, 0))[1] for one in steps]
    )
    meta = Meta(total=Total(sum(total), exact=True), returned=len(total), scanned=read.scanned, window=window)
    return Answer(data, meta)
