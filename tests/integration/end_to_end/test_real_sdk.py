"""Traces of the unmodified OpenTelemetry SDK for Python, from the exporter to the export."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from clew.testing import RunningClew


class Recording(SpanExporter):
    """Sends with the real exporter and keeps what it has sent."""

    def __init__(self, inner: SpanExporter) -> None:
        self.inner = inner
        self.sent: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send and remember."""
        self.sent += spans
        result = self.inner.export(spans)
        assert result is SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        """End the real exporter."""
        self.inner.shutdown()


def send_trace(exporter: SpanExporter, service: str) -> list[ReadableSpan]:
    """Send one trace that uses every feature of the SDK; returns its spans."""
    recording = Recording(exporter)
    provider = TracerProvider(resource=Resource.create({"service.name": service, "pets": ["cat", "dog"], "empty": ""}))
    provider.add_span_processor(SimpleSpanProcessor(recording))
    tracer = provider.get_tracer("shop", "1.2.3", "https://example.com/schema", {"scope.kind": "test"})
    with tracer.start_as_current_span("GET /cart", kind=trace.SpanKind.SERVER) as root:
        root.set_attributes(
            {
                "http.route": "/cart",
                "http.response.status_code": 500,
                "ratio": 0.25,
                "cached": False,
                "zero": 0,
                "text": "",
                "unicode": "käse 🧀 \t\n\\ \"'",
                "names": ["a", "b", ""],
                "counts": [1, 2, -3],
                "ratios": [0.5, -1e300],
                "flags": [True, False],
                "none": [],
                "big": 2**63 - 1,
                "small": -(2**63),
            }
        )
        with tracer.start_as_current_span("SELECT cart", kind=trace.SpanKind.CLIENT) as query:
            query.add_event("rows", {"count": 3, "table": "cart"})
            query.add_event("no attributes")
        link = trace.Link(query.get_span_context(), {"reason": "retry", "try": 2})
        with pytest.raises(ValueError, match="no price"), tracer.start_as_current_span("price", links=[link]):
            raise ValueError("no price")
    provider.shutdown()
    return recording.sent


def by_id(spans: Sequence[Span]) -> dict[bytes, Span]:
    """Return spans by id, their attributes in a fixed order."""
    for span in spans:
        for owner in (span, *span.events, *span.links):
            ordered = sorted(owner.attributes, key=lambda item: item.key)
            del owner.attributes[:]
            owner.attributes.extend(ordered)
    return {span.span_id: span for span in spans}


def spans_of(data: Any) -> list[Span]:
    """Return all spans of a request or an export."""
    return [span for group in data.resource_spans for scope in group.scope_spans for span in scope.spans]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_trace_comes_back_as_it_was_sent(clew: RunningClew, protocol: str) -> None:
    """What the SDK sent is found by search within seconds, and exported without loss in both encodings."""
    before = clew.status()["ledger"]["stored"]
    if protocol == "grpc":
        exporter: SpanExporter = GrpcExporter(endpoint=clew.otlp_grpc_url, insecure=True)
    else:
        exporter = HttpExporter(endpoint=f"{clew.otlp_http_url}/v1/traces")
    sent = send_trace(exporter, f"sdk-{protocol}")
    clew.wait_stored(before + len(sent))
    query = f'{{ resource.service.name = "sdk-{protocol}" && span.http.route = "/cart" }}'
    (row,) = clew.post("/search", {"q": query})["data"]["traces"]
    assert (row["root_name"], row["spans"], row["errors"]) == ("GET /cart", 3, 1)
    trace_id = f"{sent[0].context.trace_id:032x}"
    assert row["trace_id"] == trace_id

    wanted = encode_spans(sent)
    raw = clew.fetch(f"/api/v1/traces/{trace_id}/export?format=otlp-proto")
    found = TracesData.FromString(raw)
    assert by_id(spans_of(found)) == by_id(spans_of(wanted))
    assert_origin(found.resource_spans[0], wanted.resource_spans[0])

    done = clew.clew("export", "--trace", trace_id.upper(), "--format", "otlp-json", "--url", clew.url)
    assert done.returncode == 0, done.stderr
    exported = json.loads(done.stdout)
    again = send_json(clew, exported)
    assert not again.get("partialSuccess")
    assert json_ids(exported) == {span.span_id.hex() for span in spans_of(wanted)}


def assert_origin(found: Any, wanted: Any) -> None:
    """Resource and scope are the same, with their schema URLs."""
    attributes = [sorted(one.resource.attributes, key=lambda item: item.key) for one in (found, wanted)]
    assert attributes[0] == attributes[1]
    assert found.schema_url == wanted.schema_url
    scopes = [one.scope_spans[0] for one in (found, wanted)]
    assert scopes[0].scope == scopes[1].scope
    assert scopes[0].schema_url == scopes[1].schema_url


def send_json(clew: RunningClew, body: dict[str, Any]) -> dict[str, Any]:
    """Send an export back in; it is a valid OTLP request."""
    request = urllib.request.Request(
        f"{clew.otlp_http_url}/v1/traces", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
        return dict(json.load(answer))


def json_ids(exported: dict[str, Any]) -> set[str]:
    """Return the span ids of an export in JSON."""
    return {
        span["spanId"]
        for group in exported["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    }


def test_spans_of_400_days_in_one_request_are_all_kept(clew: RunningClew) -> None:
    """Spans far in the past and the future are stored with their own times, once, and exported in order."""
    day_ns, first = 86_400 * 10**9, 1_600_000_000 * 10**9
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    spans = [
        {
            "traceId": trace_id,
            "spanId": f"{number + 1:016x}",
            "name": "old",
            "startTimeUnixNano": str(first + number * day_ns),
            "endTimeUnixNano": str(first + number * day_ns + 5),
        }
        for number in range(400)
    ]
    before = clew.status()["ledger"]["stored"]
    send_json(clew, {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    clew.wait_stored(before + 400)
    exported = clew.get(f"/traces/{trace_id}/export?format=otlp-json")
    times = sorted(
        int(span["startTimeUnixNano"])
        for group in exported["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    )
    assert times == [first + number * day_ns for number in range(400)]


def test_every_line_of_the_ledger_adds_up(clew: RunningClew) -> None:
    """The books balance: received = stored + pending + sampled_out + rejected + lost, also with rejected spans."""
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "00" * 16, "spanId": "00" * 8, "name": "bad"}]}]}]}
    before = clew.status()["ledger"]
    answer = send_json(clew, body)
    assert int(answer["partialSuccess"]["rejectedSpans"]) == 1
    after = clew.wait_drained()["ledger"]
    assert after["rejected"] == before["rejected"] + 1
    parts = ("stored", "pending", "sampled_out", "rejected", "lost")
    assert after["received"] == sum(after[part] for part in parts)
