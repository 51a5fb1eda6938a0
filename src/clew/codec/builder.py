"""Request bodies in, Arrow batches out."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from clew.codec.errors import BadCompressionError, BatchFullError, CodecError, MalformedError, TooLargeError
from clew.codec.native import NativeBatch, NativeLogBuilder, NativeSpanBuilder
from clew.codec.request import Pushed, Request
from clew.model import LOGS, RESOURCES, SCOPES, SPANS

DEFAULT_MAX_DECODED_BYTES = 64 << 20
"""The size limit that the OTLP specification recommends, after decompression too."""

_ARROW_ARRAY_BYTES = 80
"""Size of `struct ArrowArray`."""

_ERRORS: dict[str, type[CodecError]] = {
    "malformed": MalformedError,
    "too_large": TooLargeError,
    "compression": BadCompressionError,
    "batch_full": BatchFullError,
}

_REASONS = {
    "invalid_trace_id": "trace id is not 16 bytes or is zero",
    "invalid_span_id": "span id is not 8 bytes or is zero",
    "invalid_parent_id": "parent span id is not 8 bytes",
    "time_out_of_range": "a time is 2^63 ns or later",
    "invalid_link_id": "a link's trace or span id has a wrong length",
}


@dataclass(frozen=True, slots=True)
class Batches:
    """What a builder held: rows, and each resource and scope that they refer to, once per tenant and day."""

    rows: pa.RecordBatch
    resources: pa.RecordBatch
    scopes: pa.RecordBatch


def _message(rejected: int, reasons: dict[str, int]) -> str:
    if not rejected:
        return ""
    parts = [f"{count}: {_REASONS[reason]} ({reason})" for reason, count in reasons.items()]
    return f"{rejected} rejected. " + "; ".join(parts)


def _pushed(accepted: int, rejected: list[tuple[str, int]], error: tuple[str, str] | None) -> Pushed:
    reasons = dict(rejected)
    total = sum(reasons.values())
    return Pushed(
        accepted=accepted,
        rejected=total,
        reasons=reasons,
        message=_message(total, reasons),
        error=None if error is None else _ERRORS[error[0]](error[1]),
    )


class _Builder:
    def __init__(self, native: NativeSpanBuilder | NativeLogBuilder, schema: pa.Schema) -> None:
        self._native = native
        self._schemas = (schema, RESOURCES, SCOPES)
        self._struct = ctypes.create_string_buffer(_ARROW_ARRAY_BYTES)
        # `finish` hands over arrays without their schemas, so these must be the ones that the native code writes.
        for batch, expected in zip(native.finish(), self._schemas, strict=True):
            if not pa.record_batch(batch).schema.equals(expected):
                raise RuntimeError("clew._native was built for another schema: install clew again")

    def _take(self, batch: NativeBatch, schema: pa.Schema) -> pa.RecordBatch:
        """Return a batch whose schema is known: importing it each time would cost more than the arrays."""
        address = ctypes.addressof(self._struct)
        batch.export_array(address)
        return pa.RecordBatch._import_from_c(address, schema)  # noqa: SLF001 - the documented door of the C interface

    @property
    def rows(self) -> int:
        """Rows that the open batch holds."""
        return self._native.rows

    @property
    def bytes(self) -> int:
        """Decoded bytes that the open batch holds."""
        return self._native.bytes

    def push(self, requests: Sequence[Request]) -> list[Pushed]:
        """Decode requests into the open batch; one that is refused leaves the others alone."""
        given = [(r.tenant, r.body, r.encoding.value, r.compression.value, r.received_ns) for r in requests]
        return [_pushed(*answer) for answer in self._native.push(given)]

    def finish(self) -> Batches:
        """Take what the open batch holds and begin another."""
        taken = zip(self._native.finish(), self._schemas, strict=True)
        return Batches(*(self._take(batch, schema) for batch, schema in taken))


class SpanBuilder(_Builder):
    """Trace requests into batches of `SPANS`. One per thread; its buffers are used again.

    Args:
        retention_s: how far back of its arrival a span's own start decides its bucket.
        max_decoded_bytes: limit of a body before and after decompression.
    """

    def __init__(self, *, retention_s: int, max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES) -> None:
        super().__init__(NativeSpanBuilder(retention_s, max_decoded_bytes), SPANS)


class LogBuilder(_Builder):
    """Log requests into batches of `LOGS`. One per thread; its buffers are used again.

    Args:
        retention_s: how far back of its arrival a record's own time decides its bucket.
        max_decoded_bytes: limit of a body before and after decompression.
    """

    def __init__(self, *, retention_s: int, max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES) -> None:
        super().__init__(NativeLogBuilder(retention_s, max_decoded_bytes), LOGS)
