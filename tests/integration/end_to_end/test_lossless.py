"""One trace with every value that OTLP can carry, from the wire to `clew export`."""

from __future__ import annotations

import base64
import json
import math
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from clew.testing import RunningClew

DAY_NS = 86_400 * 10**9
ID_KEYS = frozenset({"traceId", "spanId", "parentSpanId"})


def _string(text: str) -> AnyValue:
    return AnyValue(string_value=text)


def _array(*values: AnyValue) -> AnyValue:
    return AnyValue(array_value=ArrayValue(values=values))


def _nested(depth: int) -> AnyValue:
    value = _string("innermost")
    for level in range(depth):
        value = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key=f"level {level}", value=value)]))
    return value


VALUES: dict[str, AnyValue] = {
    "text": _string("käse 🧀 \x00 \"'\\"),
    "text, empty": _string(""),
    "text, long": _string("v" * 300_000),
    "": _string("a key without a name"),
    "k" * 5000: _string("a long key"),
    "true": AnyValue(bool_value=True),
    "false": AnyValue(bool_value=False),
    "int, zero": AnyValue(int_value=0),
    "int, largest": AnyValue(int_value=2**63 - 1),
    "int, smallest": AnyValue(int_value=-(2**63)),
    "double, zero": AnyValue(double_value=0.0),
    "double, negative zero": AnyValue(double_value=-0.0),
    "double, whole": AnyValue(double_value=3.0),
    "double, 17 digits": AnyValue(double_value=0.1 + 0.2),
    "double, denormal": AnyValue(double_value=5e-324),
    "double, not a number": AnyValue(double_value=math.nan),
    "double, infinite": AnyValue(double_value=-math.inf),
    "bytes": AnyValue(bytes_value=bytes(range(256))),
    "bytes, empty": AnyValue(bytes_value=b""),
    "strings": _array(_string("a"), _string(""), _string("b")),
    "ints": _array(AnyValue(int_value=0), AnyValue(int_value=2**63 - 1)),
    "doubles": _array(AnyValue(double_value=0.5), AnyValue(double_value=math.inf)),
    "booleans": _array(AnyValue(bool_value=True), AnyValue(bool_value=False)),
    "array, empty": _array(),
    "array, mixed": _array(AnyValue(int_value=1), _string("1"), _array(AnyValue(bytes_value=b"\x00"))),
    "list, empty": AnyValue(kvlist_value=KeyValueList()),
    "list, nested": _nested(20),
    "no value": AnyValue(),
}


def _attributes(values: dict[str, AnyValue]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value) for key, value in values.items()]


def _trace(trace_id: bytes) -> ExportTraceServiceRequest:
    """Return spans that are odd in every way that is allowed."""
    now = time.time_ns() // 1000 * 1000 + 7
    twice = [KeyValue(key="twice", value=AnyValue(int_value=number)) for number in (1, 2)]

    def span(number: int, **fields: Any) -> Span:
        times = {"start_time_unix_nano": now, "end_time_unix_nano": now + 12_345, **fields}
        return Span(trace_id=trace_id, span_id=number.to_bytes(8, "big"), name=f"span {number}", **times)

    full = span(
        1,
        kind=Span.SPAN_KIND_CONSUMER,
        trace_state="a=b,c=d",
        flags=0x301,
        dropped_attributes_count=1,
        dropped_events_count=2**32 - 1,
        dropped_links_count=3,
        status=Status(code=Status.STATUS_CODE_ERROR, message="no \u2603"),
        attributes=[*_attributes(VALUES), *twice],
        events=[
            Span.Event(),
            Span.Event(
                time_unix_nano=now + 11, name="e", dropped_attributes_count=9, attributes=_attributes(VALUES) + twice
            ),
        ],
        links=[
            Span.Link(trace_id=bytes(16), span_id=bytes(8)),
            Span.Link(
                trace_id=trace_id, span_id=b"\x01" * 8, trace_state="x=y", flags=0x101, dropped_attributes_count=4,
                attributes=_attributes(VALUES),
            ),
        ],
    )  # fmt: skip
    odd = [
        span(2, parent_span_id=(1).to_bytes(8, "big"), end_time_unix_nano=0),
        span(3, start_time_unix_nano=0, end_time_unix_nano=0),
        span(4, end_time_unix_nano=now - 5, status=Status(code=Status.STATUS_CODE_OK)),
        span(5, start_time_unix_nano=now - 400 * DAY_NS),
        span(6, start_time_unix_nano=2**63 - 2, end_time_unix_nano=2**63 - 1),
        span(2**64 - 1, parent_span_id=(2**63).to_bytes(8, "big")),
    ]
    scope = InstrumentationScope(
        name="shop", version="1", attributes=_attributes(VALUES), dropped_attributes_count=2**32 - 1
    )
    owner = Resource(
        attributes=_attributes({"service.name": _string("lossless"), **VALUES}), dropped_attributes_count=7
    )
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=owner,
                schema_url="https://example.org/resource",
                scope_spans=[ScopeSpans(scope=scope, schema_url="https://example.org/scope", spans=[full, *odd])],
            ),
            ResourceSpans(scope_spans=[ScopeSpans(spans=[span(9)])]),
        ]
    )


def _map_ids(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON tree with every id changed: OTLP writes them as hex where protobuf's JSON has base64."""
    if isinstance(value, dict):
        return {key: change(one) if key in ID_KEYS else _map_ids(one, change) for key, one in value.items()}
    return [_map_ids(one, change) for one in value] if isinstance(value, list) else value


def _bodies(request: ExportTraceServiceRequest, form: str) -> tuple[bytes, str]:
    if form == "protobuf":
        return request.SerializeToString(), "application/x-protobuf"

    def spelt(text: str) -> str:
        hexadecimal = base64.b64decode(text).hex()
        return hexadecimal.upper() if form == "JSON, upper case" else hexadecimal

    return json.dumps(_map_ids(MessageToDict(request, use_integers_for_enums=True), spelt)).encode(), "application/json"


def _ordered(attributes: list[dict[str, Any]]) -> list[str]:
    """Return attributes in a fixed order; a missing value and an empty one are the same to OTLP."""
    return sorted(json.dumps([one.get("key", ""), one.get("value") or {}], sort_keys=True) for one in attributes)


def _canonical(value: Any) -> Any:
    """Return a JSON tree that is equal to another exactly if they say the same."""
    if isinstance(value, dict):
        return {
            key: _ordered(one) if key == "attributes" else _canonical(one)
            for key, one in value.items()
            if one not in ({}, [])
        }
    return [_canonical(one) for one in value] if isinstance(value, list) else value


def _spans(message: Any) -> dict[bytes, Any]:
    """Return each span by id with its scope, its resource and their schema URLs."""
    found = {}
    for group in message.resource_spans:
        for scope in group.scope_spans:
            around = [MessageToDict(group.resource), group.schema_url, MessageToDict(scope.scope), scope.schema_url]
            for span in scope.spans:
                assert span.span_id not in found
                found[span.span_id] = _canonical([*around, MessageToDict(span)])
    return found


@pytest.mark.parametrize("form", ["protobuf", "JSON", "JSON, upper case"])
def test_every_value_of_otlp_comes_back(clew: RunningClew, form: str) -> None:
    """All attribute types on every level, events, links, counts, flags, odd times and ids are exported as sent."""
    trace_id = bytes([171, *range(14), len(form)])
    request = _trace(trace_id)
    body, media = _bodies(request, form)
    before = clew.status()["ledger"]["stored"]
    sent = urllib.request.Request(f"{clew.otlp_http_url}/v1/traces", body, {"content-type": media})
    with urllib.request.urlopen(sent) as answer:
        assert answer.read() in {b"", b"{}"}
    clew.wait_stored(before + len(_spans(request)))
    done = clew.clew("export", "--trace", trace_id.hex().upper(), "--format", "otlp-json", "--url", clew.url)
    assert done.returncode == 0, done.stderr
    exported = _map_ids(json.loads(done.stdout), lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    assert _spans(ParseDict(exported, TracesData())) == _spans(request)
    raw = clew.fetch(f"/api/v1/traces/{trace_id.hex()}/export?format=otlp-proto")
    assert _spans(TracesData.FromString(raw)) == _spans(request)


def test_a_span_of_a_wrong_clock_is_not_the_newest(clew: RunningClew) -> None:
    """A span whose sender's clock is decades ahead does not make everything else look old."""
    request = _trace(bytes([172, *range(15)]))
    before = clew.status()["ledger"]["stored"]
    sent = urllib.request.Request(
        f"{clew.otlp_http_url}/v1/traces", request.SerializeToString(), {"content-type": "application/x-protobuf"}
    )
    urllib.request.urlopen(sent).close()
    clew.wait_stored(before + len(_spans(request)))
    clew.restart()
    newest = clew.status()["newest_span_ns"]
    assert newest is not None
    assert abs(int(newest) - time.time_ns()) < DAY_NS


def test_a_log_record_without_a_time_stands_where_it_was_observed(clew: RunningClew) -> None:
    """The records of a trace are in order of time, or of observation where the sender gave no time."""
    now = time.time_ns()
    trace_id = "ad" * 16
    records = [
        {"traceId": trace_id, "body": {"stringValue": "second"}, "observedTimeUnixNano": str(now + 2)},
        {"traceId": trace_id, "body": {"stringValue": "first"}, "timeUnixNano": str(now + 1)},
        {"traceId": trace_id, "body": {"stringValue": "third"}, "timeUnixNano": str(now + 3)},
    ]
    before = clew.status()["logs"]["stored"]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
    sent = urllib.request.Request(f"{clew.otlp_http_url}/v1/logs", body, {"content-type": "application/json"})
    urllib.request.urlopen(sent).close()
    end = time.monotonic() + 60
    while clew.status()["logs"]["stored"] < before + len(records) and time.monotonic() < end:
        time.sleep(0.1)
    found = clew.get(f"/traces/{trace_id}/logs")["data"]["logs"]
    assert [one["body"] for one in found] == ["first", "second", "third"]
