"""The views that a query may read: their columns, and what each column is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clew.store.views import KINDS, OTEL_COLUMNS, RESOURCE_JOIN, SCOPE_JOIN, parent_hex, span_hex, text_map, trace_hex

_SCALARS = ("str", "int", "float", "bool")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view."""

    name: str
    type: str
    sql: str
    """Its expression over the tables of the view."""
    about: str
    star: bool = True
    """Whether `*` has it; the others are read by name."""


@dataclass(frozen=True, slots=True)
class View:
    """One view: the rows of one tenant under names for people."""

    name: str
    about: str
    source: str
    """What stands behind FROM; `tenant = {tenant:String}` is added for `owner`."""
    owner: str
    """Alias of the table whose tenant decides."""
    columns: tuple[Column, ...]
    time: str
    """The column of time, which the default range applies to."""
    window: str
    """Condition for the range {from:Int64} to {to:Int64} in ns, over the tables."""
    joins: Mapping[str, str] = field(default_factory=dict)
    """Alias to a join that is made only for columns that need it."""
    group_by: str = ""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Column of attributes to the prefix of the typed maps behind it."""
    trace_id: str = ""
    """The raw trace id behind the column `trace_id`, for conditions on it."""
    shortcuts: Mapping[str, str] = field(default_factory=dict)
    """Key of `attributes` to the column that holds it alone."""

    def column(self, name: str) -> Column | None:
        """Return a column by its name."""
        return next((one for one in self.columns if one.name == name), None)


def _typed_maps(prefix: str) -> tuple[Column, ...]:
    types = {"str": "String", "int": "Int64", "float": "Float64", "bool": "Bool"}
    return tuple(
        Column(
            f"attr_{kind}",
            f"Map(String, {types[kind]})",
            f"{prefix}attr_{kind}",
            f"attributes whose value is of type {kind}",
            star=False,
        )
        for kind in _SCALARS
    )


def _names(array: str, column: str) -> str:
    return f"{array}[{column} + 1]"


_KIND = _names(KINDS.lower(), "s.kind")
_STATUS = _names("['unset', 'ok', 'error']", "s.status")
_ATTRIBUTES = "all attributes, values as text; attributes['key'] reads one"
_RESOURCE = "attributes of the resource, values as text"
_ORIGIN = (
    Column("resource_attributes", "Map(String, String)", text_map("r."), _RESOURCE),
    Column("scope_name", "String", "c.name", "instrumentation scope"),
    Column("scope_version", "String", "c.version", "version of the instrumentation scope"),
)
_JOINS = {"r": RESOURCE_JOIN, "c": SCOPE_JOIN}
_MAPS = {"attributes": "s.", "resource_attributes": "r."}


def _between(column: str) -> str:
    return (
        f"{column} >= fromUnixTimestamp64Nano({{from:Int64}}, 'UTC') "
        f"AND {column} <= fromUnixTimestamp64Nano({{to:Int64}}, 'UTC')"
    )


_BUCKETS = "s.bucket >= toDateTime({from_bucket:UInt32}, 'UTC') AND s.bucket <= toDateTime({to_bucket:UInt32}, 'UTC')"
_MINUTES = "toDateTime({from_bucket:UInt32}, 'UTC')", "toDateTime({to_minute:UInt32}, 'UTC')"

SPANS = View(
    "spans",
    "one row per span",
    "spans AS s",
    "s",
    (
        Column("trace_id", "String", trace_hex("s.trace_id"), "32 hex digits"),
        Column("span_id", "String", span_hex("s.span_id"), "16 hex digits"),
        Column("parent_id", "String", parent_hex("s.parent_id"), "16 hex digits, empty for a root"),
        Column("start", "DateTime64(9, 'UTC')", "s.start", "start of the span"),
        Column("duration", "UInt64", "s.duration", "nanoseconds"),
        Column("duration_ms", "Float64", "s.duration / 1e6", "milliseconds"),
        Column("service", "LowCardinality(String)", "s.service", "`service.name` of the resource"),
        Column("name", "LowCardinality(String)", "s.name", "name of the operation"),
        Column("kind", "String", _KIND, "unspecified, internal, server, client, producer, consumer"),
        Column("status", "String", _STATUS, "unset, ok, error"),
        Column("status_message", "String", "s.status_message", "what went wrong"),
        Column("is_error", "Bool", "toBool(s.status = 2)", "whether status is error"),
        Column("is_root", "Bool", "toBool(s.parent_id = 0)", "whether there is no parent"),
        Column("http_route", "LowCardinality(String)", "s.http_route", "`http.route`; fast to group by"),
        Column("http_status", "UInt16", "s.http_status", "`http.response.status_code` or its older name, 0: absent"),
        Column("db_system", "LowCardinality(String)", "s.db_system", "`db.system.name` or its older name"),
        Column("peer", "LowCardinality(String)", "s.peer", "the called service or host"),
        Column("env", "LowCardinality(String)", "s.env", "deployment environment"),
        Column("version", "LowCardinality(String)", "s.version", "`service.version`"),
        Column("attributes", "Map(String, String)", text_map("s."), _ATTRIBUTES),
        *_ORIGIN,
        Column("event_names", "Array(String)", "s.`events.name`", "names of the events"),
        Column("event_times", "Array(DateTime64(9, 'UTC'))", "s.`events.time`", "times of the events"),
        Column(
            "event_attributes", "Array(Map(String, String))", "s.`events.attr_str`", "string attributes of the events"
        ),
        Column("link_trace_ids", "Array(String)", OTEL_COLUMNS["Links.TraceId"], "traces that the span links to"),
        Column("link_span_ids", "Array(String)", OTEL_COLUMNS["Links.SpanId"], "spans that the span links to"),
        Column("trace_state", "String", "s.trace_state", "W3C tracestate"),
        Column("weight", "Float32", "s.weight", "how many spans this one stands for (sampling)"),
        Column("received", "DateTime64(3, 'UTC')", "s.received", "when Clew got the span"),
        *_typed_maps("s."),
        Column(
            "items",
            "Array(String)",
            "s.items",
            "string attributes as key=value; has(items, 'key=value') uses the attribute index",
            star=False,
        ),
    ),
    "start",
    f"{_BUCKETS} AND {_between('s.start')}",
    joins=_JOINS,
    maps=_MAPS,
    trace_id="s.trace_id",
    shortcuts={"http.route": "s.http_route"},
)

LOGS = View(
    "logs",
    "one row per log record",
    "logs AS s",
    "s",
    (
        Column("time", "DateTime64(9, 'UTC')", "s.time", "when it happened, 1970 when the sender did not say"),
        Column("observed", "DateTime64(9, 'UTC')", "s.observed", "when it was collected"),
        Column(
            "trace_id",
            "String",
            "if(s.trace_id = toFixedString('', 16), '', lower(hex(s.trace_id)))",
            "32 hex digits, empty without a trace",
        ),
        Column("span_id", "String", parent_hex("s.span_id"), "16 hex digits, empty without a span"),
        Column("service", "LowCardinality(String)", "s.service", "`service.name` of the resource"),
        Column("severity", "UInt8", "s.severity", "1 to 24, 0: unknown; 9 info, 13 warn, 17 error"),
        Column("severity_text", "LowCardinality(String)", "s.severity_text", "as the sender wrote it"),
        Column("body", "String", "s.body", "the message, JSON when it is not text"),
        Column("event_name", "LowCardinality(String)", "s.event_name", "name of the event, if it is one"),
        Column("attributes", "Map(String, String)", text_map("s."), _ATTRIBUTES),
        *_ORIGIN,
        Column("received", "DateTime64(3, 'UTC')", "s.received", "when Clew got the record"),
        *_typed_maps("s."),
    ),
    "time",
    f"{_BUCKETS} AND {_between('if(toUnixTimestamp64Nano(s.time) = 0, s.observed, s.time)')}",
    joins=_JOINS,
    maps=_MAPS,
    trace_id="s.trace_id",
)

RED = View(
    "red",
    "spans, errors and durations per minute and operation; a row may come in several parts, so use sum()",
    "red_1m AS s",
    "s",
    (
        Column("minute", "DateTime('UTC')", "s.minute", "end of the minute: starts lie in (minute - 60 s, minute]"),
        Column("service", "LowCardinality(String)", "s.service", "service"),
        Column("name", "LowCardinality(String)", "s.name", "name of the operation"),
        Column("kind", "String", _KIND, "kind of span"),
        Column("status", "String", _STATUS, "unset, ok, error"),
        Column("is_root", "Bool", "s.is_root", "whether the spans are roots"),
        Column("spans", "UInt64", "s.n", "spans received"),
        Column("weighted", "Float64", "s.n_weighted", "spans, corrected for sampling"),
        Column("errors", "UInt64", "if(s.status = 2, s.n, 0)", "spans with status error"),
        Column("duration_sum", "Float64", "s.duration_sum", "nanoseconds, corrected for sampling"),
        Column("duration_sum_ms", "Float64", "s.duration_sum / 1e6", "milliseconds, corrected for sampling"),
    ),
    "minute",
    f"s.minute >= {_MINUTES[0]} AND s.minute <= {_MINUTES[1]}",
)

_SETTLED = (
    "LEFT ANY JOIN (SELECT t.trace_id, t.depth, t.orphans, t.origin_service, t.origin_name, t.services, t.critical "
    "FROM traces AS t WHERE t.tenant = {tenant:String} ORDER BY t.rows DESC LIMIT 1 BY t.trace_id) AS d "
    "ON d.trace_id = s.trace_id"
)

TRACES = View(
    "traces",
    "one row per trace",
    "trace_index AS s",
    "s",
    (
        Column("trace_id", "String", trace_hex("s.trace_id"), "32 hex digits"),
        Column("start", "DateTime64(9, 'UTC')", "min(s.first)", "first start of a span"),
        Column("finish", "DateTime64(9, 'UTC')", "max(s.last)", "last end of a span"),
        Column(
            "duration_ms",
            "Float64",
            "(toUnixTimestamp64Nano(max(s.last)) - toUnixTimestamp64Nano(min(s.first))) / 1e6",
            "from the first start to the last end",
        ),
        Column("root_service", "String", "tupleElement(min(s.root), 'service')", "service of the root, if received"),
        Column("root_name", "String", "tupleElement(min(s.root), 'name')", "name of the root span, if received"),
        Column("spans", "UInt64", "sum(s.spans)", "spans received"),
        Column("errors", "UInt64", "sum(s.errors)", "spans with status error"),
        Column("depth", "UInt32", "any(d.depth)", "levels of the tree; 0 until the trace has settled"),
        Column("orphans", "UInt32", "any(d.orphans)", "spans whose parent is missing, once settled"),
        Column("origin_service", "String", "any(d.origin_service)", "where the first error began, once settled"),
        Column("origin_name", "String", "any(d.origin_name)", "operation where the first error began, once settled"),
        Column("services", "Map(String, UInt64)", "any(d.services)", "spans per service, once settled"),
        Column(
            "critical", "Map(String, UInt64)", "any(d.critical)", "ns on the critical path per service, once settled"
        ),
    ),
    "start",
    "s.last >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND s.first <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')",
    joins={"d": _SETTLED},
    group_by="s.trace_id",
    trace_id="s.trace_id",
)

EDGES = View(
    "edges",
    "calls between two services, or with a database, queue or outside peer, per minute; use sum()",
    "edges_1m AS s",
    "s",
    (
        Column("minute", "DateTime('UTC')", "s.minute", "end of the minute: calls start in (minute - 60 s, minute]"),
        Column("client", "LowCardinality(String)", "s.client", "who calls"),
        Column("server", "LowCardinality(String)", "s.server", "who is called"),
        Column(
            "kind", "LowCardinality(String)", "s.kind", "empty between services, else database, messaging_system ..."
        ),
        Column("stored", "Int64", "s.n", "calls as stored; every other figure is corrected for sampling"),
        Column("calls", "Float64", "s.calls", "calls"),
        Column("errors", "Float64", "s.errors", "failed calls"),
        Column("client_ms", "Float64", "s.client_sum / 1e6", "time of the calling side, added up"),
        Column("server_ms", "Float64", "s.server_sum / 1e6", "time of the called side, added up"),
        Column("pairs", "Float64", "s.pairs", "calls of which both sides are known"),
        Column("gap_ms", "Float64", "s.gap_sum / 1e6", "client minus server time over `pairs`: network and queues"),
    ),
    "minute",
    RED.window,
)

_OTEL_TYPES = {
    "Timestamp": "DateTime64(9, 'UTC')",
    "ResourceAttributes": "Map(String, String)",
    "SpanAttributes": "Map(String, String)",
    "Duration": "UInt64",
    "Events.Timestamp": "Array(DateTime64(9, 'UTC'))",
    "Events.Name": "Array(String)",
    "Events.Attributes": "Array(Map(String, String))",
    "Links.TraceId": "Array(String)",
    "Links.SpanId": "Array(String)",
    "Links.TraceState": "Array(String)",
    "Links.Attributes": "Array(Map(String, String))",
}

OTEL_TRACES = View(
    "otel_traces",
    "spans under the column names of the OpenTelemetry exporter for ClickHouse",
    "spans AS s",
    "s",
    tuple(
        Column(name, _OTEL_TYPES.get(name, "String"), sql, "as the exporter writes it")
        for name, sql in OTEL_COLUMNS.items()
    ),
    "Timestamp",
    SPANS.window,
    joins=_JOINS,
    maps={"SpanAttributes": "s.", "ResourceAttributes": "r."},
    shortcuts=SPANS.shortcuts,
)

VIEWS: dict[str, View] = {view.name: view for view in (SPANS, TRACES, LOGS, EDGES, RED, OTEL_TRACES)}
"""Every view by its name."""
