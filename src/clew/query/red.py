"""Rate, errors and durations over time, from the rollups; steps below a minute from spans."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from clew.model import Kind
from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.errors import InvalidRequestError
from clew.query.params import Params
from clew.query.read import Read
from clew.query.rollup import source
from clew.query.steps import MAX_STEPS, MS, S, round_step
from clew.store.histogram import quantiles_of

POINTS = 61
MINUTE_S = 60
MOST_SERVICES = 100
"""Most services with a series of their own."""


@dataclass(frozen=True, slots=True)
class RedQuery:
    """Which spans, and how finely."""

    window: Window
    service: str | None = None
    name: str | None = None
    kind: Kind | None = None
    step_s: int | None = None
    by_service: bool = False
    """A series per service instead of one of all."""


@dataclass(frozen=True, slots=True)
class ServiceSeries:
    """The series of one service; its entries belong to the same steps."""

    service: str
    rate: list[float]
    errors: list[float]
    p50_ns: list[float | None]
    p95_ns: list[float | None]
    p99_ns: list[float | None]
    n: list[int]


@dataclass(frozen=True, slots=True)
class Red:
    """One series; entry i covers (start_ms[i], start_ms[i] + step_ms]."""

    start_ms: list[int]
    step_ms: int
    rate: list[float]
    errors: list[float]
    p50_ns: list[float | None]
    p95_ns: list[float | None]
    p99_ns: list[float | None]
    n: list[int]
    series: list[ServiceSeries]
    """One per service when asked by service, most spans first; the lists above are empty then."""


def red(read: Read, query: RedQuery) -> Answer[Red]:
    """Return the series of a window, whose ends are widened to whole steps.

    Raises:
        InvalidRequestError: the step is too fine for the window.
    """
    step = _step(query)
    first, last = query.window.from_ns // step, -(-query.window.to_ns // step)
    wide = Window(first * step + 1, max(last, first + 1) * step)
    steps = range(first, max(last, first + 1))
    params = Params()
    of = source(wide, params, by_operation=query.name is not None or query.kind is not None, raw=bool(step % (60 * S)))
    where = [of.where]
    where += [f"service = {params.text(query.service)}"] if query.service is not None else []
    where += [f"name = {params.text(query.name)}"] if query.name is not None else []
    where += [f"kind = {params.bind(int(query.kind), 'UInt8')}"] if query.kind is not None else []
    group = "service" if query.by_service else "''"
    sql = f"""
        SELECT {group} AS one, intDiv({of.offset} - 1, {params.bind(step, "Int64")}) AS step, {of.count} AS spans,
            {of.errors} AS failed, {of.hist} AS merged
        FROM {of.table} WHERE tenant = {{tenant:String}} AND {" AND ".join(where)} GROUP BY one, step
    """
    series = _series(read.query(sql, params.values), first, len(steps), step / S)
    total = Total(sum(sum(one.n) for one in series), exact=True)
    cut = None
    if query.by_service:
        cut = Truncated("more services than are listed", MOST_SERVICES, "ask for one service")
        cut = cut if len(series) > MOST_SERVICES else None
        data = Red([one * step // MS for one in steps], step // MS, [], [], [], [], [], [], series[:MOST_SERVICES])
    else:
        (one,) = series or _series(None, first, len(steps), step / S)
        quantiles = (one.p50_ns, one.p95_ns, one.p99_ns)
        data = Red([at * step // MS for at in steps], step // MS, one.rate, one.errors, *quantiles, one.n, [])
    meta = Meta(total=total, returned=len(steps), truncated=cut, scanned=read.scanned, window=query.window)
    return Answer(data, meta)


def _series(table: pa.Table | None, first: int, steps: int, seconds: float) -> list[ServiceSeries]:
    """Return a series per value of `one` from rows per step, without a table one that is empty."""
    if table is None:
        nothing: list[float | None] = [None] * steps
        return [ServiceSeries("", [0.0] * steps, [0.0] * steps, nothing, nothing, nothing, [0] * steps)]
    table = table.combine_chunks()
    names = table.column("one").to_pylist()
    spots = (table.column("step").to_numpy() - first).tolist()
    hists = table.column("merged").combine_chunks()
    hists = hists.chunk(0) if isinstance(hists, pa.ChunkedArray) and hists.num_chunks else hists
    p50, p95, p99 = quantiles_of(hists, (0.5, 0.95, 0.99)) if len(names) else ([], [], [])
    found: dict[str, ServiceSeries] = {}
    columns = (names, spots, table.column("spans").to_pylist(), table.column("failed").to_pylist(), p50, p95, p99)
    for name, at, spans, failed, low, mid, high in zip(*columns, strict=True):
        one = found.get(name)
        if one is None:
            none = [None] * steps
            one = ServiceSeries(name, [0.0] * steps, [0.0] * steps, [*none], [*none], [*none], [0] * steps)
            found[name] = one
        one.rate[at], one.errors[at], one.n[at] = spans / seconds, failed / seconds, spans
        one.p50_ns[at], one.p95_ns[at], one.p99_ns[at] = low, mid, high
    return sorted(found.values(), key=lambda one: (-sum(one.n), one.service))


def _step(query: RedQuery) -> int:
    window = query.window
    if query.step_s is None:
        return round_step(window.from_ns, window.to_ns, POINTS, least_ns=MINUTE_S * S)
    step = query.step_s * S
    if (window.to_ns - window.from_ns) // step > MAX_STEPS:
        hint = f"use a step with which the range has at most {MAX_STEPS} points"
        raise InvalidRequestError("step_s", str(query.step_s), "gives too many points", hint=hint)
    return step
