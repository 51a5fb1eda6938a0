"""The chunked transfer coding (RFC 9112, section 7.1), decoded as bytes arrive."""

from __future__ import annotations

import re

from clew.receive.errors import BadRequestError

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?")
_MAX_LINE = 1024
_MAX_TRAILERS = 8192


class ChunkedDecoder:
    """Collects the body of one request; `feed` says when it is complete."""

    __slots__ = ("_keep", "_left", "_line", "_state", "_trailers", "body", "size")

    def __init__(self, *, keep: bool = True) -> None:
        self.body = bytearray()
        self.size = 0
        """Bytes of body announced so far: known before they arrive."""
        self._keep = keep
        self._left = 0
        self._line = bytearray()
        self._state = "size"
        self._trailers = 0

    def discard(self) -> None:
        """Forget the body and keep no more of it; used to read on past a refused request."""
        self._keep = False
        self.body = bytearray()

    def feed(self, data: bytes) -> int | None:
        """Take bytes; return how many belong to this body once it is complete, `None` while it is not.

        Raises:
            BadRequestError: the framing is broken.
        """
        at = 0
        while at < len(data):
            if self._state == "data":
                at += self._take(data, at)
                continue
            end = data.find(b"\n", at)
            self._line += data[at : end + 1 if end >= 0 else len(data)]
            if len(self._line) > _MAX_LINE:
                raise BadRequestError("a line of the chunked body is too long")
            if end < 0:
                return None
            at = end + 1
            if self._end_of_line():
                return at
        return None

    def _take(self, data: bytes, at: int) -> int:
        taken = min(self._left, len(data) - at)
        if self._keep:
            self.body += memoryview(data)[at : at + taken]
        self._left -= taken
        if not self._left:
            self._state = "data end"
        return taken

    def _end_of_line(self) -> bool:
        """Act on a complete line; return whether it ended the body."""
        line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            raise BadRequestError("a line of the chunked body does not end in CRLF")
        line = line[:-2]
        if self._state == "size":
            self._start_chunk(line)
        elif self._state == "data end":
            if line:
                raise BadRequestError("a chunk is longer than its size says")
            self._state = "size"
        elif not line:
            return True
        else:
            self._trailers += len(line)
            if self._trailers > _MAX_TRAILERS:
                raise BadRequestError("the trailers of the chunked body are too long")
        return False

    def _start_chunk(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise BadRequestError("a chunk size is no hexadecimal number")
        self._left = int(match[1], 16)
        self.size += self._left
        self._state = "data" if self._left else "trailers"
