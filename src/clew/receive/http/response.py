"""HTTP/1.1 responses as bytes."""

from __future__ import annotations

from http import HTTPStatus

from clew.codec import Encoding
from clew.model.errors import ClewError
from clew.receive.errors import ReceiveError
from clew.receive.status import CONTENT_TYPE, encode_status, status_of

_UNAUTHORIZED = 401
_NO_BODY = frozenset({100, 204})
_REASONS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Tells a client that waits to send its body."""

Headers = tuple[tuple[str, str], ...]


def response(status: int, body: bytes, content_type: str = "", headers: Headers = (), *, close: bool = False) -> bytes:
    """Return a complete response."""
    parts = [_REASONS[status]]
    if content_type:
        parts.append(f"Content-Type: {content_type}\r\n")
    if status not in _NO_BODY:
        parts.append(f"Content-Length: {len(body)}\r\n")
    parts += [f"{name}: {value}\r\n" for name, value in headers]
    parts.append("Connection: close\r\n\r\n" if close else "\r\n")
    return "".join(parts).encode("latin-1", "replace") + body


def refusal(
    error: ClewError, encoding: Encoding, retry_after_s: int, headers: Headers = (), *, close: bool = False
) -> bytes:
    """Return the response to a request that is refused: a `google.rpc.Status` in the request's encoding."""
    extra = list(headers)
    if error.retryable:
        extra.append(("Retry-After", str(retry_after_s)))
    if error.http_status == _UNAUTHORIZED:
        extra.append(("WWW-Authenticate", 'Bearer realm="clew"'))
    if isinstance(error, ReceiveError):
        extra += error.headers
    body = encode_status(status_of(error, retry_after_s), encoding)
    return response(error.http_status, body, CONTENT_TYPE[encoding], tuple(extra), close=close)
