"""Log records into the bytes of an OTLP `ExportLogsServiceRequest` (opentelemetry/proto/logs/v1/logs.proto)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clew_sdk.export.encode import Pieces, any_value, fixed32, fixed64, sized, text

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


@dataclass(slots=True)
class Record:
    """One log record, as it was when it was written."""

    time_ns: int
    severity: int
    """OTLP's number: 1 to 24."""
    level: str
    body: object
    logger: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    trace_id: int = 0
    span_id: int = 0
    flags: int = 0


class LogEncoder(Pieces):
    """Encodes batches of records of one resource. Used by one thread at a time."""

    def __init__(self, resource: Resource) -> None:
        super().__init__()
        self._of = resource

    def request(self, records: Sequence[Record]) -> bytes:
        """Return one request with all records, a scope for each logger in order of appearance."""
        scopes: dict[str, list[bytes]] = {}
        for record in records:
            scopes.setdefault(record.logger, []).append(sized(b"\x12", self.record(record)))
        parts = [self._resource(self._of)]
        for logger, bodies in scopes.items():
            scope = sized(b"\x0a", sized(b"\x0a", text(logger))) if logger else b""
            parts.append(sized(b"\x12", scope + b"".join(bodies)))
        return sized(b"\x0a", b"".join(parts))

    def record(self, record: Record) -> bytes:
        """Return the `LogRecord` message."""
        parts = [
            b"\x09" + fixed64(record.time_ns),
            b"\x59" + fixed64(record.time_ns),
            b"\x10" + bytes((record.severity,)),
            sized(b"\x1a", text(record.level)),
            sized(b"\x2a", any_value(record.body)),
        ]
        self._all(parts, b"\x32", record.attributes)
        if record.trace_id:
            parts.append(b"\x45" + fixed32(record.flags))
            parts.append(b"\x4a\x10" + record.trace_id.to_bytes(16, "big"))
            parts.append(b"\x52\x08" + record.span_id.to_bytes(8, "big"))
        return b"".join(parts)
