"""What the codec refuses.

CodecError
+-- MalformedError              400 / INVALID_ARGUMENT
+-- BadCompressionError         400 / INVALID_ARGUMENT
+-- TooLargeError               413 / RESOURCE_EXHAUSTED, not retryable
+-- UnsupportedCompressionError 415 / UNIMPLEMENTED
+-- BatchFullError              503 / UNAVAILABLE, retryable
"""

from __future__ import annotations

from clew.model.errors import ClewError


class CodecError(ClewError):
    """A body that cannot be decoded, or rows that cannot be encoded."""

    code = "codec"
    http_status = 400
    grpc_status = "INVALID_ARGUMENT"


class MalformedError(CodecError):
    """The bytes are not what their content type says; nothing of the request was kept."""

    code = "malformed_body"
    hint = "Check that the Content-Type matches the body; OTLP JSON needs lowerCamelCase keys and hex ids."


class BadCompressionError(CodecError):
    """The compressed stream is broken; nothing of the request was kept."""

    code = "broken_compression"
    hint = "Check that Content-Encoding matches the body."


class TooLargeError(CodecError):
    """The body has more bytes, before or after decompression, than the limit; it must not be sent again."""

    code = "body_too_large"
    http_status = 413
    grpc_status = "RESOURCE_EXHAUSTED"
    hint = "Send smaller batches, or raise limits.request_max_bytes."


class UnsupportedCompressionError(CodecError):
    """The Content-Encoding is none that Clew reads."""

    code = "unsupported_compression"
    http_status = 415
    grpc_status = "UNIMPLEMENTED"
    hint = "Use gzip, zstd, deflate or no compression."


class BatchFullError(CodecError):
    """The open batch has no room for the request; it fits into the next one."""

    code = "batch_full"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
