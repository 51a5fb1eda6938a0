"""OTLP to Zipkin's JSON, version 2: one flat object per span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from clew.api.otlpvalues import dump, plain_of, text_of
from clew.api.zipkin.search import PEERS

_KINDS = {2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
_INTERNAL = 1
_STATUSES = {1: "OK", 2: "ERROR"}
_ERROR = 2
_LOCAL = ("service.name", "faas.name", "k8s.deployment.name", "process.executable.name")
"""Resource attributes that may name the service, the best first."""
_HALF_ZERO = bytes(8)

Pairs = RepeatedCompositeFieldContainer[KeyValue]


def traces_json(parts: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the pieces of a list of traces, each a list of spans."""
    lead = "["
    for _, of_trace in groupby(parts, key=lambda part: part[0]):
        yield f"{lead}[".encode()
        yield from _spans(body for _, body in of_trace)
        yield b"]"
        lead = ","
    yield b"[]" if lead == "[" else b"]"


def trace_json(parts: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the pieces of one trace: a list of spans."""
    yield b"["
    yield from _spans(body for _, body in parts)
    yield b"]"


def _spans(bodies: Iterable[bytes]) -> Iterator[bytes]:
    comma = ""
    for body in bodies:
        spans = ",".join(dump(one) for one in spans_of(TracesData.FromString(body)))
        yield (comma + spans).encode("utf-8", "surrogatepass")
        comma = ","


def spans_of(data: TracesData) -> Iterator[dict[str, Any]]:
    """Yield the spans of a message."""
    for group in data.resource_spans:
        local, shared = _resource(group.resource)
        for scoped in group.scope_spans:
            given = shared | _scope(scoped.scope)
            for span in scoped.spans:
                yield _span(span, local, given)


def _resource(resource: Resource) -> tuple[str, dict[str, str]]:
    """Return the name of the service, and the other attributes as tags."""
    tags = _tags(resource.attributes)
    for key in _LOCAL:
        if tags.get(key):
            return tags.pop(key).lower(), tags
    return "", tags


def _scope(scope: InstrumentationScope) -> dict[str, str]:
    named = {"otel.scope.name": scope.name, "otel.scope.version": scope.version}
    return {key: value for key, value in named.items() if value} | _tags(scope.attributes)


def _tags(pairs: Pairs) -> dict[str, str]:
    """Return attributes as text; of equal keys the first counts."""
    tags: dict[str, str] = {}
    for pair in pairs:
        key = pair.key
        if key not in tags:
            tags[key] = text_of(pair.value)
    return tags


def _span(span: Span, local: str, given: dict[str, str]) -> dict[str, Any]:
    tags = given | _tags(span.attributes)
    remote = next((tags.pop(key) for key in PEERS if tags.get(key)), "")
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    shown: dict[str, Any] = {"traceId": trace_hex(span.trace_id)}
    if any(span.parent_span_id):
        shown["parentId"] = span.parent_span_id.hex()
    shown["id"] = span.span_id.hex()
    if span.kind in _KINDS:
        shown["kind"] = _KINDS[span.kind]
    if span.name:
        shown["name"] = span.name.lower()
    if start:
        shown["timestamp"] = start // 1000
    if start and end:
        shown["duration"] = max((end - start) // 1000, 1)
    if local:
        shown["localEndpoint"] = {"serviceName": local}
    if remote:
        shown["remoteEndpoint"] = {"serviceName": remote.lower()}
    if span.events:
        shown["annotations"] = [_annotation(event) for event in span.events]
    _add_made(tags, span)
    if tags:
        shown["tags"] = tags
    return shown


def _add_made(tags: dict[str, str], span: Span) -> None:
    """Add the tags that stand for fields that Zipkin has not."""
    if span.kind == _INTERNAL:
        tags["span.kind"] = "internal"
    status = span.status
    if status.code in _STATUSES:
        tags["otel.status_code"] = _STATUSES[status.code]
        if status.message:
            tags["otel.status_description"] = status.message
    if status.code == _ERROR:
        tags["error"] = status.message or "true"
    if span.trace_state:
        tags["w3c.tracestate"] = span.trace_state
    for number, link in enumerate(span.links):
        ids = f"{link.trace_id.hex()}|{link.span_id.hex()}|{link.trace_state}"
        tags[f"otlp.link.{number}"] = f"{ids}|{_json(link.attributes)}|{link.dropped_attributes_count}"


def _annotation(event: Span.Event) -> dict[str, Any]:
    value = event.name
    if event.attributes or event.dropped_attributes_count:
        value = f"{value}|{_json(event.attributes)}|{event.dropped_attributes_count}"
    shown: dict[str, Any] = {"value": value}
    if event.time_unix_nano:
        shown = {"timestamp": event.time_unix_nano // 1000, **shown}
    return shown


def _json(pairs: Pairs) -> str:
    return dump({pair.key: plain_of(pair.value) for pair in pairs})


def trace_hex(trace_id: bytes) -> str:
    """Return an id as Zipkin writes it: 16 digits when the high half is zero."""
    return (trace_id[8:] if trace_id[:8] == _HALF_ZERO else trace_id).hex()
