"""Bytes to batches and back: OTLP protobuf and JSON.

Request bodies come in from `receive`, Arrow batches of the `model` schemas go out to the journal; batches read from the
store go out as OTLP. The work is native code; `reference.py` is the slow oracle that tests compare it with.
"""

from clew.codec.builder import Batches, LogBuilder, SpanBuilder
from clew.codec.catalogue import Catalogue
from clew.codec.conform import conform
from clew.codec.encode import encode_logs, encode_traces
from clew.codec.errors import (
    BadCompressionError,
    BatchFullError,
    CodecError,
    MalformedError,
    TooLargeError,
    UnsupportedCompressionError,
)
from clew.codec.native import checksum, checksum_bytes
from clew.codec.request import Compression, Encoding, Pushed, Request

__all__ = [
    "BadCompressionError",
    "BatchFullError",
    "Batches",
    "Catalogue",
    "CodecError",
    "Compression",
    "Encoding",
    "LogBuilder",
    "MalformedError",
    "Pushed",
    "Request",
    "SpanBuilder",
    "TooLargeError",
    "UnsupportedCompressionError",
    "checksum",
    "checksum_bytes",
    "conform",
    "encode_logs",
    "encode_traces",
]
