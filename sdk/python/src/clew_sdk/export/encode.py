"""Ended spans into the bytes of an OTLP `ExportTraceServiceRequest`, without message objects in between.

Tags are written as literals; `(field << 3) | wire type` of opentelemetry/proto/trace/v1/trace.proto. What repeats from
span to span (names, keys, short string attributes, resources, scopes) is encoded once and kept, within bounds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Link, SpanContext

MAX_KEPT = 8192
"""Most attributes that are kept encoded; beyond it all are forgotten and learned anew."""
MAX_KEPT_TEXT = 128
"""Longest value in characters that is kept."""
MAX_DEPTH = 32
"""Values nest so deep at most; what lies below is written as its text."""

_TIMES = struct.Struct("<BQBQ").pack
fixed32 = struct.Struct("<I").pack
fixed64 = struct.Struct("<Q").pack
_DOUBLE = struct.Struct("<d").pack
_FLAGS = struct.Struct("<BBI").pack
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200
_ONE_BYTE, _TWO_BYTES = 0x80, 0x4000


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= _ONE_BYTE:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_SIZES = [_varint(size) for size in range(_TWO_BYTES)]


def _size(length: int) -> bytes:
    return _SIZES[length] if length < _TWO_BYTES else _varint(length)


def sized(tag: bytes, body: bytes) -> bytes:
    """Return a field with its length before it."""
    return tag + _size(len(body)) + body


def text(value: str) -> bytes:
    """Return UTF-8; lone surrogates, which are no text, become question marks."""
    return value.encode("utf-8", "replace")


class Pieces:
    """What spans and log records have in common, encoded once and kept. Used by one thread at a time."""

    def __init__(self) -> None:
        self._attributes: dict[tuple[str, str], bytes] = {}
        self._keys: dict[str, bytes] = {}
        self._names: dict[str, bytes] = {}
        self._resources: dict[int, tuple[object, bytes]] = {}
        self._scopes: dict[int, tuple[object, bytes]] = {}

    def _name(self, name: str) -> bytes:
        kept = self._names.get(name)
        if kept is None:
            kept = sized(b"\x2a", text(name))
            if len(self._names) >= MAX_KEPT:
                self._names.clear()
            self._names[name] = kept
        return kept

    def _all(self, parts: list[bytes], tag: bytes, attributes: Mapping[str, Any] | None) -> None:
        """Append attributes, each under its field's tag."""
        if not attributes:
            return
        # The SDK's container locks and wraps each access; its dictionary is the same values at a quarter of the cost.
        items = getattr(attributes, "_dict", attributes)
        kept = self._attributes
        for key, value in list(items.items()):
            if type(value) is str and len(value) <= MAX_KEPT_TEXT:
                body = kept.get((key, value))
                if body is None:
                    body = self._pair(key, value)
                    if len(kept) >= MAX_KEPT:
                        kept.clear()
                    kept[key, value] = body
            else:
                body = self._pair(key, value)
            parts += (tag, _size(len(body)), body)

    def _pair(self, key: str, value: object) -> bytes:
        """Return a `KeyValue`."""
        head = self._keys.get(key)
        if head is None:
            head = sized(b"\x0a", text(key))
            if len(self._keys) >= MAX_KEPT:
                self._keys.clear()
            self._keys[key] = head
        return head + sized(b"\x12", any_value(value))

    def _resource(self, resource: Resource) -> bytes:
        kept = self._resources.get(id(resource))
        if kept is None or kept[0] is not resource:
            parts: list[bytes] = []
            self._all(parts, b"\x0a", resource.attributes)
            if len(self._resources) >= MAX_KEPT:
                self._resources.clear()
            kept = self._resources[id(resource)] = (resource, sized(b"\x0a", b"".join(parts)))
        return kept[1]

    def _scope(self, scope: InstrumentationScope | None) -> bytes:
        if scope is None:
            return b""
        kept = self._scopes.get(id(scope))
        if kept is None or kept[0] is not scope:
            parts = [sized(b"\x0a", text(scope.name))]
            if scope.version:
                parts.append(sized(b"\x12", text(scope.version)))
            self._all(parts, b"\x1a", scope.attributes)
            if len(self._scopes) >= MAX_KEPT:
                self._scopes.clear()
            kept = self._scopes[id(scope)] = (scope, sized(b"\x0a", b"".join(parts)))
        return kept[1]


class Encoder(Pieces):
    """Encodes batches of spans. Used by one thread at a time."""

    def request(self, spans: Sequence[ReadableSpan]) -> bytes:
        """Return one request with all spans, grouped by resource and scope in order of appearance."""
        groups: dict[int, tuple[Resource, dict[int, tuple[InstrumentationScope | None, list[bytes]]]]] = {}
        for span in spans:
            resource, scope = span.resource, span.instrumentation_scope
            group = groups.get(id(resource))
            if group is None:
                group = groups[id(resource)] = (resource, {})
            inner = group[1].get(id(scope))
            if inner is None:
                inner = group[1][id(scope)] = (scope, [])
            body = self.span(span)
            inner[1].extend((b"\x12", _size(len(body)), body))
        out = []
        for resource, scopes in groups.values():
            parts = [self._resource(resource)]
            for scope, bodies in scopes.values():
                parts.append(sized(b"\x12", self._scope(scope) + b"".join(bodies) + _url(scope)))
            parts.append(_url(resource))
            out.append(sized(b"\x0a", b"".join(parts)))
        return b"".join(out)

    def span(self, span: ReadableSpan) -> bytes:
        """Return the `Span` message."""
        context, parent = span.context, span.parent
        parts = [
            b"\x0a\x10",
            context.trace_id.to_bytes(16, "big"),
            b"\x12\x08",
            context.span_id.to_bytes(8, "big"),
        ]
        if context.trace_state:
            parts.append(sized(b"\x1a", text(context.trace_state.to_header())))
        if parent is not None:
            parts.append(b"\x22\x08" + parent.span_id.to_bytes(8, "big"))
        parts.append(self._name(span.name))
        parts.append(_KINDS[span.kind.value])
        parts.append(_TIMES(0x39, span.start_time or 0, 0x41, span.end_time or 0))
        self._all(parts, b"\x4a", span.attributes)
        _count(parts, b"\x50", span.dropped_attributes)
        parts.extend([sized(b"\x5a", self._event(event)) for event in span.events])
        _count(parts, b"\x60", span.dropped_events)
        parts.extend([sized(b"\x6a", self._link(link)) for link in span.links])
        _count(parts, b"\x70", span.dropped_links)
        status = span.status
        code = status.status_code.value
        if code or status.description:
            body = sized(b"\x12", text(status.description)) if status.description else b""
            parts.append(sized(b"\x7a", body + (b"\x18" + _SIZES[code] if code else b"")))
        parts.append(_FLAGS(0x85, 0x01, _flags(context.trace_flags, parent)))
        return b"".join(parts)

    def _event(self, event: Event) -> bytes:
        parts = [b"\x09" + fixed64(event.timestamp), sized(b"\x12", text(event.name))]
        self._all(parts, b"\x1a", event.attributes)
        _count(parts, b"\x20", event.dropped_attributes)
        return b"".join(parts)

    def _link(self, link: Link) -> bytes:
        context = link.context
        parts = [b"\x0a\x10", context.trace_id.to_bytes(16, "big"), b"\x12\x08", context.span_id.to_bytes(8, "big")]
        if context.trace_state:
            parts.append(sized(b"\x1a", text(context.trace_state.to_header())))
        self._all(parts, b"\x22", link.attributes)
        _count(parts, b"\x28", link.dropped_attributes)
        parts.append(struct.pack("<BI", 0x35, _flags(context.trace_flags, context)))
        return b"".join(parts)


_KINDS = [b"\x30" + _SIZES[kind + 1] for kind in range(5)]
"""By the API's number, which is one less than OTLP's."""


def _flags(trace_flags: int, remote: SpanContext | None) -> int:
    """Return OTLP flags: W3C's in the low byte, then whether the parent (or the link) is known to be remote."""
    told = _HAS_IS_REMOTE | (_IS_REMOTE if remote is not None and remote.is_remote else 0)
    return int(trace_flags) & 0xFF | told


def _count(parts: list[bytes], tag: bytes, count: int) -> None:
    if count:
        parts.append(tag + _varint(count))


def _url(of: Resource | InstrumentationScope | None) -> bytes:
    url = of.schema_url if of is not None else None
    return sized(b"\x1a", text(url)) if url else b""


def any_value(value: object, depth: int = 0) -> bytes:
    """Return an `AnyValue`; what has no type in OTLP is written as its text."""
    if isinstance(value, str):
        return sized(b"\x0a", text(value))
    if isinstance(value, (bool, int, float)):
        return _number(value)
    if value is None:
        return b""
    return _composite(value, depth)


def _number(value: int | float) -> bytes:  # noqa: PYI041 - an integer is treated as one
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, float):
        return b"\x21" + _DOUBLE(value)
    if -(1 << 63) <= value < 1 << 63:
        return b"\x18" + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    return sized(b"\x0a", str(value).encode())


def _composite(value: object, depth: int) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return sized(b"\x3a", bytes(value))
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        pairs = (sized(b"\x0a", text(str(k))) + sized(b"\x12", any_value(v, depth + 1)) for k, v in value.items())
        return sized(b"\x32", b"".join(sized(b"\x0a", pair) for pair in pairs))
    if depth < MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return sized(b"\x2a", b"".join(sized(b"\x0a", any_value(one, depth + 1)) for one in value))
    return sized(b"\x0a", text(str(value)))
