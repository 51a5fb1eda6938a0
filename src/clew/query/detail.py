"""Everything that is stored of one span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clew.model import KIND_NAMES, STATUS_NAMES, Mark
from clew.query.answer import Answer, Meta, Total
from clew.query.attrvalues import Attribute, attributes
from clew.query.errors import SpanNotFoundError
from clew.query.hits import SAME_SPAN
from clew.query.index import IndexedTrace
from clew.query.logs import Log, of_trace
from clew.query.params import Params
from clew.query.read import Read
from clew.query.trace import where_trace

LINKED_MOST = 100
LINKED_PAD_S = 3600
"""Links to a span are looked for this long before and after its trace."""
# Nanoseconds leave as integers: Python's datetime holds microseconds.
TIMES = """
    toUnixTimestamp64Nano(start) AS start_ns, toUnixTimestamp64Milli(received) AS received_ms,
    toUnixTimestamp(bucket) AS bucket_s, arrayMap(t -> toUnixTimestamp64Nano(t), `events.time`) AS event_times
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The span's own columns."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    kind: str
    status: str
    status_message: str
    start_ns: int
    duration_ns: int
    end_ns: int
    trace_state: str
    flags: int
    received_ns: int
    weight: float
    dropped_attributes: int
    dropped_events: int
    dropped_links: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event."""

    time_ns: int
    name: str
    attributes: list[Attribute]
    dropped: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another span."""

    trace_id: str
    span_id: str
    trace_state: str
    flags: int
    attributes: list[Attribute]
    dropped: int


@dataclass(frozen=True, slots=True)
class Origin:
    """A resource, or an instrumentation scope with its name and version."""

    name: str = ""
    version: str = ""
    attributes: tuple[Attribute, ...] = ()
    schema_url: str = ""
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class LinkedFrom:
    """A span elsewhere that links to this one."""

    trace_id: str
    span_id: str
    service: str
    name: str


@dataclass(frozen=True, slots=True)
class SpanDetail:
    """A span with all that belongs to it."""

    span: Span
    attributes: list[Attribute]
    events: list[Event]
    links: list[Link]
    resource: Origin
    scope: Origin
    marks: list[str]
    linked_from: list[LinkedFrom]
    logs: list[Log]
    twins: int


def detail(read: Read, trace_id: str, span_id: str) -> Answer[SpanDetail]:
    """Return a span; where several share its id, the first by kind and start.

    Raises:
        SpanNotFoundError: the trace has no such span.
    """
    params = Params()
    condition, indexed = where_trace(read, trace_id, params)
    number = int(span_id, 16)
    sql = f"""
        SELECT * EXCEPT (start, bucket, received, `events.time`), {TIMES} FROM spans
        WHERE tenant = {{tenant:String}} AND {condition} AND span_id = {params.bind(number, "UInt64")}
        ORDER BY kind DESC, start LIMIT 1 BY {SAME_SPAN}
    """
    rows = read.query(sql, params.values).to_pylist()
    if not rows:
        raise SpanNotFoundError(trace_id, span_id)
    row = rows[0]
    found = SpanDetail(
        _span(row),
        attributes(row),
        list(_events(row)),
        list(_links(row)),
        _origin(read, "resource", row),
        _origin(read, "scope", row),
        [mark.name.lower() for mark in Mark(row["marks"]) if mark.name],
        _linked_from(read, trace_id, number, indexed),
        of_trace(read, trace_id, number),
        len(rows) - 1,
    )
    return Answer(found, Meta(total=Total(1, exact=True), returned=1, scanned=read.scanned))


def _span(row: Mapping[str, Any]) -> Span:
    end = row["start_ns"] + row["duration"]
    sent = row["end_raw"] if row["end_raw"] or row["marks"] & Mark.NEGATIVE_DURATION else end
    return Span(
        row["trace_id"].hex(),
        f"{row['span_id']:016x}",
        f"{row['parent_id']:016x}" if row["parent_id"] else None,
        row["service"],
        row["name"],
        KIND_NAMES.get(row["kind"], str(row["kind"])),
        STATUS_NAMES.get(row["status"], str(row["status"])),
        row["status_message"],
        row["start_ns"],
        row["duration"],
        sent,
        row["trace_state"],
        row["flags"],
        row["received_ms"] * 10**6,
        row["weight"],
        row["dropped_attributes"],
        row["dropped_events"],
        row["dropped_links"],
    )


def _nested(row: Mapping[str, Any], level: str) -> Iterator[dict[str, Any]]:
    names = [name for name in row if name.startswith(f"{level}.")]
    for values in zip(*(row[name] for name in names), strict=True):
        yield {name.removeprefix(f"{level}."): value for name, value in zip(names, values, strict=True)}


def _events(row: Mapping[str, Any]) -> Iterator[Event]:
    for time, event in zip(row["event_times"], _nested(row, "events"), strict=True):
        yield Event(time, event["name"], attributes(event), event["dropped"])


def _links(row: Mapping[str, Any]) -> Iterator[Link]:
    for link in _nested(row, "links"):
        ids = (link["trace_id"].hex(), f"{link['span_id']:016x}")
        yield Link(*ids, link["trace_state"], link["flags"], attributes(link), link["dropped"])


def _origin(read: Read, table: str, row: Mapping[str, Any]) -> Origin:
    params = Params()
    key, day = params.bind(row[f"{table}_id"], "UInt64"), params.day(row["bucket_s"] * 10**9)
    sql = f"""
        SELECT * FROM {table}s
        WHERE tenant = {{tenant:String}} AND {table}_id = {key} AND day = {day} LIMIT 1
    """
    rows = read.query(sql, params.values).to_pylist()
    if not rows:
        return Origin()
    one = rows[0]
    return Origin(
        one.get("name", ""), one.get("version", ""), tuple(attributes(one)), one["schema_url"], one["dropped"]
    )


def _linked_from(read: Read, trace_id: str, span_id: int, indexed: IndexedTrace | None) -> list[LinkedFrom]:
    if indexed is None:
        return []
    params = Params()
    low, high = (
        params.seconds(edge) for edge in (indexed.min_bucket - LINKED_PAD_S, indexed.max_bucket + LINKED_PAD_S)
    )
    trace, span = params.bind(bytes.fromhex(trace_id), "FixedString(16)"), params.bind(span_id, "UInt64")
    sql = f"""
        SELECT trace_id, span_id, service, name FROM spans
        WHERE tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high} AND has(`links.span_id`, {span})
            AND arrayExists((t, s) -> t = {trace} AND s = {span}, `links.trace_id`, `links.span_id`)
        ORDER BY start LIMIT 1 BY {SAME_SPAN} LIMIT {LINKED_MOST}
    """
    rows = read.query(sql, params.values).to_pylist()
    return [LinkedFrom(row["trace_id"].hex(), f"{row['span_id']:016x}", row["service"], row["name"]) for row in rows]
