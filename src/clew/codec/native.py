"""The one module of this room that imports the Rust extension."""

from __future__ import annotations

from clew import _native

NativeBatch = _native.Batch
NativeSpanBuilder = _native.SpanBuilder
NativeLogBuilder = _native.LogBuilder
checksum = _native.checksum
checksum_bytes = _native.checksum_bytes
hash64 = _native.hash64

__all__ = ["NativeBatch", "NativeLogBuilder", "NativeSpanBuilder", "checksum", "checksum_bytes", "hash64"]
