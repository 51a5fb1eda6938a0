from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.trace.v1 import trace_pb2

from clew.api.pb import tempo_pb2 as pb

PROTOBUF = "application/protobuf"


Rows = list[tuple[bytes, bytes, bytes, bytes, str]]


def spans(trace: pb.Trace) -> dict[bytes, trace_pb2.Span]:
    """Return the spans of a trace by id."""
    scopes = (scope for resource in trace.resourceSpans for scope in resource.scope_spans)
    return {one.span_id: one for scope in scopes for one in scope.spans}


def rows(groups: Iterable[trace_pb2.ResourceSpans], trace_id: int) -> Rows:
    """Return each span of a trace with all that belongs to it, sorted: what a deep comparison looks at."""
    found = []
    for group in groups:
        for scoped in group.scope_spans:
            for one in scoped.spans:
                if one.trace_id == trace_id.to_bytes(16, "big"):
                    owners = (one, group.resource, scoped.scope, *one.events, *one.links)
                    for owner in owners:
                        owner.attributes.sort(key=lambda pair: pair.SerializeToString())
                    told = [owner.SerializeToString(deterministic=True) for owner in owners[:3]]
                    found.append((one.span_id, *told, f"{group.schema_url} {scoped.schema_url}"))
    return sorted(found)


def message(group: dict[str, Any]) -> trace_pb2.ResourceSpans:
    """Return what was sent as OTLP JSON as a message, with the empty `status` that every span has in an answer."""

    def base64_ids(value: Any) -> Any:
        if isinstance(value, list):
            return [base64_ids(one) for one in value]
        if not isinstance(value, dict):
            return value
        ids = {"traceId", "spanId", "parentSpanId"}
        return {k: b64encode(bytes.fromhex(v)).decode() if k in ids else base64_ids(v) for k, v in value.items()}

    made: trace_pb2.ResourceSpans = ParseDict(base64_ids(group), trace_pb2.ResourceSpans())
    for scoped in made.scope_spans:
        for one in scoped.spans:
            one.status.SetInParent()
    return made


@pytest.mark.parametrize(
    "accept", [PROTOBUF, "application/protobuf, application/json;q=0.5", "application/json, " + PROTOBUF]
)
def test_the_data_source_gets_the_trace_as_it_was_sent(tempo, sent, t0, accept):
    """V2 in protobuf, as Grafana asks for it: every span comes back equal, nothing is added."""
    reply = tempo.get(f"/api/v2/traces/{0xA1:032x}?start={t0 // 10**9 - 60}&end={t0 // 10**9 + 60}", accept)
    assert (reply.status, reply.headers["content-type"]) == (200, PROTOBUF)
    answer = pb.TraceByIDResponse.FromString(reply.body)
    assert answer.HasField("metrics")
    assert answer.status == pb.COMPLETE
    assert rows(answer.trace.resourceSpans, 0xA1) == rows(map(message, sent["resourceSpans"]), 0xA1)
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
    assert rows(pb.Trace.FromString(reply.body).resourceSpans, 0xA1) == rows(map(message, sent["resourceSpans"]), 0xA1)


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


def test_texts_that_look_like_members_stay_as_they_are(tempo, send, long_ago):
    """The JSON of a trace is made from text; an attribute that holds such text is not touched."""
    text = 'x "traceId":"00ff" "kind":2 "code":1'
    odd = {
        "traceId": f"{0xC4:032x}", "spanId": f"{1:016x}", "name": text, "startTimeUnixNano": str(long_ago),
        "endTimeUnixNano": str(long_ago + 1), "attributes": [{"key": "traceId", "value": {"stringValue": text}}],
    }  # fmt: skip
    send({"scopeSpans": [{"spans": [odd]}]})
    (one,) = spans(tempo.get("/api/v2/traces/c4").strict(pb.TraceByIDResponse()).trace).values()
    assert one.name == text
    assert MessageToDict(one)["attributes"] == [{"key": "traceId", "value": {"stringValue": text}}]


def test_odd_traces_come_back_as_they_were_sent(tempo, send, long_ago):
    """Clamped times, ends before starts, long values, links, counts, flags, repeated keys: nothing is lost."""
    link = {"traceId": f"{0xC6:032x}", "spanId": f"{9:016x}", "traceState": "a=1", "flags": 257,
            "droppedAttributesCount": 2, "attributes": [{"key": "why", "value": {"bytesValue": "AP8="}}]}  # fmt: skip
    event = {"timeUnixNano": "1", "name": "", "droppedAttributesCount": 3}
    nested = {"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}}]}}
    texts = [{"key": "long", "value": {"stringValue": "x" * 100_000}}, {"key": "nothing", "value": {}},
             {"key": "again", "value": {"stringValue": "a"}}, {"key": "again", "value": {"stringValue": "b"}},
             {"key": "nested", "value": nested}]  # fmt: skip
    base = {"traceId": f"{0xC5:032x}"}
    sent = [
        base | {"spanId": f"{1:016x}", "startTimeUnixNano": str(long_ago + 5), "endTimeUnixNano": str(long_ago),
                "links": [link], "events": [event], "droppedAttributesCount": 1, "droppedEventsCount": 4,
                "droppedLinksCount": 5, "flags": 769, "traceState": "b=2", "attributes": texts, "kind": 2},
        base | {"spanId": f"{2:016x}", "parentSpanId": f"{1:016x}", "name": "at the epoch"},
        {"traceId": f"{0xC7:032x}", "spanId": f"{3:016x}", "startTimeUnixNano": str(2**61),
         "endTimeUnixNano": str(2**61 + 1), "status": {"message": "no code"}},
    ]  # fmt: skip
    scoped = {"scope": {"name": "s", "droppedAttributesCount": 6}, "spans": sent, "schemaUrl": "https://b"}
    group = {"resource": {"droppedAttributesCount": 7, "attributes": texts[2:]}, "schemaUrl": "https://a"}
    send(group | {"scopeSpans": [scoped]})
    for trace_id in (0xC5, 0xC7):
        want = rows([message(group | {"scopeSpans": [scoped]})], trace_id)
        answer = pb.TraceByIDResponse.FromString(tempo.get(f"/api/v2/traces/{trace_id:x}", PROTOBUF).body)
        assert rows(answer.trace.resourceSpans, trace_id) == want
        strict = tempo.get(f"/api/v2/traces/{trace_id:x}").strict(pb.TraceByIDResponse())
        assert rows(strict.trace.resourceSpans, trace_id) == want


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
