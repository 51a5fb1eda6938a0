"""A request body as it came, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from clew.codec.errors import CodecError, UnsupportedCompressionError


class Encoding(StrEnum):
    """How a body writes its message."""

    PROTOBUF = "protobuf"
    JSON = "json"


class Compression(StrEnum):
    """How a body is packed; the values are those of Content-Encoding."""

    NONE = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"
    DEFLATE = "deflate"
    """zlib, and raw deflate without its wrapper."""

    @classmethod
    def of(cls, header: str | None) -> Compression:
        """Return what a Content-Encoding (or `grpc-encoding`) header names.

        Raises:
            UnsupportedCompressionError: it is none of ours.
        """
        name = (header or "identity").strip().lower()
        aliases = {"": cls.NONE, "none": cls.NONE, "x-gzip": cls.GZIP, "zlib": cls.DEFLATE}
        if name in aliases:
            return aliases[name]
        try:
            return cls(name)
        except ValueError:
            raise UnsupportedCompressionError(f"Content-Encoding {name!r} is not supported") from None


@dataclass(frozen=True, slots=True)
class Request:
    """One export request of one tenant."""

    tenant: str
    body: bytes
    encoding: Encoding
    compression: Compression
    received_ns: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a request."""

    accepted: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    """Rejected rows by stable reason code."""
    message: str = ""
    """For `partial_success.error_message`; empty when nothing was rejected."""
    error: CodecError | None = None
    """Set when nothing of this request was kept."""
