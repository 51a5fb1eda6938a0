"""Heatmaps: how many spans of a filter have which value when, how many of them failed, and a trace for each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.query.answer import Answer, Meta, Total, Window
from clew.query.errors import InvalidQueryError
from clew.query.params import Params
from clew.query.patterns import check_texts
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.grid import Grid
from clew.query.plan.metrics import condition_of
from clew.query.plan.placed import Places
from clew.query.plan.sources import span_rows
from clew.query.plan.spent import bounded
from clew.query.plan.typed import Number, number
from clew.query.plan.walk import patterns
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.steps import MS, round_step
from clew.query.traceql.ast import Field, FieldExpr, Filter, Intrinsic, MetricsCall, MetricsFn, Name, Pipeline, Query
from clew.query.traceql.lower import is_local

COLUMNS, ROWS = 120, 60
PER_OCTAVE = 8
"""Finest rows per power of two."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Cells; column i covers (x_ms[i], x_ms[i] + step_ms], row j values in (y[j], y[j + 1]], the first also below."""

    x_ms: list[int]
    step_ms: int
    y: list[float]
    """Edges of the rows, one more than there are rows; seconds for durations."""
    n: list[list[int]]
    """By row, then column."""
    err: list[list[int]]
    ex: list[list[str | None]]
    """A trace of each cell that has spans, the one with the lowest id."""
    table: str
    """Where they were counted."""


@bounded()
def heatmap(read: Read, query: Query, of: Field, window: Window, *, logarithmic: bool) -> Answer[Heatmap]:
    """Return at most 120 columns of time and 60 rows of a field's numbers.

    Raises:
        InvalidQueryError: the query gives series, or relates spans to each other.
    """
    where = condition_of(query.root) if isinstance(query.root, Pipeline) else None
    if where is None or not is_local(where) or not is_local(of):
        hint = "write one filter such as { status = error }"
        raise InvalidQueryError("only single spans have a heatmap", start=0, end=query.pos.end, hint=hint)
    check_texts(read, patterns(Pipeline((Filter(where),))), query.text)
    where = Places(read, where).filter(Filter(where)).where
    step = round_step(window.from_ns, window.to_ns, COLUMNS - 1)
    first, last = (window.from_ns - 1) // step, -(-window.to_ns // step)
    grid = Grid(first * step, step, max(last - first, 1))
    low, high = (0.0, 0.0) if logarithmic else _range(read, where, of, grid)
    width = (high - low) / ROWS or 1.0
    table, name, scale = _cells(read, where, of, grid, None if logarithmic else (low, width))
    row, column = table.column("place").to_numpy().astype(np.int64), table.column("step").to_numpy().astype(np.int64)
    row, edges = _octaves(row) if logarithmic else (row, [low + width * one for one in range(ROWS + 1)])
    size = (len(edges) - 1, grid.count)
    at = row * grid.count + column
    counts: list[Counts] = []
    for wanted in ("spans", "failed"):
        sums = np.bincount(at, table.column(wanted).to_numpy(), minlength=size[0] * size[1])
        counts.append(sums.astype(np.int64).reshape(size))
    data = Heatmap(
        [(first + one) * step // MS for one in range(grid.count)],
        step // MS,
        [edge * scale for edge in edges],
        counts[0].tolist(),
        counts[1].tolist(),
        _traces(table, row, column, size),
        name,
    )
    total = int(counts[0].sum())
    return Answer(data, Meta(total=Total(total, exact=True), returned=total, scanned=read.scanned, window=grid.window))


def _traces(table: pa.Table, row: Counts, column: Counts, size: tuple[int, int]) -> list[list[str | None]]:
    found: list[list[str | None]] = [[None] * size[1] for _ in range(size[0])]
    for y, x, trace in zip(row.tolist(), column.tolist(), table.column("trace").to_pylist(), strict=True):
        before, one = found[y][x], trace.hex()
        found[y][x] = one if before is None or one < before else before
    return found


def _octaves(place: Counts) -> tuple[Counts, list[float]]:
    """Return the row of each fine bin, and the edges of rows: as many per power of two as fit."""
    if not place.size:
        return place, [0.0, 1.0]
    above = place > 0
    below = 0 if above.all() else 1
    if not above.any():
        return np.zeros_like(place), [0.0, 1.0]
    for fine in (8, 4, 2, 1):
        rows = -(-(place - _ONE) // (PER_OCTAVE // fine))
        low, high = int(rows[above].min()), int(rows[above].max())
        if high - low + 1 + below <= ROWS:
            break
    count = min(high - low + 1, ROWS - below)  # beyond sixty powers of two the last row takes the rest
    edges = [2.0 ** ((low - 1 + one) / fine) for one in range(count + 1)]
    return np.where(above, np.minimum(rows - low, count - 1) + below, 0), [*([0.0] * below), *edges]


_ONE = 1_000_000
"""The fine bin of 1; smaller numbers have smaller ones, what is not positive has 0."""


def _statement(read: Read, where: FieldExpr, of: Field, grid: Grid, params: Params) -> tuple[str, str, Number, str]:
    """Return the FROM clause with its conditions, the table, the number, and the prologue."""
    rows = span_rows(read, where, MetricsCall(MetricsFn.MAX, of), grid, params, weighted=False)
    days = Days(params.day(grid.window.from_ns), params.day(grid.window.to_ns))
    fields = FieldSql(params, days, UseIndex.BESIDE)
    value = number(of, fields)
    passes = fields.condition(where)
    has = value.has if value.whole else f"({value.has}) AND isFinite({value.value})"
    joins = fields.joins.sql(params, days, window=grid.window)
    source = f"{rows.table} {joins} WHERE tenant = {{tenant:String}} AND {rows.where} AND {passes} AND {has}"
    return source, rows.table, value, fields.prologue


def _range(read: Read, where: FieldExpr, of: Field, grid: Grid) -> tuple[float, float]:
    params = Params()
    source, _, value, prologue = _statement(read, where, of, grid, params)
    sql = f"{prologue} SELECT min({value.value}) AS low, max({value.value}) AS high FROM {source}"
    found = read.query(sql, params.values).to_pylist()[0]
    low = min(float(found["low"]), 0.0)
    return low, max(float(found["high"]), low)


def _cells(
    read: Read, where: FieldExpr, of: Field, grid: Grid, linear: tuple[float, float] | None
) -> tuple[pa.Table, str, float]:
    params = Params()
    source, table, value, prologue = _statement(read, where, of, grid, params)
    if linear is None:
        fine = f"toInt64(ceil(log2({value.value}) * {PER_OCTAVE})) + {_ONE}"
        place = f"if({value.value} > 0, {fine}, toInt64(0))"
    else:
        low, width = (params.number(one) for one in linear)
        place = f"least(greatest(toInt64(ceil(({value.value} - {low}) / {width})) - 1, 0), {ROWS - 1})"
    sql = f"""
        {prologue} SELECT {place} AS place, {grid.index("toUnixTimestamp64Nano(start)")} AS step, count() AS spans,
            countIf(status = 2) AS failed, min(trace_id) AS trace
        FROM {source} GROUP BY place, step
    """
    return read.query(sql, params.values).combine_chunks(), table, value.scale


DURATION = Intrinsic(Name.DURATION)
"""What a heatmap is of unless it is asked for something else."""
