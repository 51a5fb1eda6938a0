"""The head of an HTTP/1.1 request (RFC 9112), strict where leniency lets requests be smuggled."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clew.receive.errors import BadRequestError, HttpVersionError

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/(\d)\.(\d)")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(rb"[\x00\r\n]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_ONCE = frozenset({b"host", b"content-type", b"content-encoding", b"authorization", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Head:
    """A parsed request head; header names are in lower case, values as sent."""

    method: str
    path: str
    """Target without the query."""
    headers: dict[bytes, bytes]
    keep_alive: bool
    length: int | None
    """Content-Length, 0 when there is no body, `None` when the body is chunked."""
    expects_continue: bool

    def get(self, name: bytes) -> str:
        """Return a header as text, empty when it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")


def parse_head(data: bytes) -> Head:
    """Parse a request head, without the empty line that ends it.

    Raises:
        HttpVersionError: another protocol or version.
        BadRequestError: no valid HTTP/1.1.
    """
    lines = data.split(b"\r\n")
    request = _REQUEST_LINE.fullmatch(lines[0])
    if request is None:
        raise BadRequestError("the first line is no HTTP request line")
    method, target, major, minor = request.groups()
    if major != b"1":
        raise HttpVersionError
    headers = _headers(lines[1:])
    http11 = minor != b"0"
    if http11 and b"host" not in headers:
        raise BadRequestError("the Host header is missing")
    connection = headers.get(b"connection", b"").lower()
    keep_alive = b"close" not in connection if http11 else b"keep-alive" in connection
    return Head(
        method=method.decode("ascii"),
        path=target.split(b"?", 1)[0].decode("ascii"),
        headers=headers,
        keep_alive=keep_alive,
        length=_length(headers),
        expects_continue=http11 and headers.get(b"expect", b"").lower() == b"100-continue",
    )


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None:
            raise BadRequestError("a header line has no valid name")
        name = name.lower()
        value = value.strip(b" \t")
        if _BAD_VALUE.search(value):
            raise BadRequestError("a header value holds a control character")
        if name not in headers:
            headers[name] = value
        elif name == b"content-length":
            if headers[name] != value:
                raise BadRequestError("two Content-Length headers differ")
        elif name in _ONCE:
            raise BadRequestError(f"the header {name.decode('ascii')} is given twice")
        else:
            headers[name] += b", " + value
    return headers


def _length(headers: dict[bytes, bytes]) -> int | None:
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise BadRequestError("Content-Length and Transfer-Encoding are both given")
        if coding.lower() != b"chunked":
            raise BadRequestError("the only Transfer-Encoding understood is chunked")
        return None
    if length is None:
        return 0
    if _LENGTH.fullmatch(length) is None:
        raise BadRequestError("Content-Length is no number")
    return int(length)
