"""One metrics function over the spans of one filter: the question to the engine, and series made of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from clew.query.answer import Truncated
from clew.query.params import Params
from clew.query.plan.exact import measured, tally
from clew.query.plan.exemplars import pick, spread
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.frame import Frame
from clew.query.plan.grid import Grid
from clew.query.plan.labels import grouped
from clew.query.plan.lists import flat
from clew.query.plan.measure import BINNED, Cells, Measure, asked_for, rolled
from clew.query.plan.question import Picked, Question
from clew.query.plan.series import Labels, Source
from clew.query.plan.shape import shaped
from clew.query.plan.sources import ONCE, Rows, rollup, rollup_rows, span_rows
from clew.query.plan.typed import Tagged, tagged
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.traceql.ast import FieldExpr
from clew.query.traceql.text import print_expression as text


@dataclass(frozen=True, slots=True)
class Reply:
    """Series, and what is not among them."""

    frame: Frame
    series: int
    """How many groups there are in all; more than the frame has when there are too many."""
    source: Source
    picked: Sequence[Picked]
    """Spans that may stand behind points."""
    cut: Truncated | None = None


@dataclass(frozen=True, slots=True)
class _Built:
    rows: Rows
    sql: str
    params: Params
    keys: list[Tagged]
    used: Measure


def evaluate(read: Read, asked: Question, exemplars: int) -> Reply:
    """Return the series of a function; of more than are wanted those of most spans."""
    if asked.where is None:
        return _whole_traces(read, asked, exemplars)
    built = _build(read, asked, asked.where)
    table = read.query(built.sql, built.params.values).combine_chunks()
    series = int(table.column("groups")[0].as_py()) if table.num_rows else 0
    some = sum(table.column("total").to_pylist()) > 0
    steps, row = flat(table, "steps")
    bins = flat(table, "bins")[0].astype(np.int64) if built.used.bin else np.array([], np.int64)
    columns = [flat(table, f"c{number}")[0].astype(np.float64) for number in range(len(built.used.columns))]
    count = asked.grid.count
    rows = Cells(row * count + steps.astype(np.int64), table.num_rows * count, columns, bins)
    frame = shaped(asked, built.used, _labels(asked, built.keys, table) if some else [], rows)
    source = Source(built.rows.table, built.rows.why, built.sql)
    return Reply(frame, series, source, pick(read, asked, exemplars) if some else [])


def _whole_traces(read: Read, asked: Question, exemplars: int) -> Reply:
    spans = tally(read, asked, exemplars)
    used, rows = measured(asked, spans)
    groups = len(spans.labels)
    frame = shaped(asked, used, spans.labels if spans.spans else [], rows)
    source = Source("spans", "whole traces decide which spans count", "")
    return Reply(frame, groups, source, spread(spans.picked, asked, exemplars), spans.cut)


def _build(read: Read, asked: Question, where: FieldExpr) -> _Built:
    table = rollup(where, asked.call, asked.grid)
    used = rolled(asked.call, weighted=asked.weighted) if table else None
    if table and used and (asked.weighted or asked.call.fn not in BINNED or _unweighted(read, asked.grid)):
        return _from_rollup(asked, where, table, used)
    return _from_spans(read, asked, where)


def _unweighted(read: Read, grid: Grid) -> bool:
    """Return whether every span of a range counts as one, so that weighted histograms are plain ones."""
    params = Params()
    rows = rollup_rows("red_service_1m", grid, params)
    sql = f"""
        SELECT sum(r.n_weighted) = sum(r.n) AS plain FROM red_service_1m AS r
        WHERE tenant = {{tenant:String}} AND {rows.where}
    """
    return bool(read.query(sql, params.values).column("plain")[0].as_py())


def _from_rollup(asked: Question, where: FieldExpr, table: str, used: Measure) -> _Built:
    params = Params()
    rows = rollup_rows(table, asked.grid, params)
    fields = FieldSql(params, _days(asked, params))
    keys = [tagged(one, fields, params) for one in asked.call.by]
    passes = fields.condition(where).replace("parent_id", "(NOT r.is_root)")
    arrays = "ARRAY JOIN mapKeys(r.hist) AS bucket_index, mapValues(r.hist) AS bucket_weight" if used.bin else ""
    sql = _select(asked, keys, used, rows, f"{table} AS r {arrays}", passes, fields.prologue)
    return _Built(rows, sql, params, keys, used)


def _from_spans(read: Read, asked: Question, where: FieldExpr) -> _Built:
    params = Params()
    rows = span_rows(read, where, asked.call, asked.grid, params, weighted=asked.weighted)
    days = _days(asked, params)
    fields = FieldSql(params, days, UseIndex.BESIDE)
    keys = [tagged(one, fields, params) for one in asked.call.by]
    used = asked_for(asked, fields, params)
    passes = fields.condition(where)
    source = f"{rows.table} {fields.joins.sql(params, days, window=asked.grid.window)}"
    if rows.once:
        every = (
            f"{fields.prologue} SELECT * FROM {source} WHERE tenant = {{tenant:String}} AND {rows.where} AND {passes}"
        )
        source, passes = f"({every} LIMIT 1 BY {ONCE})", ""
    return _Built(rows, _select(asked, keys, used, rows, source, passes, fields.prologue), params, keys, used)


def _days(asked: Question, params: Params) -> Days:
    return Days(params.day(asked.grid.window.from_ns), params.day(asked.grid.window.to_ns))


def _select(  # noqa: PLR0917 - the pieces of one statement
    asked: Question, keys: Sequence[Tagged], used: Measure, rows: Rows, source: str, where: str, with_: str
) -> str:
    """Return the statement: one row per group of series, with arrays of its buckets, bins and aggregates."""
    by = [f"g{number}" for number in range(len(keys))]
    groups = [*by, "step", *(["bin"] if used.bin else [])]
    inner = [f"{key.sql} AS {name}" for key, name in zip(keys, by, strict=True)]
    inner.append(f"{asked.grid.index(rows.time)} AS step")
    inner += [f"{used.bin} AS bin"] if used.bin else []
    inner += [f"{sql} AS v{number}" for number, sql in enumerate(used.columns)]
    count = "sum(r.n)" if rows.table.startswith("red_") else "count()"
    inner.append(f"{count} AS spans")
    conditions = [f"tenant = {{tenant:String}} AND {rows.where}", where] if where else []
    conditions += [used.where] if used.where != "1" else []
    outer = [*by, "groupArray(step) AS steps", *(["groupArray(bin) AS bins"] if used.bin else [])]
    outer += [f"groupArray(v{number}) AS c{number}" for number in range(len(used.columns))]
    return f"""
        SELECT {", ".join(outer)}, sum(spans) AS total, count() OVER () AS groups
        FROM (
            {with_} SELECT {", ".join(inner)} FROM {source}
            {f"WHERE {' AND '.join(conditions)}" if conditions else ""}
            GROUP BY {", ".join(groups)}
        )
        {f"GROUP BY {', '.join(by)}" if by else ""}
        ORDER BY {", ".join(["total DESC", *by])} LIMIT {asked.max_series}
    """


def _labels(asked: Question, keys: Sequence[Tagged], table: pa.Table) -> list[Labels]:
    names = [text(one) for one in asked.call.by]
    columns: list[list[Any]] = [table.column(f"g{number}").to_pylist() for number in range(len(keys))]
    if not keys:
        return [{} for _ in range(table.num_rows)]
    rows = zip(*columns, strict=True)
    return [grouped(names, [key.read(one) for key, one in zip(keys, row, strict=True)]) for row in rows]
