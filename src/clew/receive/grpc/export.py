"""The Export methods: rights and admission first, then the message, then the durable answer."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from clew.codec import Compression, Encoding, Pushed, Request
from clew.model.errors import ClewError
from clew.receive.budget import Charge
from clew.receive.edge import Edge
from clew.receive.errors import BadRequestError, IntakeFailedError, SlowClientError, TooManyCallsError
from clew.receive.grpc.peers import PeerSizes
from clew.receive.status import message_of, status_of
from clew.receive.success import Signal, success_body

_STATUS_KEY = "grpc-status-details-bin"
_LANE_WAIT_S = 5.0
_ZLIB_METHOD = 8
_ZLIB_CHECK = 31


def sniff(message: bytes) -> Compression:
    """Return how a message is compressed: grpcio hands over the bytes but not the flag.

    No OTLP request starts like gzip (wire type 7) or zlib (field 15).
    """
    if message[:2] == b"\x1f\x8b":
        return Compression.GZIP
    zlib = len(message) > 1 and message[0] & 0x0F == _ZLIB_METHOD and message[0] >> 4 <= 7  # noqa: PLR2004
    if zlib and int.from_bytes(message[:2], "big") % _ZLIB_CHECK == 0:
        return Compression.DEFLATE
    return Compression.NONE


class Exporter:
    """Handles Export of one signal; registered as stream-unary so that admission comes before the message."""

    def __init__(self, signal: Signal, edge: Edge, peers: PeerSizes) -> None:
        self._signal: Signal = signal
        self._edge = edge
        self._peers = peers
        self._calls = 0
        self._bytes = edge.metrics.receive_bytes.labels("grpc")
        self._outcomes = edge.metrics.receive_requests

    async def export(self, _messages: object, context: Any) -> bytes:
        """Handle one call: the message comes as it is on the wire, the answer goes as bytes.

        The message is read from the context: an iterator left half-way is a cycle that keeps it until a collection.
        """
        self._calls += 1
        try:
            pushed = await self._export(context)
        except ClewError as error:
            await self._refuse(context, error)
            raise
        finally:
            self._calls -= 1
        self._outcomes.labels("grpc", self._signal, "partial" if pushed.rejected else "ok").inc()
        return success_body(self._signal, pushed, Encoding.PROTOBUF)

    async def _export(self, context: Any) -> Pushed:
        edge = self._edge
        principal = edge.authenticator.authenticate(_authorization(context), "ingest")
        if self._calls > edge.limits.max_concurrent_rpcs:
            raise TooManyCallsError(edge.limits.max_concurrent_rpcs)
        peer = context.peer()
        charge = await self._admit(peer)
        try:
            message = await self._read(context)
        except BaseException:
            charge.release()
            raise
        self._peers.seen(peer, len(message))
        self._bytes.inc(len(message))
        compression = sniff(message)
        charge.settle(edge.budget.need(len(message), compression))
        request = Request(principal.tenant, message, Encoding.PROTOBUF, compression, edge.now())
        return await self._submit(request, charge)

    async def _admit(self, peer: str) -> Charge:
        """Charge a known peer what it usually sends; a new one the most that a message may have."""
        expected = self._peers.expected(peer)
        if expected is not None:
            return self._edge.budget.admit_exactly(expected)
        return await self._edge.budget.reserve(self._edge.limits.request_max_bytes, _LANE_WAIT_S)

    async def _read(self, context: Any) -> bytes:
        limit_s = self._edge.limits.body_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                message = await context.read()
        except TimeoutError:
            raise SlowClientError("message", limit_s) from None
        if isinstance(message, bytes):
            return message
        raise BadRequestError("the call ended without a message")

    async def _submit(self, request: Request, charge: Charge) -> Pushed:
        """Wait for the durable answer; the charge lasts until then, also when the caller has gone."""
        future: asyncio.Future[Pushed] = asyncio.get_running_loop().create_future()

        def answer(pushed: Pushed | None, error: Exception | None) -> None:
            charge.release()
            self._edge.budget.note(error)
            if future.done():
                return
            if pushed is not None:
                future.set_result(pushed)
            else:
                known = error if isinstance(error, ClewError) else IntakeFailedError(error or RuntimeError())
                future.set_exception(known)

        try:
            self._edge.intake.enqueue(self._signal, request, answer)
        except ClewError:
            charge.release()
            raise
        return await future

    async def _refuse(self, context: Any, error: ClewError) -> None:
        self._edge.refusals.count("grpc", error.code)
        self._outcomes.labels("grpc", self._signal, "refused").inc()
        await abort(context, error, self._edge.limits.retry_after_s)


async def abort(context: Any, error: ClewError, retry_after_s: int) -> None:
    """End a call with the error's status, its `google.rpc.Status` in the trailers; raises, as grpc.aio wants it."""
    details = status_of(error, retry_after_s).SerializeToString()
    code = grpc.StatusCode[error.grpc_status]
    await context.abort(code, message_of(error), trailing_metadata=((_STATUS_KEY, details),))


def _authorization(context: Any) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("latin-1")
    return None
