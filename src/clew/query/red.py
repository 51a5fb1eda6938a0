"""Rate, errors and durations over time, from the rollups; steps below a minute from spans."""

from __future__ import annotations

from dataclasses import dataclass

from clew.model import Kind
from clew.query.answer import Answer, Meta, Total, Window
from clew.query.errors import InvalidRequestError
from clew.query.params import Params
from clew.query.read import Read
from clew.query.rollup import quantile, source
from clew.query.steps import MAX_STEPS, MS, S, round_step

POINTS = 61
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class RedQuery:
    """Which spans, and how finely."""

    window: Window
    service: str | None = None
    name: str | None = None
    kind: Kind | None = None
    step_s: int | None = None


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
    sql = f"""
        SELECT intDiv({of.offset} - 1, {params.bind(step, "Int64")}) AS step, {of.count} AS spans,
            {of.errors} AS failed, {of.hist} AS merged
        FROM {of.table} WHERE tenant = {{tenant:String}} AND {" AND ".join(where)} GROUP BY step
    """
    rows = {row["step"]: row for row in read.query(sql, params.values).to_pylist()}
    empty = {"spans": 0, "failed": 0, "merged": []}
    points = [rows.get(one, empty) for one in steps]
    seconds = step / S
    data = Red(
        [one * step // MS for one in steps],
        step // MS,
        [point["spans"] / seconds for point in points],
        [point["failed"] / seconds for point in points],
        [quantile(point, 0.5) for point in points],
        [quantile(point, 0.95) for point in points],
        [quantile(point, 0.99) for point in points],
        [point["spans"] for point in points],
    )
    total = Total(sum(data.n), exact=True)
    return Answer(data, Meta(total=total, returned=len(points), scanned=read.scanned, window=query.window))


def _step(query: RedQuery) -> int:
    window = query.window
    if query.step_s is None:
        return round_step(window.from_ns, window.to_ns, POINTS, least_ns=MINUTE_S * S)
    step = query.step_s * S
    if (window.to_ns - window.from_ns) // step > MAX_STEPS:
        hint = f"use a step with which the range has at most {MAX_STEPS} points"
        raise InvalidRequestError("step_s", str(query.step_s), "gives too many points", hint=hint)
    return step
