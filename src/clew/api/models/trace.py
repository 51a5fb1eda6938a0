"""A trace: summary, columns, span details, logs, matches, and where it is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from clew.api.models.base import MAX_QUERY, Model, Ns, RequestModel, SpanId, TraceId


class SpanRef(Model):
    """A span, named."""

    span_id: SpanId
    service: str
    name: str
    kind: str
    status: str
    start_ns: Ns
    duration_ns: int


class TraceService(Model):
    """One service's part of a trace."""

    service: str
    slot: int = Field(description="colour slot 0-11, the same for a service everywhere")
    spans: int
    errors: int
    self_ns: int = Field(description="time of its spans that no child covers")


class TraceSummary(Model):
    """What is painted first."""

    trace_id: TraceId
    start_ns: Ns
    duration_ns: int
    root: SpanRef | None
    spans: int
    errors: int
    depth: int
    services: list[TraceService]
    roots: int
    missing_parents: int = Field(description="parent ids that no stored span has")
    state: Literal["open", "complete", "partial"] = Field(
        description="open: spans still come in; partial: a root or parent is missing; else complete"
    )
    gen: str
    duplicates: int
    suggested_span: SpanId | None = Field(description="the deepest first error, else null")


class Columns(Model):
    """Spans as columns in pre-order: the columnar payload as JSON, for debugging and scripts."""

    rows: int
    total: int
    gen: str
    t0: Ns
    words: dict[str, list[str]] = Field(description="`service` and `name`: what the indexes mean")
    columns: dict[str, list[Any]]


class Attribute(Model):
    """One attribute; integers are decimal strings, `any` is the OTLP JSON of the value."""

    key: str
    type: str
    value: Any


class Event(Model):
    """An event of a span."""

    time_ns: Ns
    name: str
    attributes: list[Attribute]
    dropped: int


class Link(Model):
    """A link to another span."""

    trace_id: TraceId
    span_id: SpanId
    trace_state: str
    flags: int
    attributes: list[Attribute]
    dropped: int


class Span(Model):
    """The span's own columns."""

    trace_id: TraceId
    span_id: SpanId
    parent_id: SpanId | None
    service: str
    name: str
    kind: str
    status: str
    status_message: str
    start_ns: Ns
    duration_ns: int
    end_ns: Ns = Field(description="the end as it was sent")
    trace_state: str
    flags: int
    received_ns: Ns
    weight: float
    dropped_attributes: int
    dropped_events: int
    dropped_links: int


class Resource(Model):
    """What produced the span."""

    attributes: list[Attribute]
    schema_url: str
    dropped: int


class InstrumentationScope(Model):
    """The library that made the span."""

    name: str
    version: str
    attributes: list[Attribute]
    schema_url: str
    dropped: int


class LinkedFrom(Model):
    """A span elsewhere that links to this one."""

    trace_id: TraceId
    span_id: SpanId
    service: str
    name: str


class Log(Model):
    """A log record of the trace."""

    time_ns: Ns
    observed_ns: Ns
    span_id: SpanId | None
    service: str
    severity: int
    severity_text: str
    body: Any
    event_name: str
    attributes: list[Attribute]


class SpanDetail(Model):
    """Everything that is stored of a span."""

    span: Span
    attributes: list[Attribute]
    events: list[Event]
    links: list[Link]
    resource: Resource
    scope: InstrumentationScope
    marks: list[str] = Field(description="what was done to the span before it was stored")
    linked_from: list[LinkedFrom]
    logs: list[Log]
    twins: int = Field(description="other spans with the same id (Zipkin shares ids between client and server)")


class Logs(Model):
    """Log records of a trace, oldest first."""

    logs: list[Log]


class MatchRequest(RequestModel):
    """What to look for in a trace: a query, or words."""

    q: str | None = Field(None, max_length=MAX_QUERY, description="TraceQL of a search, without links")
    text: str | None = Field(
        None, max_length=1024, description="found in names, services, status messages, events or attribute values"
    )


class MatchResult(Model):
    """Rows that match, as indexes in pre-order."""

    rows: list[int]


class Where(Model):
    """Where a trace is, or why it is not here."""

    trace_id: TraceId
    state: Literal["stored", "pending", "never_seen", "expired"]
    normalised: bool = Field(description="the id was padded, shortened or changed in case")
    detail: str
    hint: str


class Deleted(Model):
    """What a deletion removed."""

    trace_id: TraceId
    spans: int
