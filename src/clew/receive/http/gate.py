"""What is decided about a request from its head alone: route, rights, types, size, admission."""

from __future__ import annotations

from dataclasses import dataclass

from clew.codec import Compression, Encoding
from clew.receive.budget import Charge
from clew.receive.edge import Edge
from clew.receive.errors import (
    BadRequestError,
    BodyTooLargeError,
    ContentEncodingError,
    MediaTypeError,
    MethodNotAllowedError,
    MetricsNotStoredError,
    UnknownPathError,
)
from clew.receive.http.head import Head
from clew.receive.success import Signal

_ROUTES: dict[str, Signal] = {"/v1/traces": "traces", "/v1/logs": "logs"}
_METRICS = "/v1/metrics"
_ENCODINGS = {"application/x-protobuf": Encoding.PROTOBUF, "application/json": Encoding.JSON}
_COMPRESSIONS = {
    "": Compression.NONE,
    "identity": Compression.NONE,
    "gzip": Compression.GZIP,
    "x-gzip": Compression.GZIP,
    "zstd": Compression.ZSTD,
    "deflate": Compression.DEFLATE,
}
CHUNKED_START = 64 << 10
"""What a body of unknown length is charged at first."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An admitted request whose body may now be read."""

    signal: Signal
    tenant: str
    encoding: Encoding
    compression: Compression
    charge: Charge


def encoding_of(head: Head) -> Encoding:
    """Return the encoding to answer in: the request's, or JSON where it has none of OTLP's."""
    return _ENCODINGS.get(_media_type(head), Encoding.JSON)


def admit(head: Head, edge: Edge) -> Upload:
    """Decide about a request before its body is read.

    Raises:
        ClewError: the request is refused; nothing is charged.
    """
    signal = _ROUTES.get(head.path)
    if head.path == _METRICS:
        raise MetricsNotStoredError
    if signal is None:
        raise UnknownPathError(head.path)
    if head.method != "POST":
        raise MethodNotAllowedError(head.method)
    authorization = head.headers.get(b"authorization")
    principal = edge.authenticator.authenticate(authorization.decode("latin-1") if authorization else None, "ingest")
    encoding = _ENCODINGS.get(_media_type(head))
    if encoding is None:
        raise MediaTypeError(head.get(b"content-type"))
    compression = _COMPRESSIONS.get(head.get(b"content-encoding").strip().lower())
    if compression is None:
        raise ContentEncodingError(head.get(b"content-encoding"))
    if head.length is not None and head.length > edge.limits.request_max_bytes:
        raise BodyTooLargeError(edge.limits.request_max_bytes)
    if b"expect" in head.headers and not head.expects_continue:
        raise BadRequestError("the only Expect understood is 100-continue")
    size = CHUNKED_START if head.length is None else head.length
    return Upload(signal, principal.tenant, encoding, compression, edge.budget.admit(size, compression))


def _media_type(head: Head) -> str:
    return head.get(b"content-type").partition(";")[0].strip().lower()
