"""From traces of the index to rows of a result list: services, counts and matching spans, identical spans once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.model import KIND_NAMES, STATUS_NAMES
from clew.query.filters import Filter
from clew.query.hits import IDENTITY, SAME_SPAN
from clew.query.index import NS_PER_S, IndexedTrace
from clew.query.params import Params
from clew.query.predicates import Days, Predicates, UseIndex
from clew.query.read import Read
from clew.query.structure import Links, gaps_of

SHOWN_SPANS = 3
MAX_PAIRS = 20_000
"""Most (bucket, trace) pairs that are listed; beyond it the traces are read by their outer bounds."""


@dataclass(frozen=True, slots=True)
class ServiceShare:
    """One service's part of a trace."""

    service: str
    spans: int
    errors: int


@dataclass(frozen=True, slots=True)
class MatchedSpan:
    """A span that passed."""

    span_id: str
    service: str
    name: str
    kind: str
    status: str
    start_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Matched:
    """How many spans passed, and the first few."""

    count: int
    spans: list[MatchedSpan]


@dataclass(slots=True)
class TraceRow:
    """One trace of a result list."""

    trace_id: str
    start_ns: int
    duration_ns: int
    root_service: str | None
    root_name: str | None
    root_received: bool
    spans: int = 0
    errors: int = 0
    services: list[ServiceShare] = field(default_factory=list)
    matched: Matched = field(default_factory=lambda: Matched(0, []))
    duplicates: int = 0
    gaps: tuple[str, ...] = ()
    """What is not known about its structure."""


def of_traces(traces: Sequence[IndexedTrace], params: Params) -> str:
    """Return the SQL condition that selects all rows of some traces by the key of `spans`."""
    pairs = [(bucket, trace.trace_id) for trace in traces for bucket in trace.buckets()[:MAX_PAIRS]]
    if len(pairs) > MAX_PAIRS:
        low, high = min(trace.min_bucket for trace in traces), max(trace.max_bucket for trace in traces)
        ids = params.ids([trace.trace_id for trace in traces])
        return f"bucket >= {params.seconds(low)} AND bucket <= {params.seconds(high)} AND trace_id IN {ids}"
    buckets = params.bind([bucket for bucket, _ in pairs], "Array(DateTime('UTC'))")
    ids = params.ids([trace_id for _, trace_id in pairs])
    return f"(bucket, trace_id) IN (SELECT arrayJoin(arrayZip({buckets}, {ids})))"


def hydrate(
    read: Read, traces: Sequence[IndexedTrace], filters: Sequence[Filter], hits: Sequence[int] | None = None
) -> list[TraceRow]:
    """Return a row per trace, in the order given.

    Args:
        read: the running read.
        traces: which ones.
        filters: those on spans decide which spans are shown as matched.
        hits: the identities of these spans, where they are known.
    """
    rows = {trace.trace_id: _row(trace) for trace in traces}
    if not rows:
        return []
    params = Params()
    low = min(trace.min_bucket for trace in traces) * NS_PER_S
    high = max(trace.max_bucket for trace in traces) * NS_PER_S
    if hits is None:
        passes = Predicates(params, Days(params.day(low), params.day(high)), UseIndex.NO).conjunction(filters)
    else:
        passes = f"{IDENTITY} IN {params.bind(list(hits), 'Array(UInt64)')}"
    shown = "(start_ns, span_id, name, kind, one_status, one_duration)"
    sql = f"""
        SELECT trace_id, service, count() AS spans, countIf(one_status = 2) AS errors, countIf(passed) AS matched,
            groupArraySortedIf({SHOWN_SPANS})({shown}, passed) AS shown, sum(copies) AS stored,
            groupArray((span_id, above, start_ns, kind)) AS links
        FROM (
            SELECT trace_id, span_id, kind, start, service, name, toUnixTimestamp64Nano(start) AS start_ns,
                any(status) AS one_status, any(duration) AS one_duration,
                any(parent_id) AS above, max({passes}) AS passed, count() AS copies
            FROM spans WHERE tenant = {{tenant:String}} AND {of_traces(traces, params)}
            GROUP BY {SAME_SPAN}
        )
        GROUP BY trace_id, service ORDER BY spans DESC, service
    """
    table = read.query(sql, params.values)
    _mark(rows, table)
    for part in table.drop_columns(["links"]).to_pylist():
        row = rows[part["trace_id"]]
        row.spans += part["spans"]
        row.errors += part["errors"]
        row.duplicates += part["stored"] - part["spans"]
        row.services.append(ServiceShare(part["service"], part["spans"], part["errors"]))
        best = sorted([*row.matched.spans, *_spans(part)], key=lambda span: (span.start_ns, span.span_id))
        row.matched = Matched(row.matched.count + part["matched"], best[:SHOWN_SPANS])
    return [rows[trace.trace_id] for trace in traces]


def _mark(rows: dict[bytes, TraceRow], table: pa.Table) -> None:
    """Note what is not known about the structure of each trace."""
    numbers = {trace_id: number for number, trace_id in enumerate(rows)}
    lists = pa.chunked_array(table.column("links")).combine_chunks()
    owner = np.array([numbers[one] for one in table.column("trace_id").to_pylist()], np.int64)
    part = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    span, above, start, kind = (one.to_numpy(zero_copy_only=False) for one in pc.list_flatten(lists).flatten())
    links = Links(owner[part], span, above, start.astype(np.int64), kind)
    found = gaps_of(links, len(rows))
    for row, one in zip(rows.values(), found, strict=True):
        row.gaps = one


def _row(trace: IndexedTrace) -> TraceRow:
    return TraceRow(
        trace.trace_id.hex(),
        trace.first,
        trace.duration,
        trace.root_service if trace.has_root else None,
        trace.root_name if trace.has_root else None,
        trace.has_root,
    )


def _spans(part: dict[str, object]) -> Iterator[MatchedSpan]:
    shown = part["shown"]
    assert isinstance(shown, list)  # noqa: S101 - the column is an array
    for values in shown:
        start_ns, span_id, name, kind, status, duration = values.values()
        yield MatchedSpan(
            f"{span_id:016x}", str(part["service"]), name, KIND_NAMES[kind], STATUS_NAMES[status], start_ns, duration
        )
