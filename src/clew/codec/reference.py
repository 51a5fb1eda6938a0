"""The codec again, slowly and in plain Python: the oracle that tests compare the native code with.

Protobuf is parsed by Google's library, JSON by the standard one; both become the same plain objects, those become rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from clew.codec.errors import MalformedError
from clew.codec.reference_json import from_json
from clew.codec.reference_rows import Arrival, Refused, log_row, scope_row, span_row
from clew.codec.reference_values import Row, resource_row
from clew.codec.request import Encoding, Request
from clew.model import LOGS, RESOURCES, SCOPES, SPANS


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one builder would hold after these requests, and what became of each."""

    rows: pa.RecordBatch
    resources: pa.RecordBatch
    scopes: pa.RecordBatch
    outcomes: Sequence[tuple[int, Mapping[str, int]] | None]
    """Accepted rows and rejected ones by reason; `None` for a request that was refused whole."""


def decode_traces(requests: Sequence[Request], *, retention_s: int) -> Decoded:
    """Decode trace requests as `SpanBuilder` does."""
    return _decode(requests, retention_s, "spans")


def decode_logs(requests: Sequence[Request], *, retention_s: int) -> Decoded:
    """Decode log requests as `LogBuilder` does."""
    return _decode(requests, retention_s, "logs")


_LONG = 64
_NAMES = {
    "spans": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
}


class _Batch:
    def __init__(self, signal: str) -> None:
        self.signal = signal
        self.rows: list[Row] = []
        self.resources: dict[tuple[str, int, int], Row] = {}
        self.scopes: dict[tuple[str, int, int], Row] = {}

    def add(self, request: Request, message: Mapping[str, Any], retention_s: int) -> tuple[int, dict[str, int]]:
        arrival = Arrival(request.tenant, request.received_ns, retention_s)
        accepted, reasons = 0, dict[str, int]()
        names = _NAMES[self.signal]
        to_row = span_row if self.signal == "spans" else log_row
        for group in message.get(names[0], ()):
            resource = resource_row(group.get("resource") or {}, group.get("schema_url", ""))
            for inner in group.get(names[1], ()):
                scope = scope_row(inner.get("scope") or {}, inner.get("schema_url", ""))
                for item in inner.get(names[2], ()):
                    try:
                        row = to_row(item, arrival, resource, scope)
                    except Refused as refused:
                        reasons[refused.reason] = reasons.get(refused.reason, 0) + 1
                        continue
                    accepted += 1
                    self.rows.append(row)
                    _refer(self.resources, resource, "resource_id", arrival, row)
                    _refer(self.scopes, scope, "scope_id", arrival, row)
        return accepted, reasons


def _refer(known: dict[tuple[str, int, int], Row], origin: Row, key: str, arrival: Arrival, row: Row) -> None:
    day = row["bucket"] // 86_400
    seen = arrival.received_ns // 1_000_000_000
    found = known.setdefault(
        (arrival.tenant, origin[key], day),
        {**origin, "tenant": arrival.tenant, "day": day, "first_seen": seen, "last_seen": seen},
    )
    found["first_seen"] = min(found["first_seen"], seen)
    found["last_seen"] = max(found["last_seen"], seen)


def _decode(requests: Sequence[Request], retention_s: int, signal: str) -> Decoded:
    batch = _Batch(signal)
    outcomes: list[tuple[int, Mapping[str, int]] | None] = []
    for request in requests:
        try:
            message = _message(request, signal)
        except MalformedError:
            outcomes.append(None)
            continue
        outcomes.append(batch.add(request, message, retention_s))
    return Decoded(
        rows=to_batch(batch.rows, SPANS if signal == "spans" else LOGS),
        resources=to_batch(list(batch.resources.values()), RESOURCES),
        scopes=to_batch(list(batch.scopes.values()), SCOPES),
        outcomes=outcomes,
    )


def _message(request: Request, signal: str) -> Mapping[str, Any]:
    kind = ExportTraceServiceRequest if signal == "spans" else ExportLogsServiceRequest
    if request.encoding is Encoding.JSON:
        try:
            parsed = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise MalformedError(str(error)) from error
        return from_json(parsed, kind.DESCRIPTOR)
    message = kind()
    try:
        message.ParseFromString(request.body)
    except DecodeError as error:
        raise MalformedError(str(error)) from error
    return plain(message)


def plain(message: Message) -> dict[str, Any]:
    """Return the set fields of a message by name, messages as dicts."""
    out: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is None:
            out[field.name] = value
        elif field.is_repeated:
            out[field.name] = [plain(item) for item in value]
        else:
            out[field.name] = plain(value)
    return out


def to_batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows of plain values as a batch."""
    columns = [pa.array([row[field.name] for row in rows], _storage(field.type)).cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _storage(kind: pa.DataType) -> pa.DataType:
    """The type that takes plain numbers where `kind` is a time, and plain text where it is a word."""
    if pa.types.is_timestamp(kind) or pa.types.is_date32(kind):
        return pa.int64() if kind.bit_width == _LONG else pa.int32()
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_map(kind):
        return pa.map_(_storage(kind.key_type), _storage(kind.item_type))
    if pa.types.is_list(kind):
        item = kind.value_field
        return pa.list_(item.with_type(_storage(item.type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_storage(field.type)) for field in kind])
    return kind
