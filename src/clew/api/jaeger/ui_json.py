"""OTLP to the JSON that Jaeger's UI reads, trace by trace, in pieces."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from clew.api.jaeger.tags import Tag, event_tags, process_of, references, scope_tags, span_tags
from clew.api.otlpvalues import dump, float_text

MAX_SAFE = 2**53 - 1
"""Integers beyond it are written as text: a browser would round them."""
_HALF_ZERO = bytes(8)

Part = tuple[bytes, bytes]
"""A trace id and a `TracesData` message; the parts of a trace come one after the other."""


def envelope(data: Any, total: int = 0, errors: Any = None) -> dict[str, Any]:
    """Return what every answer of the legacy API is wrapped in."""
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": errors}


def traces_json(parts: Iterable[Part], errors: Any = None) -> Iterator[bytes]:
    """Yield the pieces of an answer with traces.

    Args:
        parts: the traces.
        errors: filled in by the time that all parts were read.
    """
    lead = '{"data":['
    for _, of_trace in groupby(parts, key=lambda part: part[0]):
        for piece in _trace((TracesData.FromString(body) for _, body in of_trace), lead):
            yield piece.encode("utf-8", "surrogatepass")
        lead = ","
    yield ("" if lead == "," else lead).encode()
    yield f'],"total":0,"limit":0,"offset":0,"errors":{dump(errors or None)}}}'.encode()


def _trace(messages: Iterable[TracesData], lead: str) -> Iterator[str]:
    """Yield a trace: its spans while they are read, then the processes that they refer to."""
    processes: dict[bytes, str] = {}
    shown: dict[str, Any] = {}
    begin = True
    for message in messages:
        spans: list[str] = []
        for group in message.resource_spans:
            process = _process(group, processes, shown)
            for scoped in group.scope_spans:
                head = [tag_json(tag) for tag in scope_tags(scoped.scope)]
                spans += [dump(_span(span, head, process)) for span in scoped.spans]
        if begin:
            trace_id = trace_hex(message.resource_spans[0].scope_spans[0].spans[0].trace_id)
            spans[0] = f'{lead}{{"traceID":"{trace_id}","spans":[{spans[0]}'
        yield ("" if begin else ",") + ",".join(spans)
        begin = False
    yield f'],"processes":{dump(shown)},"warnings":null}}'


def _process(group: ResourceSpans, known: dict[bytes, str], shown: dict[str, Any]) -> str:
    key = group.resource.SerializeToString(deterministic=True)
    name = known.get(key)
    if name is None:
        name = known[key] = f"p{len(known) + 1}"
        service, tags = process_of(group.resource)
        shown[name] = {"serviceName": service, "tags": [tag_json(tag) for tag in tags]}
    return name


def _span(span: Span, head: list[dict[str, Any]], process: str) -> dict[str, Any]:
    start = span.start_time_unix_nano
    shown = {
        "traceID": trace_hex(span.trace_id),
        "spanID": span.span_id.hex(),
        "operationName": span.name,
        "references": [
            {"refType": kind, "traceID": trace_hex(trace_id), "spanID": span_id.hex()}
            for kind, trace_id, span_id in references(span)
        ],
        "startTime": start // 1000,
        "duration": max(span.end_time_unix_nano - start, 0) // 1000,
        "tags": [*head, *(tag_json(tag) for tag in span_tags(span))],
        "logs": [
            {"timestamp": event.time_unix_nano // 1000, "fields": [tag_json(tag) for tag in event_tags(event)]}
            for event in span.events
        ],
        "processID": process,
        "warnings": None,
    }
    flags = span.flags & 0xFF
    if flags:
        shown["flags"] = flags
    return shown


def tag_json(tag: Tag) -> dict[str, Any]:
    """Return a tag as the UI reads it."""
    key, kind, value = tag
    if kind == "binary":
        value = base64.b64encode(value).decode()
    elif kind == "int64" and not -MAX_SAFE <= value <= MAX_SAFE:
        value = str(value)
    elif kind == "float64" and not math.isfinite(value):
        value = float_text(value)
    return {"key": key, "type": kind, "value": value}


def trace_hex(trace_id: bytes) -> str:
    """Return an id as Jaeger writes it: 16 digits when the high half is zero."""
    return (trace_id[8:] if trace_id[:8] == _HALF_ZERO else trace_id).hex()
