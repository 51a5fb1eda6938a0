"""Spans behind the points of a metrics query: a few spread over the range, at most one of a trace."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.frame import Frame, identity
from clew.query.plan.grid import Grid
from clew.query.plan.labels import grouped
from clew.query.plan.measure import Measure, asked_for, value_of
from clew.query.plan.question import Picked, Question
from clew.query.plan.series import Exemplar, Labels
from clew.query.plan.sources import stored, time_range
from clew.query.plan.typed import Tagged, tagged
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.scan import floor_bucket
from clew.query.traceql.ast import MetricsFn
from clew.query.traceql.text import print_expression as text

PER_SLOT = 2
"""Most exemplars of one slot; there are as many slots as have room for all, but never more than points."""
LOOKED_AT = 50_000
"""About how many spans are looked at: of more, those of the traces with the lowest ids, which are random."""
RARE = 20
"""Where of so many slots fewer than one has a span, a few granules will not do."""
QUANTILE_BIN = 1.022
"""How far above a quantile's point a value may lie that still stands for it."""


def attach(read: Read, asked: Question, frame: Frame, picked: Sequence[Picked]) -> Frame:
    """Return the frame with exemplars, whose values are the points that they stand behind."""
    if not frame.labels or not picked:
        return frame
    carried = carried_labels(read, [(one.trace_id, one.span_id, one.start_ns) for one in picked])
    rows: dict[Hashable, list[int]] = {}
    for row, labels in enumerate(frame.labels):
        rows.setdefault(identity(_group(asked, labels)), []).append(row)
    found: list[list[Exemplar]] = [[] for _ in frame.labels]
    for one, labels in zip(picked, carried, strict=True):
        behind = _row(asked, frame, rows.get(identity(one.labels), []), one)
        if behind is not None:
            value = float(frame.values[behind, one.step])
            found[behind].append(Exemplar(one.trace_id, one.span_id, one.start_ns // 10**6, value, labels))
    return replace(frame, exemplars=found)


def _group(asked: Question, labels: Labels) -> Labels:
    """Return the labels of the group that a series belongs to."""
    made = {MetricsFn.QUANTILE: "p", MetricsFn.HISTOGRAM: "__bucket"}.get(asked.call.fn)
    return {key: value for key, value in labels.items() if key != made}


def _row(asked: Question, frame: Frame, rows: Sequence[int], one: Picked) -> int | None:
    """Return the series of its group that a span stands behind."""
    there = [row for row in rows if not np.isnan(frame.values[row, one.step])]
    if asked.call.fn is MetricsFn.HISTOGRAM:
        return next((row for row in there if frame.labels[row]["__bucket"] == one.number), None)
    if asked.call.fn is MetricsFn.QUANTILE and one.number is not None:
        limit = one.number
        above = [row for row in there if frame.values[row, one.step] * QUANTILE_BIN >= limit]
        return above[0] if above else there[-1] if there else None
    return there[0] if there else None


def pick(read: Read, asked: Question, most: int) -> list[Picked]:
    """Return spans that one condition lets through, at most two of a slot."""
    if most <= 0:
        return []
    share = max(1, stored(read, asked.grid) // LOOKED_AT)
    slots = slots_of(asked, most)
    found: list[Picked] = []
    if share > 1:
        found = _chosen(read, asked, most, slots, Some(share, _middles(asked.grid, slots)))
        if slots // RARE < len(found) < slots:
            found = _chosen(read, asked, most, slots, Some(share))
    return found if len(found) >= slots else _chosen(read, asked, most, slots, Some())


@dataclass(frozen=True, slots=True)
class Some:
    """Which spans are looked at."""

    share: int = 1
    """Of so many traces one, those with the lowest ids."""
    buckets: Sequence[int] = ()
    """The buckets that are read, in seconds; none for all."""


def _middles(grid: Grid, slots: int) -> list[int]:
    """Return one bucket of each slot: the spans of one look alike, and each bucket more is a granule more to read."""
    width = grid.count * grid.step_ns // slots
    return sorted({floor_bucket(grid.after_ns + number * width + width // 2) for number in range(slots)})


def spread(picked: Sequence[Picked], asked: Question, most: int) -> list[Picked]:
    """Return some of these spans: at most two of a slot, one of a trace."""
    slots = slots_of(asked, most) if most > 0 else 0
    seen: set[bytes] = set()
    taken: dict[int, int] = {}
    found: list[Picked] = []
    for one in picked:
        slot = one.step * slots // asked.grid.count
        if one.trace_id not in seen and taken.get(slot, 0) < PER_SLOT and len(found) < most:
            seen.add(one.trace_id)
            taken[slot] = taken.get(slot, 0) + 1
            found.append(one)
    return found


def slots_of(asked: Question, most: int) -> int:
    """Return into how many slots the range is divided."""
    return min(max(1, -(-most // PER_SLOT)), asked.grid.count)


def _chosen(read: Read, asked: Question, most: int, slots: int, some: Some) -> list[Picked]:
    call, grid = asked.call, asked.grid
    params = Params()
    bound = (2**128 // some.share - 1).to_bytes(16, "big")
    days = Days(params.day(grid.window.from_ns), params.day(grid.window.to_ns))
    fields = FieldSql(params, days, UseIndex.BESIDE)
    assert asked.where is not None  # noqa: S101 - others are picked where whole traces are evaluated
    keys = [tagged(one, fields, params) for one in call.by]
    used = asked_for(asked, fields, params)
    where = [time_range(grid, params), fields.condition(asked.where), used.where]
    where += [f"trace_id < {params.bind(bound, 'FixedString(16)')}"] if some.share > 1 else []
    where += [f"bucket IN {params.bind(list(some.buckets), 'Array(UInt32)')}"] if some.buckets else []
    joins = fields.joins.sql(params, days, window=grid.window)
    selected = [f"{key.sql} AS g{number}" for number, key in enumerate(keys)]
    sql = f"""
        SELECT * FROM (
            {fields.prologue} SELECT trace_id AS id, span_id AS span, toUnixTimestamp64Nano(start) AS at,
                {grid.index("toUnixTimestamp64Nano(start)")} AS step, intDiv(step * {slots}, {grid.count}) AS slot,
                {", ".join([f"{used.bin or 0} AS bin", *selected])}
            FROM spans {joins} WHERE tenant = {{tenant:String}} AND {" AND ".join(where)}
            ORDER BY slot, cityHash64(trace_id), at, span LIMIT 1 BY id
        ) ORDER BY slot, cityHash64(id) LIMIT {PER_SLOT} BY slot LIMIT {most}
    """
    rows = read.query(sql, params.values).to_pylist()
    return [_picked(asked, keys, used, row) for row in rows]


def _picked(asked: Question, keys: Sequence[Tagged], used: Measure, row: dict[str, Any]) -> Picked:
    cells = [key.read(row[f"g{number}"]) for number, key in enumerate(keys)]
    labels = grouped([text(one) for one in asked.call.by], cells)
    return Picked(
        row["id"],
        row["span"],
        row["at"],
        row["step"],
        labels,
        value_of(asked.call, used, row["bin"]) if used.bin else None,
    )


def carried_labels(read: Read, spans: Sequence[tuple[bytes, int, int]]) -> list[Labels]:
    """Return what exemplars tell of their spans (trace id, span id and start): all attributes, and what they are."""
    if not spans:
        return []
    params = Params()
    buckets = params.bind([floor_bucket(start) for _, _, start in spans], "Array(DateTime('UTC'))")
    ids = params.ids([trace for trace, _, _ in spans])
    sql = f"""
        SELECT trace_id, span_id, service, name, attr_str, attr_int, attr_float, attr_bool FROM spans
        WHERE tenant = {{tenant:String}} AND (bucket, trace_id) IN (SELECT arrayJoin(arrayZip({buckets}, {ids})))
            AND span_id IN {params.bind([span for _, span, _ in spans], "Array(UInt64)")}
    """
    rows = {(row["trace_id"], row["span_id"]): row for row in read.query(sql, params.values).to_pylist()}
    return [_carried(trace, rows.get((trace, span), {})) for trace, span, _ in spans]


def _carried(trace_id: bytes, row: dict[str, Any]) -> Labels:
    found: Labels = {"trace:id": trace_id.hex()}
    if row:
        found |= {"resource.service.name": row["service"], "name": row["name"]}
    for kind in ("str", "int", "float", "bool"):
        for key, value in row.get(f"attr_{kind}") or ():
            found.setdefault(f"span.{key}", value)
    return found
