"""Remote storage v2: the calls that a Jaeger makes whose store is Clew, with its deadline and message limit."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from clew.api.pb import jaeger_storage_v2_pb2 as pb

KEY = "listen.jaeger_storage"
READER, DEPENDENCIES = "jaeger.storage.v2.TraceReader", "jaeger.storage.v2.DependencyReader"
DEADLINE_S = 5.0
S = 10**9


def stamp(ns: int) -> Timestamp:
    """Return a time as a message."""
    return Timestamp(seconds=ns // S, nanos=ns % S)


def raw(number: int) -> bytes:
    """Return a trace id as bytes."""
    return number.to_bytes(16, "big")


@pytest.fixture(scope="module")
def call(caller):
    """Call the storage port with Jaeger's deadline."""
    return caller(KEY, pb, trace_service_pb2, health_pb2)


@pytest.fixture(scope="module")
def query(t0):
    """Make the query of a search over the known traces."""

    def query(**params):
        times = {"start_time_min": stamp(t0 - 60 * S), "start_time_max": stamp(t0 + 500 * S), "search_depth": 20}
        params["attributes"] = [
            pb.KeyValue(key=key, value=pb.AnyValue(**value)) for key, value in params.get("attributes", {}).items()
        ]
        return pb.TraceQueryParameters(**(times | params))

    return query


def spans_of(messages):
    """Return the spans of a stream by trace, in the order of their arrival."""
    found: dict[bytes, list] = {}
    for message in messages:
        ids = {span.trace_id for group in message.resource_spans for sc in group.scope_spans for span in sc.spans}
        assert len(ids) == 1, "a message never mixes traces and is never empty"
        found.setdefault(ids.pop(), []).extend(
            span for group in message.resource_spans for sc in group.scope_spans for span in sc.spans
        )
    return found


def test_what_search_can_do_is_told_honestly(call):
    """Services are optional and conditions hold on one span."""
    told = call("jaeger.storage.v2.Capabilities", "GetCapabilities", pb.GetCapabilitiesRequest(), DEADLINE_S)
    assert (told.search.without_service_name, told.search.same_span_conjunction) == (True, True)


def test_services_and_operations_with_kinds(call):
    """Names come sorted; a kind narrows the operations and an unspecified one is empty."""
    services = call(READER, "GetServices", pb.GetServicesRequest()).services
    assert [one for one in services if one != "writer"] == ["frontend", "payments", "unknown_service", "worker"]

    def operations(**params):
        found = call(READER, "GetOperations", pb.GetOperationsRequest(**params)).operations
        return [(one.name, one.span_kind) for one in found]

    assert operations(service="payments") == [("SELECT", "client"), ("charge", "server")]
    assert operations(service="payments", span_kind="client") == [("SELECT", "client")]
    assert operations(service="unknown_service") == [("alone", "")]
    assert operations(service="nobody") == []


def test_traces_by_id_are_what_was_sent(call, ids, known, message):
    """Every span comes back as it was sent; ids that are not stored are skipped, no message is empty."""
    wanted = [raw(ids["SHORT"]), raw(0xDEAD), raw(ids["MAIN"])]
    request = pb.GetTracesRequest(query=[pb.GetTraceParams(trace_id=one) for one in wanted])
    found = spans_of(call(READER, "GetTraces", request, DEADLINE_S))
    assert list(found) == [raw(ids["SHORT"]), raw(ids["MAIN"])]
    sent = message([one for one in known if one.trace in {ids["SHORT"], ids["MAIN"]}])
    expected = {span.span_id: span for group in sent.resource_spans for sc in group.scope_spans for span in sc.spans}
    assert sum(len(spans) for spans in found.values()) == len(expected)
    for span in (span for spans in found.values() for span in spans):
        want = expected[span.span_id]
        assert {one.key: one.value for one in span.attributes} == {one.key: one.value for one in want.attributes}
        for name in ("attributes",):
            span.ClearField(name)
        bare = type(want)()
        bare.CopyFrom(want)
        bare.ClearField("attributes")
        for event in [*span.events, *bare.events]:
            event.attributes.sort(key=lambda one: one.key)
        assert span == bare
    assert call(READER, "GetTraces", pb.GetTracesRequest(query=[{"trace_id": raw(5)}]), DEADLINE_S) == []


def test_a_search_returns_whole_traces_and_ids_and_summaries_of_the_same(call, query, ids, t0):
    """The three ways to search agree; typed attributes are compared by their text."""
    asked = query(service_name="payments", attributes={"http.status_code": {"int_value": 500}})
    found = spans_of(call(READER, "FindTraces", pb.FindTracesRequest(query=asked), DEADLINE_S))
    assert {one: len(spans) for one, spans in found.items()} == {raw(ids["MAIN"]): 4}
    (listed,) = call(READER, "FindTraceIDs", pb.FindTraceIDsRequest(query=asked), DEADLINE_S).trace_ids
    assert listed == pb.FoundTraceID(trace_id=raw(ids["MAIN"]), start=stamp(t0), end=stamp(t0 + 900_000_000))
    (told,) = call(READER, "FindTraceSummaries", pb.FindTraceSummariesRequest(query=asked), DEADLINE_S)
    (summary,) = told.summaries
    assert summary == pb.TraceSummary(
        trace_id=raw(ids["MAIN"]),
        root_service_name="frontend",
        root_operation_name="GET /cart",
        min_start_time_unix_nano=t0,
        max_end_time_unix_nano=t0 + 900_000_000,
        span_count=4,
        error_span_count=1,
        services=[
            {"name": "frontend", "span_count": 2},
            {"name": "payments", "span_count": 2, "error_span_count": 1},
        ],
    )
    every = call(READER, "FindTraceIDs", pb.FindTraceIDsRequest(query=query()), DEADLINE_S).trace_ids
    assert [one.trace_id for one in every] == [raw(ids[name]) for name in ("BARE", "SHORT", "MAIN")]
    assert call(READER, "FindTraces", pb.FindTracesRequest(query=query(service_name="nobody")), DEADLINE_S) == []


def test_a_trace_is_written_and_read_on_one_endpoint(call, make, message):
    """OTLP's trace service stores on the same port; a trace of many megabytes comes in messages below four."""
    big, start = 0xB16 << 96, 550 * S
    made = [
        make(
            big, 0x1000 + number, "row", "writer", 0 if not number else 0x1000, start + number, 1000,
            attributes={"text": "x" * 4000, "n": number},
        )
        for number in range(3000)
    ]  # fmt: skip
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    for at in range(0, len(made), 500):
        body = message(made[at : at + 500])
        request = trace_service_pb2.ExportTraceServiceRequest(resource_spans=body.resource_spans)
        assert not call(service, "Export", request, compression=grpc.Compression.Gzip).partial_success.rejected_spans
    request = pb.GetTracesRequest(query=[pb.GetTraceParams(trace_id=raw(big))])
    end = time.monotonic() + 60
    messages: list[TracesData] = []
    while time.monotonic() < end:
        messages = call(READER, "GetTraces", request)
        if sum(len(spans) for spans in spans_of(messages).values()) == len(made):
            break
        time.sleep(0.2)
    (spans,) = spans_of(messages).values()
    assert sorted(span.span_id for span in spans) == sorted(one.id.to_bytes(8, "big") for one in made)
    sizes = [message.ByteSize() for message in messages]
    assert max(sizes) <= 1 << 20
    assert len(sizes) < 40


def test_health_names_every_service(call):
    """Probes may ask for the server or for each service."""
    for name in ("", READER, DEPENDENCIES, "jaeger.storage.v2.Capabilities"):
        told = call("grpc.health.v1.Health", "Check", health_pb2.HealthCheckRequest(service=name))
        assert told.status == health_pb2.HealthCheckResponse.SERVING
