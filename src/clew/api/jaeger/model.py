"""OTLP to Jaeger's span model, `jaeger.api_v2`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from clew.api.jaeger.tags import CHILD_OF, Tag, event_tags, process_of, references, scope_tags, span_tags
from clew.api.pb import jaeger_api_v2_pb2 as pb

_VALUES = {
    "string": (pb.STRING, "v_str"),
    "bool": (pb.BOOL, "v_bool"),
    "int64": (pb.INT64, "v_int64"),
    "float64": (pb.FLOAT64, "v_float64"),
    "binary": (pb.BINARY, "v_binary"),
}


def spans_of(data: TracesData) -> Iterator[pb.Span]:
    """Yield the spans of a message, each with its process."""
    for group in data.resource_spans:
        service, tags = process_of(group.resource)
        process = pb.Process(service_name=service, tags=[_pair(tag) for tag in tags])
        for scoped in group.scope_spans:
            head = [_pair(tag) for tag in scope_tags(scoped.scope)]
            for span in scoped.spans:
                yield _span(span, head, process)


def _span(span: Span, head: list[pb.KeyValue], process: pb.Process) -> pb.Span:
    start = span.start_time_unix_nano
    length = max(span.end_time_unix_nano - start, 0)
    return pb.Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        operation_name=span.name,
        references=[
            pb.SpanRef(
                trace_id=trace_id, span_id=span_id, ref_type=pb.CHILD_OF if kind == CHILD_OF else pb.FOLLOWS_FROM
            )
            for kind, trace_id, span_id in references(span)
        ],
        flags=span.flags & 0xFF,
        start_time=_parts(start),
        duration=_parts(length),
        tags=[*head, *(_pair(tag) for tag in span_tags(span))],
        logs=[
            pb.Log(timestamp=_parts(event.time_unix_nano), fields=[_pair(tag) for tag in event_tags(event)])
            for event in span.events
        ],
        process=process,
    )


def _pair(tag: Tag) -> pb.KeyValue:
    key, kind, value = tag
    number, field = _VALUES[kind]
    given: dict[str, Any] = {field: value}
    return pb.KeyValue(key=key, v_type=number, **given)


def _parts(ns: int) -> dict[str, int]:
    return {"seconds": ns // 10**9, "nanos": ns % 10**9}
