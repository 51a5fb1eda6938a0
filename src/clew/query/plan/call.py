"""One metrics function over the spans of one filter: the question to the engine, and series made of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from clew.query.params import Params
from clew.query.plan.conditions import condition
from clew.query.plan.frame import NAME, Floats, Frame, framed
from clew.query.plan.grid import Grid
from clew.query.plan.labels import grouped, label
from clew.query.plan.lists import flat
from clew.query.plan.measure import BINNED, Cells, Measure, measure, points, quantiles, rolled, upper
from clew.query.plan.question import Question
from clew.query.plan.series import Labels, Source
from clew.query.plan.sources import ONCE, Rows, rollup, rollup_rows, span_rows
from clew.query.plan.tagged import Tagged, Values
from clew.query.predicates import Days
from clew.query.read import Read
from clew.query.traceql.ast import MetricsFn


@dataclass(frozen=True, slots=True)
class Reply:
    """Series, and what is not among them."""

    frame: Frame
    series: int
    """How many there are in all; more than the frame has when there are too many."""
    spans: int
    source: Source


@dataclass(frozen=True, slots=True)
class _Built:
    rows: Rows
    sql: str
    params: Params
    keys: list[Tagged]
    used: Measure


def evaluate(read: Read, asked: Question) -> Reply:
    """Return the series of a function; of more than are wanted those of most spans."""
    built = _build(read, asked)
    table = read.query(built.sql, built.params.values).combine_chunks()
    series = int(table.column("groups")[0].as_py()) if table.num_rows else 0
    spans = sum(table.column("total").to_pylist())
    frame = _frame(asked, built, table) if spans else framed(asked.call.fn.value, [], np.empty((0, asked.grid.count)))
    return Reply(frame, series, spans, Source(built.rows.table, built.rows.why, built.sql))


def _build(read: Read, asked: Question) -> _Built:
    table = rollup(asked.where, asked.call, asked.grid)
    used = rolled(asked.call, weighted=asked.weighted) if table else None
    if table and used and (asked.weighted or asked.call.fn not in BINNED or _unweighted(read, asked.grid)):
        return _from_rollup(asked, table, used)
    return _from_spans(read, asked)


def _unweighted(read: Read, grid: Grid) -> bool:
    """Return whether every span of a range counts as one, so that weighted histograms are plain ones."""
    params = Params()
    rows = rollup_rows("red_service_1m", grid, params)
    sql = f"""
        SELECT sum(r.n_weighted) = sum(r.n) AS plain FROM red_service_1m AS r
        WHERE tenant = {{tenant:String}} AND {rows.where}
    """
    return bool(read.query(sql, params.values).column("plain")[0].as_py())


def _from_rollup(asked: Question, table: str, used: Measure) -> _Built:
    params = Params()
    rows = rollup_rows(table, asked.grid, params)
    days = Days(params.day(asked.grid.window.from_ns), params.day(asked.grid.window.to_ns))
    keys = [Values(params, days).tagged(one) for one in asked.call.by]
    where = condition(asked.where, params, days).replace("parent_id = 0", "r.is_root")
    arrays = "ARRAY JOIN mapKeys(r.hist) AS bucket_index, mapValues(r.hist) AS bucket_weight" if used.bin else ""
    sql = _select(asked, keys, used, rows, f"{table} AS r {arrays}", where, "sum(r.n)")
    return _Built(rows, sql, params, keys, used)


def _from_spans(read: Read, asked: Question) -> _Built:
    call, params = asked.call, Params()
    window = asked.grid.window
    days = Days(params.day(window.from_ns), params.day(window.to_ns))
    rows = span_rows(read, asked.where, call, asked.grid, params, weighted=asked.weighted)
    values = Values(params, days)
    keys = [values.tagged(one) for one in call.by]
    weight = "toFloat64(weight)" if asked.weighted else ""
    distinct = values.tagged(call.of) if call.fn is MetricsFn.COUNT_DISTINCT and call.of else None
    number = values.number(call.of) if call.of and distinct is None else None
    used = measure(call, number, distinct, weight)
    where = condition(asked.where, params, days)
    if rows.once:
        every = f"SELECT * FROM {rows.table} WHERE tenant = {{tenant:String}} AND {rows.where} AND {where}"
        sql = _select(asked, keys, used, rows, f"({every} LIMIT 1 BY {ONCE}) AS s {values.joins()}", "", "count()")
    else:
        sql = _select(asked, keys, used, rows, f"{rows.table} {values.joins()}", where, "count()")
    return _Built(rows, sql, params, keys, used)


def _select(  # noqa: PLR0917 - the pieces of one statement
    asked: Question, keys: Sequence[Tagged], used: Measure, rows: Rows, source: str, where: str, count: str
) -> str:
    """Return the statement: one row per group of series, with arrays of its buckets, bins and aggregates."""
    by = [f"g{number}" for number in range(len(keys))]
    groups = [*by, "step", *(["bin"] if used.bin else [])]
    inner = [f"{key.sql} AS {name}" for key, name in zip(keys, by, strict=True)]
    inner.append(f"{asked.grid.index(rows.time)} AS step")
    inner += [f"{used.bin} AS bin"] if used.bin else []
    inner += [f"{sql} AS v{number}" for number, sql in enumerate(used.columns)]
    inner.append(f"{count} AS spans")
    conditions = [f"tenant = {{tenant:String}} AND {rows.where}", where] if where else []
    conditions += [used.where] if used.where != "1" else []
    outer = [*by, "groupArray(step) AS steps", *(["groupArray(bin) AS bins"] if used.bin else [])]
    outer += [f"groupArray(v{number}) AS c{number}" for number in range(len(used.columns))]
    return f"""
        SELECT {", ".join(outer)}, sum(spans) AS total, count() OVER () AS groups
        FROM (
            SELECT {", ".join(inner)} FROM {source}
            {f"WHERE {' AND '.join(conditions)}" if conditions else ""}
            GROUP BY {", ".join(groups)}
        )
        {f"GROUP BY {', '.join(by)}" if by else ""}
        ORDER BY {", ".join(["total DESC", *by])} LIMIT {asked.max_series}
    """


def _frame(asked: Question, built: _Built, table: pa.Table) -> Frame:
    call, count = asked.call, asked.grid.count
    steps, row = flat(table, "steps")
    bins = flat(table, "bins")[0].astype(np.int64) if built.used.bin else np.array([], np.int64)
    columns = [flat(table, f"c{number}")[0].astype(np.float64) for number in range(len(built.used.columns))]
    rows = Cells(row * count + steps.astype(np.int64), table.num_rows * count, columns, bins)
    labels = _labels(asked, built.keys, table)
    if call.fn is MetricsFn.QUANTILE:
        found = quantiles(call.quantiles, built.used, rows)
        wanted: list[Labels] = [{**one, "p": p} for p in call.quantiles for one in labels]
        return framed(call.fn.value, wanted, np.concatenate(found).reshape(-1, count))
    if call.fn is MetricsFn.HISTOGRAM:
        return _histogram(labels, built.used, rows, count)
    values = points(call, built.used, rows, asked.grid.seconds).reshape(-1, count)
    return framed(call.fn.value, [one or {NAME: call.fn.value} for one in labels], values)


def _histogram(labels: list[Labels], used: Measure, rows: Cells, count: int) -> Frame:
    """Return a series per group and bin that holds something; what is not positive shares one bin."""
    row, step = np.divmod(rows.at, count)
    pairs, series = np.unique(np.stack([row, np.maximum(rows.bins, 0)]), axis=1, return_inverse=True)
    size = pairs.shape[1] * count
    values: Floats = np.bincount(series.reshape(-1) * count + step, rows.columns[0], minlength=size).astype(np.float64)
    found: list[Labels] = [{**labels[one], "__bucket": upper(bin_, used.scale)} for one, bin_ in pairs.T.tolist()]
    return framed(MetricsFn.HISTOGRAM.value, found, values.reshape(-1, count))


def _labels(asked: Question, keys: Sequence[Tagged], table: pa.Table) -> list[Labels]:
    names = [label(one) for one in asked.call.by]
    columns: list[list[Any]] = [table.column(f"g{number}").to_pylist() for number in range(len(keys))]
    if not keys:
        return [{} for _ in range(table.num_rows)]
    rows = zip(*columns, strict=True)
    return [grouped(names, [key.read(one) for key, one in zip(keys, row, strict=True)]) for row in rows]
