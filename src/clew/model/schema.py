"""The Arrow schemas, in column order of the engine's tables; columns are only added, never changed."""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = 1
"""Version of the data model, written into segments (`clew.schema`) and data directories; a newer one is refused."""

WORD = pa.dictionary(pa.int32(), pa.utf8())
"""A string that repeats: LowCardinality(String) in the engine."""

NS = pa.timestamp("ns", tz="UTC")
SECONDS = pa.timestamp("s", tz="UTC")
MILLIS = pa.timestamp("ms", tz="UTC")
ID128 = pa.binary(16)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _by_type(*, arrays: bool) -> list[pa.Field]:
    """Return the attribute columns: one map per type, duplicate keys kept in their order, the first wins in filters.

    `attr_any` holds what has no column of its own (key-value lists, bytes, mixed arrays, value-less) as the compact
    OTLP JSON of the AnyValue, so that nothing is lost.
    """
    scalars = {"str": pa.utf8(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    fields = [_required(f"attr_{name}", pa.map_(WORD, kind)) for name, kind in scalars.items()]
    if arrays:
        fields += [_required(f"arr_{name}", pa.map_(WORD, pa.list_(kind))) for name, kind in scalars.items()]
    return [*fields, _required("attr_any", pa.map_(WORD, pa.utf8()))]


EVENT = pa.struct(
    [
        _required("time", NS),
        _required("name", WORD),
        *_by_type(arrays=False),
        _required("dropped", pa.uint32()),
    ]
)

LINK = pa.struct(
    [
        _required("trace_id", ID128),
        _required("span_id", pa.uint64()),
        _required("trace_state", pa.utf8()),
        _required("flags", pa.uint32()),
        *_by_type(arrays=False),
        _required("dropped", pa.uint32()),
    ]
)

SPANS = pa.schema(
    [
        _required("tenant", WORD),
        _required("trace_id", ID128),
        _required("span_id", pa.uint64()),
        _required("parent_id", pa.uint64()),
        _required("start", NS),
        _required("bucket", SECONDS),
        _required("duration", pa.uint64()),
        _required("end_raw", pa.uint64()),
        _required("service", WORD),
        _required("name", WORD),
        _required("kind", pa.uint8()),
        _required("status", pa.uint8()),
        _required("status_message", pa.utf8()),
        _required("trace_state", pa.utf8()),
        _required("flags", pa.uint32()),
        _required("dropped_attributes", pa.uint32()),
        _required("dropped_events", pa.uint32()),
        _required("dropped_links", pa.uint32()),
        _required("scope_id", pa.uint64()),
        _required("resource_id", pa.uint64()),
        *_by_type(arrays=True),
        _required("events", pa.list_(pa.field("item", EVENT, nullable=False))),
        _required("links", pa.list_(pa.field("item", LINK, nullable=False))),
        _required("weight", pa.float32()),
        _required("marks", pa.uint32()),
        _required("received", MILLIS),
        _required("http_route", WORD),
        _required("http_status", pa.uint16()),
        _required("db_system", WORD),
        _required("peer", WORD),
        _required("env", WORD),
        _required("version", WORD),
    ]
)
"""One row per span. `schema.md` section 4 says what each column means."""

LOGS = pa.schema(
    [
        _required("tenant", WORD),
        _required("trace_id", ID128),
        _required("span_id", pa.uint64()),
        _required("time", NS),
        _required("observed", NS),
        _required("bucket", SECONDS),
        _required("service", WORD),
        _required("severity", pa.uint8()),
        _required("severity_text", WORD),
        _required("body_type", pa.uint8()),
        _required("body", pa.utf8()),
        _required("event_name", WORD),
        _required("flags", pa.uint32()),
        _required("dropped_attributes", pa.uint32()),
        _required("scope_id", pa.uint64()),
        _required("resource_id", pa.uint64()),
        *_by_type(arrays=True),
        _required("marks", pa.uint32()),
        _required("received", MILLIS),
    ]
)
"""One row per log record. `body_type`: 0 absent, 1 string, 2 anything else as compact OTLP JSON of the AnyValue.

`bucket` follows `time`, or `observed` where `time` is 0. A zero `trace_id` means that the record belongs to no trace.
"""

RESOURCES = pa.schema(
    [
        _required("tenant", WORD),
        _required("day", pa.date32()),
        _required("resource_id", pa.uint64()),
        _required("service", WORD),
        *_by_type(arrays=True),
        _required("schema_url", pa.utf8()),
        _required("dropped", pa.uint32()),
        _required("first_seen", SECONDS),
        _required("last_seen", SECONDS),
    ]
)
"""One row per (tenant, resource, day of `bucket`); the id is a stable hash of the sorted content."""

SCOPES = pa.schema(
    [
        _required("tenant", WORD),
        _required("day", pa.date32()),
        _required("scope_id", pa.uint64()),
        _required("name", pa.utf8()),
        _required("version", pa.utf8()),
        *_by_type(arrays=True),
        _required("schema_url", pa.utf8()),
        _required("dropped", pa.uint32()),
        _required("first_seen", SECONDS),
        _required("last_seen", SECONDS),
    ]
)
"""One row per (tenant, instrumentation scope, day of `bucket`)."""
