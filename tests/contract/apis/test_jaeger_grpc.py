"""Jaeger's query services over gRPC: `api_v2` with its span model, `api_v3` with OTLP."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from clew.api.pb import jaeger_api_v2_pb2 as v2
from clew.api.pb import jaeger_api_v3_pb2 as v3

KEY = "listen.jaeger_grpc"
V2, V3 = "jaeger.api_v2.QueryService", "jaeger.api_v3.QueryService"
S = 10**9


@pytest.fixture(scope="module")
def call(caller):
    """Call the query port."""
    return caller(KEY, v2, v3)


@pytest.fixture(scope="module")
def times(t0):
    """The range of the known traces."""
    low, high = t0 - 60 * S, t0 + 500 * S
    return {
        "start_time_min": Timestamp(seconds=low // S, nanos=low % S),
        "start_time_max": Timestamp(seconds=high // S, nanos=high % S),
    }


def test_v2_answers_in_jaegers_model(call, ids, t0):
    """A span has its process, typed tags, logs, references and times to the nanosecond."""
    chunks = call(V2, "GetTrace", v2.GetTraceRequest(trace_id=ids["MAIN"].to_bytes(16, "big")))
    spans = {span.operation_name: span for chunk in chunks for span in chunk.spans}
    assert set(spans) == {"GET /cart", "POST /charge", "charge", "SELECT"}
    root = spans["GET /cart"]
    assert (root.start_time.seconds * S + root.start_time.nanos, root.duration) == (t0, Duration(nanos=900_000_000))
    assert root.process.service_name == "frontend"
    assert {tag.key: (tag.v_type, tag.v_str or tag.v_int64) for tag in root.process.tags} == {
        "host.name": (v2.STRING, "web-1"),
        "pid": (v2.INT64, 42),
    }
    tags = {tag.key: tag for tag in root.tags}
    assert tags["http.status_code"] == v2.KeyValue(key="http.status_code", v_type=v2.INT64, v_int64=200)
    assert tags["ratio"] == v2.KeyValue(key="ratio", v_type=v2.FLOAT64, v_float64=0.5)
    assert tags["cached"] == v2.KeyValue(key="cached", v_type=v2.BOOL)
    assert tags["raw"] == v2.KeyValue(key="raw", v_type=v2.BINARY, v_binary=b"\x00\xff")
    assert tags["list"].v_str == '["a","b"]'
    assert tags["span.kind"].v_str == "server"
    assert [field.v_str for log in root.logs for field in log.fields if field.key == "event"] == ["ready", "own"]
    kinds = [one.ref_type for one in spans["POST /charge"].references]
    assert kinds == [v2.FOLLOWS_FROM, v2.FOLLOWS_FROM, v2.CHILD_OF]


def test_both_versions_search_alike(call, ids, times):
    """The same conditions find the same traces."""
    asked = {"service_name": "payments", "search_depth": 5, "duration_min": Duration(nanos=300_000_000), **times}
    chunks = call(V2, "FindTraces", v2.FindTracesRequest(query={**asked, "tags": {"error": "true"}}))
    assert {span.trace_id for chunk in chunks for span in chunk.spans} == {ids["MAIN"].to_bytes(16, "big")}
    request = v3.FindTracesRequest(query={**asked, "attributes": {"error": "true"}})
    spans = [
        span
        for message in call(V3, "FindTraces", request)
        for group in message.resource_spans
        for scoped in group.scope_spans
        for span in scoped.spans
    ]
    assert {span.trace_id for span in spans} == {ids["MAIN"].to_bytes(16, "big")}
    assert len(spans) == 4
    (told,) = call(V3, "FindTraceSummaries", v3.FindTraceSummariesRequest(query=request.query))
    assert [one.trace_id for one in told.summaries] == [f"{ids['MAIN']:032x}"]


def test_lists_of_both_versions(call):
    """Services and operations, where version 3 shows a kind that was not given as internal."""
    names = ["frontend", "payments", "unknown_service", "worker"]
    for version, service in ((v2, V2), (v3, V3)):
        listed = list(call(service, "GetServices", version.GetServicesRequest()).services)
        assert [one for one in listed if one != "writer"] == names
    old = call(V2, "GetOperations", v2.GetOperationsRequest(service="frontend"))
    assert list(old.operationNames) == ["GET /cart", "GET /old", "POST /charge"]
    assert [(one.name, one.span_kind) for one in old.operations][-1] == ("POST /charge", "client")
    new = call(V3, "GetOperations", v3.GetOperationsRequest(service="unknown_service"))
    assert [(one.name, one.span_kind) for one in new.operations] == [("alone", "internal")]


def test_errors_have_the_status_of_the_protocol(call):
    """An unknown trace is NOT_FOUND, an id that is none INVALID_ARGUMENT."""
    for service, request in (
        (V2, v2.GetTraceRequest(trace_id=b"\x05")),
        (V3, v3.GetTraceRequest(trace_id="5")),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call(service, "GetTrace", request)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.RpcError) as caught:
        call(V3, "GetTrace", v3.GetTraceRequest(trace_id="xyz"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
