"""OTLP to the JSON that Jaeger's UI reads, trace by trace, in pieces."""

from __future__ import annotations

import base64
import json.encoder
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from clew.api.jaeger.tags import Tag, event_tags, process_of, references, scope_tags, span_tags
from clew.api.otlpvalues import dump, float_text

MAX_SAFE = 2**53 - 1
"""Integers beyond it are written as text: a browser would round them."""
_HALF_ZERO = bytes(8)
_text = json.encoder.encode_basestring

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
    """Yield a trace: its spans while they are read, then the processes that they refer to.

    The text is put together piece by piece: dictionaries of a hundred thousand spans would take four times as long.
    """
    processes: dict[bytes, str] = {}
    shown: list[str] = []
    begin = True
    for message in messages:
        spans: list[str] = []
        for group in message.resource_spans:
            process = _process(group, processes, shown)
            for scoped in group.scope_spans:
                head = [tag_text(tag) for tag in scope_tags(scoped.scope)]
                spans += [_span(span, head, process) for span in scoped.spans]
        if begin:
            trace_id = trace_hex(message.resource_spans[0].scope_spans[0].spans[0].trace_id)
            spans[0] = f'{lead}{{"traceID":"{trace_id}","spans":[{spans[0]}'
        yield ("" if begin else ",") + ",".join(spans)
        begin = False
    yield f'],"processes":{{{",".join(shown)}}},"warnings":null}}'


def _process(group: ResourceSpans, known: dict[bytes, str], shown: list[str]) -> str:
    key = group.resource.SerializeToString(deterministic=True)
    name = known.get(key)
    if name is None:
        name = known[key] = f"p{len(known) + 1}"
        service, tags = process_of(group.resource)
        texts = ",".join([tag_text(tag) for tag in tags])
        shown.append(f'"{name}":{{"serviceName":{dump(service)},"tags":[{texts}]}}')
    return name


def _span(span: Span, head: list[str], process: str) -> str:
    start = span.start_time_unix_nano
    parents = ",".join(
        [
            f'{{"refType":"{kind}","traceID":"{trace_hex(trace_id)}","spanID":"{span_id.hex()}"}}'
            for kind, trace_id, span_id in references(span)
        ]
    )
    return (
        f'{{"traceID":"{trace_hex(span.trace_id)}","spanID":"{span.span_id.hex()}",'
        f'{_flags(span.flags & 0xFF)}"operationName":{_text(span.name)},"references":[{parents}],'
        f'"startTime":{start // 1000},"duration":{max(span.end_time_unix_nano - start, 0) // 1000},'
        f'"tags":[{",".join([*head, *map(tag_text, span_tags(span))])}],'
        f'"logs":[{",".join([_log(event) for event in span.events])}],"processID":"{process}","warnings":null}}'
    )


def _flags(flags: int) -> str:
    return f'"flags":{flags},' if flags else ""


def _log(event: Span.Event) -> str:
    return f'{{"timestamp":{event.time_unix_nano // 1000},"fields":[{",".join(map(tag_text, event_tags(event)))}]}}'


def tag_text(tag: Tag) -> str:
    """Return the JSON of a tag as the UI reads it."""
    key, kind, value = tag
    if kind == "string":
        return f"{_before(key, kind)}{_text(value)}}}"
    if kind == "binary":
        text = f'"{base64.b64encode(value).decode()}"'
    elif kind == "bool":
        text = "true" if value else "false"
    elif kind == "int64":
        text = str(value) if -MAX_SAFE <= value <= MAX_SAFE else f'"{value}"'
    else:
        text = repr(value) if math.isfinite(value) else f'"{float_text(value)}"'
    return f"{_before(key, kind)}{text}}}"


@lru_cache(8192)
def _before(key: str, kind: str) -> str:
    """Return what stands before the value of a tag; keys repeat from span to span."""
    return f'{{"key":{_text(key)},"type":"{kind}","value":'


def trace_hex(trace_id: bytes) -> str:
    """Return an id as Jaeger writes it: 16 digits when the high half is zero."""
    return (trace_id[8:] if trace_id[:8] == _HALF_ZERO else trace_id).hex()
