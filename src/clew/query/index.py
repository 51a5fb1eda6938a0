"""The trace index: bounds, counts and root of traces, merged over days and inserts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from clew.model import BUCKET_S
from clew.query.answer import Window
from clew.query.params import Params
from clew.query.read import Read
from clew.store.tables import NO_ROOT_NS

NS_PER_S = 10**9
MAX_DURATION = 2**62
GAP_NS = 3600 * NS_PER_S
"""A trace that is silent for longer than this across an edge of the window counts as two."""
MAX_CROSSING = 50_000
"""Most traces over one edge of a window that are looked into."""

_MERGED = """
    trace_id,
    min(toUnixTimestamp64Nano(i.first)) AS first_ns,
    max(toUnixTimestamp64Nano(i.last)) AS last_ns,
    min(toUnixTimestamp(i.min_bucket)) AS low_bucket,
    max(toUnixTimestamp(i.max_bucket)) AS high_bucket,
    sum(i.spans) AS all_spans,
    sum(i.errors) AS all_errors,
    min(i.root) AS top,
    toUnixTimestamp64Nano(top.start) AS root_start,
    top.span_id AS root_span,
    top.service AS root_service,
    top.name AS root_name,
    top.duration AS root_duration
"""


COLUMNS = (
    "trace_id",
    "first_ns",
    "last_ns",
    "low_bucket",
    "high_bucket",
    "all_spans",
    "all_errors",
    "root_start",
    "root_span",
    "root_service",
    "root_name",
    "root_duration",
)


@dataclass(frozen=True, slots=True)
class IndexedTrace:
    """One trace as the index knows it."""

    trace_id: bytes
    first: int
    last: int
    min_bucket: int
    max_bucket: int
    spans: int
    errors: int
    root_start: int
    """Start of its first root; `NO_ROOT_NS` while none came in."""
    root_span: int
    root_service: str
    root_name: str
    root_duration: int

    @property
    def has_root(self) -> bool:
        """Whether a root span came in."""
        return self.root_start < NO_ROOT_NS

    @property
    def duration(self) -> int:
        """Nanoseconds from the first start to the last end."""
        return self.last - self.first

    def buckets(self) -> range:
        """Return every bucket that may hold a span of it."""
        return range(self.min_bucket, self.max_bucket + 1, BUCKET_S)


def lookup(read: Read, ids: Sequence[bytes]) -> dict[bytes, IndexedTrace]:
    """Return what the index knows of these traces; one that is not there yet is left out."""
    if not ids:
        return {}
    params = Params()
    sql = f"""
        SELECT {_MERGED} FROM trace_index AS i
        WHERE tenant = {{tenant:String}} AND trace_id IN {params.ids(ids)}
        GROUP BY trace_id
    """
    return {trace.trace_id: trace for trace in _rows(read.query(sql, params.values))}


def bounds(read: Read, ids: Sequence[bytes]) -> dict[bytes, IndexedTrace]:
    """Return traces as their spans tell, without the index: slow, for those that the index does not have yet."""
    params = Params()
    sql = f"""
        SELECT trace_id, min(toUnixTimestamp64Nano(start)) AS first_ns,
            max(toUnixTimestamp64Nano(start) + toInt64(least(duration, {MAX_DURATION}))) AS last_ns,
            min(toUnixTimestamp(bucket)) AS low_bucket, max(toUnixTimestamp(bucket)) AS high_bucket,
            count() AS all_spans, countIf(status = 2) AS all_errors,
            minIf(toUnixTimestamp64Nano(start), parent_id = 0) AS least_root,
            if(countIf(parent_id = 0) > 0, least_root, {NO_ROOT_NS}) AS root_start,
            argMinIf(span_id, (start, span_id), parent_id = 0) AS root_span,
            argMinIf(service, (start, span_id), parent_id = 0) AS root_service,
            argMinIf(name, (start, span_id), parent_id = 0) AS root_name,
            argMinIf(duration, (start, span_id), parent_id = 0) AS root_duration
        FROM spans WHERE tenant = {{tenant:String}} AND trace_id IN {params.ids(ids)} GROUP BY trace_id
    """
    return {trace.trace_id: trace for trace in _rows(read.query(sql, params.values))}


def crossing(read: Read, edge_ns: int, inside: Window | None = None) -> list[IndexedTrace]:
    """Return traces that start at or before a point in time and end after it, latest start first.

    Args:
        read: the running read.
        edge_ns: the point in time.
        inside: the range, where the point is no edge of it but that of a page: no silence within the range hides a
            trace then.
    """
    params = Params()
    edge = params.time(edge_ns)
    before = f"last >= {params.time(max(edge_ns - GAP_NS, 0))}"
    if inside is not None and inside.from_ns < edge_ns - GAP_NS:
        before = f"""({before} OR last >= {params.time(inside.from_ns)} AND trace_id IN (
            SELECT trace_id FROM trace_index
            WHERE tenant = {{tenant:String}} AND day >= {params.day(edge_ns)} AND day <= {params.day(inside.to_ns)}
                AND first > {edge} AND first <= {params.time(inside.to_ns)}
        ))"""
    sql = f"""
        SELECT {_MERGED} FROM trace_index AS i
        WHERE tenant = {{tenant:String}} AND trace_id IN (
            SELECT trace_id FROM trace_index WHERE tenant = {{tenant:String}} AND first <= {edge} AND {before}
        )
        GROUP BY trace_id
        HAVING first_ns <= {params.bind(edge_ns, "Int64")} AND last_ns > {params.bind(edge_ns, "Int64")}
        ORDER BY first_ns DESC, trace_id DESC LIMIT {MAX_CROSSING}
    """
    return list(_rows(read.query(sql, params.values)))


def _rows(table: pa.Table) -> Iterator[IndexedTrace]:
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    for row in zip(*columns, strict=True):
        yield IndexedTrace(*row)
