"""One HTTP/1.1 connection: a buffered protocol that reads bodies straight into their own buffer."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, cast

from clew.codec import Encoding, Pushed, Request
from clew.model.errors import ClewError
from clew.receive.errors import (
    BadRequestError,
    BodyTooLargeError,
    HeadTooLargeError,
    IntakeFailedError,
    SlowClientError,
)
from clew.receive.http.chunked import ChunkedDecoder
from clew.receive.http.gate import Upload, admit, encoding_of
from clew.receive.http.head import Head, parse_head
from clew.receive.http.response import CONTINUE, refusal, response
from clew.receive.http.wire import Wire
from clew.receive.status import CONTENT_TYPE
from clew.receive.success import success_body

if TYPE_CHECKING:
    from clew.receive.http.server import OtlpHttpServer

_HEAD_READ = 16 << 10
_DRAIN_MAX = 1 << 20
_LINGER_S = 5.0
_NEVER = float("inf")
_TLS = b"\x16\x03"


class _State(Enum):
    HEAD = auto()
    """Reading a head, or idle."""
    BODY = auto()
    """Reading a body of known length into its buffer."""
    CHUNKED = auto()
    """Reading a chunked body."""
    WAITING = auto()
    """A request is with the intake; what arrives meanwhile is kept for later."""
    DRAIN = auto()
    """The request is refused and answered; the rest of its body is read and dropped."""
    LINGER = auto()
    """The last answer is sent; whatever arrives is dropped until the client closes."""
    CLOSED = auto()


class Connection(asyncio.BufferedProtocol):
    """The life of one connection. One request at a time; pipelined ones wait their turn."""

    def __init__(self, server: OtlpHttpServer) -> None:
        self._server = server
        self._wire = Wire()
        self._state = _State.HEAD
        self._pending = bytearray()
        self._head: Head | None = None
        self._upload: Upload | None = None
        self._body = bytearray()
        self._view = memoryview(b"")
        self._filled = 0
        self._chunked: ChunkedDecoder | None = None
        self._left = 0
        self._body_started = 0.0
        self._close_after = False
        self._ended = False
        self.deadline = _NEVER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register, or refuse when there are too many."""
        self._wire.attach(cast("asyncio.Transport", transport))
        self.deadline = self._server.clock() + self._server.edge.limits.idle_timeout_s
        error = self._server.opened(self)
        if error is not None:
            self._close_after = True
            self._refuse(error, Encoding.JSON)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Give back what an incomplete request was charged; one that is with the intake keeps its charge."""
        reading = self._state in {_State.BODY, _State.CHUNKED}
        self._state = _State.CLOSED
        if reading and self._upload is not None:
            self._upload.charge.release()
        self._drop_body()
        self._server.closed(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Offer the body's own buffer, or the server's scratch."""
        if self._state is _State.BODY:
            return self._view[self._filled :]
        if self._state is _State.HEAD:
            return self._server.scratch[:_HEAD_READ]
        return self._server.scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Go on with what has arrived."""
        if self._state is _State.BODY:
            self._filled += nbytes
            self._progress()
            if self._filled == len(self._body):
                self._complete()
        elif self._state is not _State.LINGER:
            self._feed(bytes(self._server.scratch[:nbytes]))

    def eof_received(self) -> bool:
        """Close, except while an answer is still due."""
        self._close_after = self._ended = True
        return self._state is _State.WAITING

    def expire(self, now: float) -> None:
        """Act on a deadline that has passed; called by the server's sweep."""
        limits = self._server.edge.limits
        if self._state is _State.HEAD and self._pending:
            self._abandon(SlowClientError("head", limits.header_timeout_s))
        elif self._state in {_State.BODY, _State.CHUNKED}:
            self._abandon(SlowClientError("body", limits.body_timeout_s))
        elif now >= self.deadline:
            self._wire.close()

    def too_slow(self, now: float) -> bool:
        """Return whether the body comes in below the least rate."""
        if self._state not in {_State.BODY, _State.CHUNKED}:
            return False
        limits = self._server.edge.limits
        age = now - self._body_started
        received = self._filled if self._state is _State.BODY else self._chunk_bytes()
        return age > limits.body_timeout_s and received < age * limits.body_min_rate_bytes

    def stop(self) -> None:
        """Close now when idle, else after the answer that is due."""
        self._close_after = True
        if self._state in {_State.HEAD, _State.LINGER}:
            self._wire.close()

    def abort(self) -> None:
        """Close now, whatever is due."""
        self._wire.abort()

    def _chunk_bytes(self) -> int:
        return len(self._chunked.body) if self._chunked is not None else 0

    def _feed(self, data: bytes) -> None:
        while data:
            if self._state is _State.HEAD:
                data = self._feed_head(data)
            elif self._state is _State.BODY:
                data = self._feed_body(data)
            elif self._state is _State.CHUNKED:
                data = self._feed_chunked(data)
            elif self._state is _State.DRAIN:
                data = self._feed_drain(data)
            elif self._state is _State.WAITING:
                self._pending += data
                self._wire.pause()
                return
            else:
                return

    def _feed_head(self, data: bytes) -> bytes:
        if not self._pending:
            data = data.lstrip(b"\r\n")
            self.deadline = self._server.clock() + self._server.edge.limits.header_timeout_s
            if data.startswith(_TLS):
                self._abandon(BadRequestError("this port speaks no TLS", hint="use http:// in the endpoint"))
                return b""
        searched = max(len(self._pending) - 3, 0)
        self._pending += data
        end = self._pending.find(b"\r\n\r\n", searched)
        limit = self._server.edge.limits.header_max_bytes
        if end > limit or (end < 0 and len(self._pending) > limit):
            self._abandon(HeadTooLargeError(limit))
            return b""
        if end < 0:
            return b""
        head, rest = bytes(self._pending[:end]), bytes(self._pending[end + 4 :])
        self._pending.clear()
        self._on_head(head)
        return rest

    def _on_head(self, data: bytes) -> None:
        try:
            self._head = head = parse_head(data)
        except ClewError as error:
            self._abandon(error)
            return
        if not head.keep_alive or self._server.stopping or head.method == "HEAD":
            self._close_after = True
        if head.method == "OPTIONS":
            self._answer_options(head)
            return
        try:
            self._upload = admit(head, self._server.edge)
        except ClewError as error:
            self._refuse_unread(error, head)
            return
        self._start_body(head)

    def _answer_options(self, head: Head) -> None:
        origin, wanted = head.get(b"origin"), b"access-control-request-method" in head.headers
        headers: tuple[tuple[str, str], ...] = (("Allow", "POST, OPTIONS"),)
        try:
            if origin and wanted:
                private = head.get(b"access-control-request-private-network").lower() == "true"
                asked = head.get(b"access-control-request-headers")
                headers = self._server.cors.preflight(origin, asked, private_network=private)
        except ClewError as error:
            self._refuse_unread(error, head)
            return
        self._plan_drain(head)
        self._wire.send(response(204, b"", headers=headers, close=self._close_after))
        if self._state is not _State.DRAIN or self._close_after:
            self._next()

    def _start_body(self, head: Head) -> None:
        if head.expects_continue:
            self._wire.send(CONTINUE)
        self._body_started = self._server.clock()
        self._filled = 0
        self._progress()
        if head.length is None:
            self._chunked = ChunkedDecoder()
            self._state = _State.CHUNKED
        else:
            self._body = bytearray(head.length)
            self._view = memoryview(self._body)
            self._state = _State.BODY
            if not head.length:
                self._complete()

    def _progress(self) -> None:
        self.deadline = self._server.clock() + self._server.edge.limits.body_timeout_s

    def _feed_body(self, data: bytes) -> bytes:
        taken = min(len(data), len(self._body) - self._filled)
        self._view[self._filled : self._filled + taken] = data[:taken]
        self._filled += taken
        if self._filled == len(self._body):
            self._complete()
        return data[taken:]

    def _feed_chunked(self, data: bytes) -> bytes:
        decoder, upload = self._chunked, self._upload
        if decoder is None or upload is None:
            return b""
        try:
            used = decoder.feed(data)
            limit = self._server.edge.limits.request_max_bytes
            if decoder.size > limit:
                raise BodyTooLargeError(limit)
            upload.charge.grow(self._server.edge.budget.need(len(decoder.body), upload.compression))
        except ClewError as error:
            self._abandon(error)
            return b""
        self._progress()
        if used is None:
            return b""
        self._body = decoder.body
        self._complete()
        return data[used:]

    def _feed_drain(self, data: bytes) -> bytes:
        if self._chunked is not None:
            try:
                used = self._chunked.feed(data)
            except ClewError:
                self._wire.close()
                return b""
            if used is None:
                return b""
            data = data[used:]
        else:
            taken = min(self._left, len(data))
            self._left -= taken
            data = data[taken:]
            if self._left:
                return b""
        self._next()
        return data

    def _complete(self) -> None:
        """Hand a complete request to the intake."""
        upload, edge = self._upload, self._server.edge
        if upload is None:
            return
        body = bytes(self._body)
        self._drop_body()
        self._state = _State.WAITING
        self.deadline = _NEVER
        self._server.received(len(body))
        upload.charge.settle(edge.budget.need(len(body), upload.compression))
        request = Request(upload.tenant, body, upload.encoding, upload.compression, edge.now())
        try:
            edge.intake.enqueue(upload.signal, request, self._answered)
        except ClewError as error:
            self._answered(None, error)

    def _answered(self, pushed: Pushed | None, error: Exception | None) -> None:
        """Answer a request that the intake is done with."""
        upload, self._upload = self._upload, None
        if upload is None:
            return
        upload.charge.release()
        self._server.edge.budget.note(error)
        if pushed is not None:
            self._server.answered(upload.signal, pushed)
            if self._state is _State.WAITING:
                body = success_body(upload.signal, pushed, upload.encoding)
                headers = self._cors_headers()
                self._wire.send(response(200, body, CONTENT_TYPE[upload.encoding], headers, close=self._close_after))
                self._next()
        else:
            refused = error if isinstance(error, ClewError) else IntakeFailedError(error or RuntimeError())
            self._refuse(refused, upload.encoding, counted_signal=upload.signal)

    def _refuse_unread(self, error: ClewError, head: Head) -> None:
        """Refuse a request whose body has not been read: skip a short body, close after a long one."""
        self._plan_drain(head)
        self._refuse(error, encoding_of(head))

    def _plan_drain(self, head: Head) -> None:
        if head.length is None:
            self._chunked = ChunkedDecoder(keep=False)
        self._left = head.length or 0
        unsure = head.expects_continue and head.length != 0
        self._close_after = self._close_after or unsure or self._left > _DRAIN_MAX or head.length is None
        self._state = _State.DRAIN if self._left or head.length is None else _State.WAITING
        self._progress()

    def _abandon(self, error: ClewError) -> None:
        """Refuse in the middle of a request, whose end is then unknown: the connection closes."""
        if self._upload is not None:
            encoding = self._upload.encoding
            self._upload.charge.release()
            self._upload = None
        else:
            encoding = Encoding.JSON
        self._drop_body()
        self._pending.clear()
        self._close_after = True
        self._refuse(error, encoding)

    def _refuse(self, error: ClewError, encoding: Encoding, *, counted_signal: str = "") -> None:
        self._server.refused(error, counted_signal)
        if self._state is _State.CLOSED:
            return
        retry_after_s = self._server.edge.limits.retry_after_s
        answer = refusal(error, encoding, retry_after_s, self._cors_headers(), close=self._close_after)
        if self._head is not None and self._head.method == "HEAD":
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        self._wire.send(answer)
        if self._state is not _State.DRAIN or self._close_after:
            self._next()

    def _cors_headers(self) -> tuple[tuple[str, str], ...]:
        return self._server.cors.headers(self._head.get(b"origin")) if self._head is not None else ()

    def _next(self) -> None:
        """Go on after an answer: the next request, or the end of the connection."""
        self._head = self._chunked = None
        if self._state is _State.CLOSED:
            return
        if self._close_after:
            if self._state is _State.WAITING and not self._pending:
                self._wire.close()
            else:
                self._linger()
            return
        self._state = _State.HEAD
        self.deadline = self._server.clock() + self._server.edge.limits.idle_timeout_s
        if self._pending:
            data = bytes(self._pending)
            self._pending.clear()
            self._feed(data)
        if self._state is not _State.WAITING:
            self._wire.resume()

    def _linger(self) -> None:
        """Say that no more comes and read on for a while: closing on unread bytes would destroy the answer."""
        self._state = _State.LINGER
        self.deadline = self._server.clock() + _LINGER_S
        if self._ended:
            self._wire.close()
            return
        self._wire.resume()
        self._wire.end()

    def _drop_body(self) -> None:
        self._view = memoryview(b"")
        self._body = bytearray()
        self._chunked = None
