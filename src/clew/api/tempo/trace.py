"""A trace by its id as Tempo's two versions of the route answer it: the stored OTLP bytes, framed anew."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence

from clew.api.pb import tempo_pb2 as pb
from clew.codec import Encoding
from clew.query.errors import TraceNotFoundError
from clew.query.export import Exported, export
from clew.query.read import Read
from clew.query.structure import Gap

KINDS = (b"UNSPECIFIED", b"INTERNAL", b"SERVER", b"CLIENT", b"PRODUCER", b"CONSUMER")
CODES = (b"UNSET", b"OK", b"ERROR")
_KEY = b'{"resourceSpans":'
_TRACE_TAG = b"\x0a"
_SAID = {
    Gap.NO_ROOT: "no root span is stored",
    Gap.MISSING_PARENT: "spans name parents that are not stored",
    Gap.SHARED_ID: "more than two spans share an id",
}
_METRICS = b"\x12\x00"
_DIALECT = re.compile(rb'"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"|"kind":([0-9]+)|"code":([0-9]+)')
"""Members whose names stand unescaped, so none of them is inside a text."""


def protobuf_v1(read: Read, trace_id: str) -> bytes:
    """Return a `Trace`.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    return export(read, trace_id, Encoding.PROTOBUF).body


def json_v1(read: Read, trace_id: str) -> bytes:
    """Return a trace as protobuf JSON under the key `batches`.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    return b'{"batches":' + _proto_json(export(read, trace_id, Encoding.JSON).body).removeprefix(_KEY)


def protobuf_v2(read: Read, trace_id: str) -> bytes:
    """Return a `TraceByIDResponse`; its `trace` is there also when nothing is stored.

    A trace whose structure is not known for sure has the status `PARTIAL`, and a message that says what is missing.
    """
    try:
        found = export(read, trace_id, Encoding.PROTOBUF)
    except TraceNotFoundError:
        found = Exported(b"", ())
    status = pb.TraceByIDResponse(status=pb.PARTIAL, message=_message(found.gaps)).SerializeToString()
    return _TRACE_TAG + _varint(len(found.body)) + found.body + _METRICS + (status if found.gaps else b"")


def json_v2(read: Read, trace_id: str) -> bytes:
    """Return a `TraceByIDResponse` as protobuf JSON."""
    try:
        found = export(read, trace_id, Encoding.JSON)
    except TraceNotFoundError:
        found = Exported(b"{}", ())
    status = b',"status":"PARTIAL","message":' + json.dumps(_message(found.gaps)).encode() if found.gaps else b""
    return b'{"trace":' + _proto_json(found.body) + b',"metrics":{}' + status + b"}"


def _message(gaps: Sequence[str]) -> str:
    return "the structure of the trace is not known for sure: " + ", ".join(_SAID[Gap(gap)] for gap in gaps)


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
