"""Rate, errors and durations over time, from the rollups; steps below a minute from spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clew.model import Kind
from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.errors import InvalidRequestError
from clew.query.params import Params
from clew.query.read import Read
from clew.query.rollup import source
from clew.query.steps import MAX_STEPS, MS, S, round_step
from clew.query.trace import words
from clew.store.histogram import quantiles_of

POINTS = 61
MINUTE_S = 60
MOST_PLAIN = 2 * 1440
"""Most steps of a minute that are added up here: the engine takes ten times longer to add maps row by row."""
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
    by_operation = query.name is not None or query.kind is not None
    of = source(wide, params, by_operation=by_operation, raw=bool(step % (MINUTE_S * S)))
    where = [of.where]
    where += [f"service = {params.text(query.service)}"] if query.service is not None else []
    where += [f"name = {params.text(query.name)}"] if query.name is not None else []
    where += [f"kind = {params.bind(int(query.kind), 'UInt8')}"] if query.kind is not None else []
    plain = not by_operation and step == MINUTE_S * S and len(steps) <= MOST_PLAIN
    count, errors, hist = ("n", "errors", "hist") if plain else (of.count, of.errors, of.hist)
    sql = f"""
        SELECT {"service" if query.by_service else "''"} AS one, {count} AS spans, {errors} AS failed, {hist} AS merged,
            intDiv({of.offset} - 1, {params.bind(step, "Int64")}) AS step
        FROM {of.table} WHERE tenant = {{tenant:String}} AND {" AND ".join(where)}
        {"" if plain else "GROUP BY one, step"}
    """
    series = _series(read.query(sql, params.values), first, len(steps), step / S)
    total = Total(sum(sum(one.n) for one in series), exact=True)
    cut = None
    if query.by_service:
        cut = Truncated("more services than are listed", MOST_SERVICES, "ask for one service")
        cut = cut if len(series) > MOST_SERVICES else None
        data = Red([one * step // MS for one in steps], step // MS, [], [], [], [], [], [], series[:MOST_SERVICES])
    else:
        one = series[0] if series else _empty("", len(steps))
        quantiles = (one.p50_ns, one.p95_ns, one.p99_ns)
        data = Red([at * step // MS for at in steps], step // MS, one.rate, one.errors, *quantiles, one.n, [])
    meta = Meta(total=total, returned=len(steps), truncated=cut, scanned=read.scanned, window=query.window)
    return Answer(data, meta)


def _series(table: pa.Table, first: int, steps: int, seconds: float) -> list[ServiceSeries]:
    """Return a series per value of `one`, from rows per value and step, of which there may be several."""
    table = table.combine_chunks()
    names, codes = words(table.column("one"))
    cells, group = np.unique(codes * steps + table.column("step").to_numpy() - first, return_inverse=True)
    spans = np.bincount(group, table.column("spans").to_numpy(), minlength=cells.size)
    failed = np.bincount(group, table.column("failed").to_numpy(), minlength=cells.size)
    hists = table.column("merged").combine_chunks()
    quantiles = quantiles_of(hists, group, cells.size, (0.5, 0.95, 0.99)) if cells.size else [[], [], []]
    found = [_empty(name, steps) for name in names]
    for cell, n, wrong, p50, p95, p99 in zip(
        cells.tolist(), spans.astype(np.int64).tolist(), failed.tolist(), *quantiles, strict=True
    ):
        one, at = found[cell // steps], cell % steps
        one.rate[at], one.errors[at], one.n[at] = n / seconds, wrong / seconds, n
        one.p50_ns[at], one.p95_ns[at], one.p99_ns[at] = p50, p95, p99
    shown = (one for one in found if any(one.n))
    return sorted(shown, key=lambda one: (-sum(one.n), one.service))


def _empty(service: str, steps: int) -> ServiceSeries:
    none: list[float | None] = [None] * steps
    return ServiceSeries(service, [0.0] * steps, [0.0] * steps, [*none], [*none], [*none], [0] * steps)


def _step(query: RedQuery) -> int:
    window = query.window
    if query.step_s is None:
        return round_step(window.from_ns, window.to_ns, POINTS, least_ns=MINUTE_S * S)
    step = query.step_s * S
    if (window.to_ns - window.from_ns) // step > MAX_STEPS:
        hint = f"use a step with which the range has at most {MAX_STEPS} points"
        raise InvalidRequestError("step_s", str(query.step_s), "gives too many points", hint=hint)
    return step
