"""What Jaeger's model makes of OTLP: the tags of a span, the fields of an event, the references of its links.

Both of Jaeger's forms, the JSON of its UI and the messages of `api_v2`, are written from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from clew.api.otlpvalues import text_of

NO_SERVICE = "OTLPResourceNoServiceName"
SERVICE = "service.name"
CHILD_OF, FOLLOWS_FROM = "CHILD_OF", "FOLLOWS_FROM"
_REF_TYPE = "opentracing.ref_type"
_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_OK, _ERROR = 1, 2

Tag = tuple[str, str, Any]
"""Key, type (string, bool, int64, float64, binary) and value; binary ones are bytes."""


def tag_of(pair: KeyValue) -> Tag:
    """Return an attribute as a tag: arrays and maps become JSON."""
    value = pair.value
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return pair.key, "string", value.string_value
    if kind == "int_value":
        return pair.key, "int64", value.int_value
    if kind == "bool_value":
        return pair.key, "bool", value.bool_value
    if kind == "double_value":
        return pair.key, "float64", value.double_value
    if kind == "bytes_value":
        return pair.key, "binary", value.bytes_value
    return pair.key, "string", text_of(value)


def process_of(resource: Resource) -> tuple[str, list[Tag]]:
    """Return the service of a resource and its other attributes."""
    if not resource.attributes:
        return NO_SERVICE, []
    service = ""
    tags = []
    for pair in resource.attributes:
        if pair.key == SERVICE and not service:
            service = text_of(pair.value)
        else:
            tags.append(tag_of(pair))
    return service, tags


def scope_tags(scope: InstrumentationScope) -> list[Tag]:
    """Return the tags that an instrumentation scope gives to each of its spans."""
    tags: list[Tag] = []
    if scope.name:
        tags.append(("otel.scope.name", "string", scope.name))
    if scope.version:
        tags.append(("otel.scope.version", "string", scope.version))
    return tags


def span_tags(span: Span) -> Iterator[Tag]:
    """Yield the tags of a span after those of its scope, in Jaeger's order."""
    for pair in span.attributes:
        yield tag_of(pair)
    kind = _KINDS.get(span.kind)
    if kind:
        yield "span.kind", "string", kind
    status = span.status
    if status.code == _OK:
        yield "otel.status_code", "string", "OK"
    elif status.code == _ERROR:
        yield "otel.status_code", "string", "ERROR"
        yield "error", "bool", True
    if status.message:
        yield "otel.status_description", "string", status.message
    if span.trace_state:
        yield "w3c.tracestate", "string", span.trace_state


def event_tags(event: Span.Event) -> list[Tag]:
    """Return the fields of an event; its name is the field `event` unless an attribute has that key."""
    tags = [tag_of(pair) for pair in event.attributes]
    if event.name and not any(key == "event" for key, _, _ in tags):
        tags.insert(0, ("event", "string", event.name))
    return tags


def references(span: Span) -> list[tuple[str, bytes, bytes]]:
    """Return (type, trace id, span id): the parent first, then the links; a link to the parent decides its type."""
    found: list[tuple[str, bytes, bytes]] = []
    parent = span.parent_span_id
    if any(parent):
        found.append((CHILD_OF, span.trace_id, parent))
    for link in span.links:
        kind = CHILD_OF if _child_of(link.attributes) else FOLLOWS_FROM
        if found and link.span_id == parent and link.trace_id == span.trace_id:
            found[0] = (kind, span.trace_id, parent)
        else:
            found.append((kind, link.trace_id, link.span_id))
    return found


def _child_of(pairs: Iterable[KeyValue]) -> bool:
    return any(pair.key == _REF_TYPE and pair.value.string_value == "child_of" for pair in pairs)
