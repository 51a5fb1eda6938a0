"""A trace by its id as Tempo's two versions of the route answer it: the stored OTLP bytes, framed anew."""

from __future__ import annotations

import re
from base64 import b64encode

from clew.codec import Encoding
from clew.query.errors import TraceNotFoundError
from clew.query.export import export
from clew.query.read import Read

KINDS = (b"UNSPECIFIED", b"INTERNAL", b"SERVER", b"CLIENT", b"PRODUCER", b"CONSUMER")
CODES = (b"UNSET", b"OK", b"ERROR")
_KEY = b'{"resourceSpans":'
_TRACE_TAG = b"\x0a"
_METRICS = b"\x12\x00"
_DIALECT = re.compile(rb'"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"|"kind":([0-9]+)|"code":([0-9]+)')
"""Members whose names stand unescaped, so none of them is inside a text."""


def protobuf_v1(read: Read, trace_id: str) -> bytes:
    """Return a `Trace`.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    return export(read, trace_id, Encoding.PROTOBUF)


def json_v1(read: Read, trace_id: str) -> bytes:
    """Return a trace as protobuf JSON under the key `batches`.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    return b'{"batches":' + _proto_json(export(read, trace_id, Encoding.JSON)).removeprefix(_KEY)


def protobuf_v2(read: Read, trace_id: str) -> bytes:
    """Return a `TraceByIDResponse`; its `trace` is there also when nothing is stored."""
    try:
        body = export(read, trace_id, Encoding.PROTOBUF)
    except TraceNotFoundError:
        body = b""
    return _TRACE_TAG + _varint(len(body)) + body + _METRICS


def json_v2(read: Read, trace_id: str) -> bytes:
    """Return a `TraceByIDResponse` as protobuf JSON."""
    try:
        body = _proto_json(export(read, trace_id, Encoding.JSON))
    except TraceNotFoundError:
        body = b"{}"
    return b'{"trace":' + body + b',"metrics":{}}'


def _proto_json(otlp: bytes) -> bytes:
    """Return OTLP JSON in the way of protobuf JSON: ids in base64, enums by name."""
    return _DIALECT.sub(_member, otlp)


def _member(found: re.Match[bytes]) -> bytes:
    name, digits, kind, code = found.groups()
    if name:
        return b'"%s":"%s"' % (name, b64encode(bytes.fromhex(digits.decode())))
    if kind:
        return b'"kind":"SPAN_KIND_%s"' % KINDS[int(kind)] if int(kind) < len(KINDS) else found[0]
    return b'"code":"STATUS_CODE_%s"' % CODES[int(code)] if int(code) < len(CODES) else found[0]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
