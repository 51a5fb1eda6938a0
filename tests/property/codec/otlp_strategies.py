"""Arbitrary OTLP requests: every attribute type, nested values, events, links, bad ids, odd times."""

from __future__ import annotations

from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SpanStatus

NOW = 1_700_000_000_123_456_789
DAY = 86_400 * 10**9

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.one_of(
    st.sampled_from(
        [
            "http.route",
            "http.status_code",
            "http.response.status_code",
            "db.system",
            "db.system.name",
            "server.address",
            "peer.service",
            "service.name",
            "service.version",
            "deployment.environment",
            "a",
        ]
    ),
    TEXT,
)
INTS = st.one_of(st.integers(0, 600), st.integers(-(2**63), 2**63 - 1))
U32 = st.one_of(st.just(0), st.integers(0, 2**32 - 1))
TIMES = st.one_of(
    st.integers(NOW - 3 * DAY, NOW + DAY), st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1, NOW, NOW + 600 * 10**9])
)


def _any(children: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    lists = st.lists(children, max_size=3)
    pairs = st.lists(st.builds(KeyValue, key=TEXT, value=children), max_size=3)
    return st.one_of(
        st.builds(AnyValue, array_value=st.builds(ArrayValue, values=lists)),
        st.builds(AnyValue, kvlist_value=st.builds(KeyValueList, values=pairs)),
    )


SCALARS = st.one_of(
    st.builds(AnyValue, string_value=TEXT),
    st.builds(AnyValue, int_value=INTS),
    st.builds(AnyValue, double_value=st.floats(allow_nan=False)),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, bytes_value=st.binary(max_size=9)),
    st.just(AnyValue()),
)
VALUES = st.one_of(SCALARS, st.recursive(SCALARS, _any, max_leaves=6))
ATTRIBUTES = st.lists(st.one_of(st.builds(KeyValue, key=KEYS, value=VALUES), st.builds(KeyValue, key=KEYS)), max_size=6)


def ids(size: int) -> st.SearchStrategy[bytes]:
    """Mostly good ids, sometimes zero, empty or of another length."""
    good = st.binary(min_size=size, max_size=size)
    return st.one_of(good, good, good, st.sampled_from([b"", bytes(size), b"\x01", bytes(size + 1)]))


EVENTS = st.builds(Span.Event, time_unix_nano=TIMES, name=TEXT, attributes=ATTRIBUTES, dropped_attributes_count=U32)
LINKS = st.builds(
    Span.Link,
    trace_id=ids(16),
    span_id=ids(8),
    trace_state=TEXT,
    attributes=ATTRIBUTES,
    dropped_attributes_count=U32,
    flags=U32,
)
STATES = st.one_of(st.just(""), TEXT, st.from_regex(r"\A(x=y, ?)?ot=(rv:1;)?th:[0-9a-g]{0,15}\Z"))
SPANS = st.builds(
    Span,
    trace_id=ids(16),
    span_id=ids(8),
    parent_span_id=ids(8),
    trace_state=STATES,
    name=TEXT,
    kind=st.integers(0, 5),
    start_time_unix_nano=TIMES,
    end_time_unix_nano=TIMES,
    attributes=ATTRIBUTES,
    dropped_attributes_count=U32,
    events=st.lists(EVENTS, max_size=2),
    dropped_events_count=U32,
    links=st.lists(LINKS, max_size=2),
    dropped_links_count=U32,
    status=st.one_of(st.none(), st.builds(SpanStatus, message=TEXT, code=st.integers(0, 2))),
    flags=U32,
)
LOGS = st.builds(
    LogRecord,
    time_unix_nano=TIMES,
    observed_time_unix_nano=TIMES,
    severity_number=st.integers(0, 24),
    severity_text=TEXT,
    body=st.one_of(st.none(), VALUES),
    attributes=ATTRIBUTES,
    dropped_attributes_count=U32,
    flags=U32,
    trace_id=ids(16),
    span_id=ids(8),
    event_name=TEXT,
)
RESOURCES = st.one_of(st.none(), st.builds(Resource, attributes=ATTRIBUTES, dropped_attributes_count=U32))
SCOPES = st.one_of(
    st.none(),
    st.builds(InstrumentationScope, name=TEXT, version=TEXT, attributes=ATTRIBUTES, dropped_attributes_count=U32),
)
SCOPE_SPANS = st.builds(ScopeSpans, scope=SCOPES, spans=st.lists(SPANS, max_size=3), schema_url=TEXT)
SCOPE_LOGS = st.builds(ScopeLogs, scope=SCOPES, log_records=st.lists(LOGS, max_size=3), schema_url=TEXT)
TRACE_REQUESTS = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(ResourceSpans, resource=RESOURCES, scope_spans=st.lists(SCOPE_SPANS, max_size=2), schema_url=TEXT),
        max_size=2,
    ),
)
LOG_REQUESTS = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(ResourceLogs, resource=RESOURCES, scope_logs=st.lists(SCOPE_LOGS, max_size=2), schema_url=TEXT),
        max_size=2,
    ),
)
