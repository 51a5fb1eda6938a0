from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.trace.v1 import trace_pb2

from clew.api.pb import tempo_pb2 as pb

PROTOBUF = "application/protobuf"


def spans(trace: pb.Trace) -> dict[bytes, trace_pb2.Span]:
    """Return the spans of a trace by id."""
    scopes = (scope for resource in trace.resourceSpans for scope in resource.scope_spans)
    return {one.span_id: one for scope in scopes for one in scope.spans}


def messages(sent: dict[str, Any], trace_id: int) -> dict[bytes, trace_pb2.Span]:
    """Return the spans that were sent, as messages."""
    found = {}
    for resource in sent["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for one in scope["spans"]:
                if int(one["traceId"], 16) == trace_id:
                    plain = {k: v for k, v in one.items() if not k.endswith("Id")}
                    message = ParseDict(plain, trace_pb2.Span())
                    message.trace_id, message.span_id = bytes.fromhex(one["traceId"]), bytes.fromhex(one["spanId"])
                    message.parent_span_id = bytes.fromhex(one.get("parentSpanId", ""))
                    message.status.SetInParent()
                    found[message.span_id] = message
    return found


@pytest.mark.parametrize("accept", [PROTOBUF, "application/protobuf, application/json;q=0.5"])
def test_the_data_source_gets_the_trace_as_it_was_sent(tempo, sent, t0, accept):
    """V2 in protobuf, as Grafana asks for it: every span comes back equal, nothing is added."""
    reply = tempo.get(f"/api/v2/traces/{0xA1:032x}?start={t0 // 10**9 - 60}&end={t0 // 10**9 + 60}", accept)
    assert (reply.status, reply.headers["content-type"]) == (200, PROTOBUF)
    answer = pb.TraceByIDResponse.FromString(reply.body)
    assert answer.HasField("metrics")
    assert answer.status == pb.COMPLETE
    assert spans(answer.trace) == messages(sent, 0xA1)
    for resource in answer.trace.resourceSpans:
        assert resource.HasField("resource")
        assert all(scope.HasField("scope") for scope in resource.scope_spans)
        assert all(one.HasField("status") for scope in resource.scope_spans for one in scope.spans)


def test_a_root_has_a_parent_of_no_length(tempo):
    """Clients tell roots by an empty parent id, not by zeros."""
    answer = pb.TraceByIDResponse.FromString(tempo.get("/api/v2/traces/a1", PROTOBUF).body)
    assert {one.parent_span_id for one in spans(answer.trace).values()} == {b"", (1).to_bytes(8, "big")}


def test_version_1_is_the_bare_trace(tempo, sent):
    """V1 answers the trace itself in protobuf."""
    reply = tempo.get("/api/traces/a1", PROTOBUF)
    assert spans(pb.Trace.FromString(reply.body)) == messages(sent, 0xA1)


def test_json_is_that_of_protobuf_not_of_otlp(tempo, t0):
    """Ids are base64, enums are names, nanoseconds are text; the key is `batches` in v1, `trace` in v2."""
    first, second = tempo.get("/api/traces/a1").json, tempo.get("/api/v2/traces/a1").json
    assert first["batches"] == second["trace"]["resourceSpans"]
    root = first["batches"][0]["scopeSpans"][0]["spans"][0]
    assert root["traceId"] == "AAAAAAAAAAAAAAAAAAAAoQ=="
    assert root["spanId"] == "AAAAAAAAAAE="
    assert root["kind"] == "SPAN_KIND_SERVER"
    assert root["startTimeUnixNano"] == str(t0)
    assert {"key": "http.response.status_code", "value": {"intValue": "200"}} in root["attributes"]
    failed = first["batches"][0]["scopeSpans"][0]["spans"][1]
    assert failed["status"] == {"message": "timed out", "code": "STATUS_CODE_ERROR"}
    assert set(second) == {"trace", "metrics"}


def test_json_and_protobuf_say_the_same(tempo):
    """Both forms parse strictly into equal messages."""
    strict = tempo.get("/api/v2/traces/a1").strict(pb.TraceByIDResponse())
    assert strict == pb.TraceByIDResponse.FromString(tempo.get("/api/v2/traces/a1", PROTOBUF).body)
    first = tempo.get("/api/traces/a1").json
    assert ParseDict({"resourceSpans": first["batches"]}, pb.Trace()) == strict.trace


def test_texts_that_look_like_members_stay_as_they_are(tempo, clew, t0):
    """The JSON of a trace is made from text; an attribute that holds such text is not touched."""
    text = 'x "traceId":"00ff" "kind":2 "code":1'
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": f"{0xC4:032x}", "spanId": f"{1:016x}", "name": text, "startTimeUnixNano": str(t0 - 3600 * 10**9),
        "endTimeUnixNano": str(t0 - 3599 * 10**9), "attributes": [{"key": "traceId", "value": {"stringValue": text}}],
    }]}]}]}  # fmt: skip
    before = clew.status()["ledger"]["stored"]
    from urllib.request import Request, urlopen  # noqa: PLC0415

    sending = Request(
        f"{clew.otlp_http_url}/v1/traces", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urlopen(sending, timeout=30).close()
    clew.wait_stored(before + 1)
    (one,) = spans(tempo.get("/api/v2/traces/c4").strict(pb.TraceByIDResponse()).trace).values()
    assert one.name == text
    assert MessageToDict(one)["attributes"] == [{"key": "traceId", "value": {"stringValue": text}}]


def test_a_trace_of_unknown_structure_is_partial_in_v2(tempo):
    """A trace without a root says so in status and message, in both forms; its spans are there all the same."""
    answer = pb.TraceByIDResponse.FromString(tempo.get("/api/v2/traces/b3", PROTOBUF).body)
    assert answer.status == pb.PARTIAL
    assert "no root span is stored" in answer.message
    assert len(spans(answer.trace)) == 1
    assert tempo.get("/api/v2/traces/b3").strict(pb.TraceByIDResponse()) == answer
    assert set(tempo.get("/api/traces/b3").json) == {"batches"}


def test_an_unknown_trace_is_empty_in_v2_and_missing_in_v1(tempo):
    """V2 answers 200 with a trace that is there and empty, v1 404 in plain text."""
    reply = tempo.get("/api/v2/traces/77", PROTOBUF)
    answer = pb.TraceByIDResponse.FromString(reply.body)
    assert reply.status == 200
    assert answer.HasField("trace")
    assert not answer.trace.resourceSpans
    missing = tempo.get("/api/traces/77", PROTOBUF)
    assert missing.status == 404
    assert missing.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("written", ["a1", "A1", "0a1", f"{0xA1:032x}"])
def test_ids_are_padded_on_the_left(tempo, written):
    """One to 32 hex digits in any case and of odd length name a trace."""
    assert tempo.get(f"/api/traces/{written}").status == 200


@pytest.mark.parametrize("written", ["xyz", "0" * 32, "1" * 33])
def test_what_is_no_id_is_refused(tempo, written):
    """400 in plain text."""
    reply = tempo.get(f"/api/v2/traces/{written}", PROTOBUF)
    assert reply.status == 400
    assert b"trace id" in reply.body
