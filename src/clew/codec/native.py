"""The one module of this room that imports the Rust extension."""

from __future__ import annotations

from clew import _native

NativeBatch = _native.Batch
NativeCatalogue = _native.Catalogue
NativeLogBuilder = _native.LogBuilder
NativeSpanBuilder = _native.SpanBuilder
checksum = _native.checksum
checksum_bytes = _native.checksum_bytes
native_encode_logs = _native.encode_logs
native_encode_traces = _native.encode_traces

__all__ = [
    "NativeBatch",
    "NativeCatalogue",
    "NativeLogBuilder",
    "NativeSpanBuilder",
    "checksum",
    "checksum_bytes",
    "native_encode_logs",
    "native_encode_traces",
]
