"""The gRPC half: `tempopb.StreamingQuerier`, each call a stream of parts whose last one is complete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from clew.api.deps import ApiDeps
from clew.api.lines import grpc_status, line
from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo import tags
from clew.api.tempo.answers import instant_response, range_parts, range_response, search_parts, search_response
from clew.api.tempo.evaluate import search_events, series
from clew.api.tempo.requests import (
    instant_of_message,
    metrics_of_message,
    search_of_message,
    tags_of_message,
    values_of_message,
)
from clew.api.tenancy import scope_of
from clew.model import Scope
from clew.model.errors import ClewError
from clew.query.read import Read
from clew.query.reader import Reader
from clew.query.search import Progress

SERVICE = pb.DESCRIPTOR.services_by_name["StreamingQuerier"].full_name
MAX_REQUEST = 1 << 20
MAX_CALLS = 256
"""Calls at once, those of clients that do not read included; beyond it a call ends with ResourceExhausted."""
Answerer = Callable[[Any, Read, int], Iterator[Message]]
_log = logging.getLogger(__name__)


def _search(message: pb.SearchRequest, read: Read, now: int) -> Iterator[pb.SearchResponse]:
    """Yield progress without traces while windows are searched, then the traces."""
    for event in search_events(read, search_of_message(message, now), now):
        if isinstance(event, Progress):
            yield pb.SearchResponse(metrics=pb.SearchMetrics(inspectedSpans=event.rows, totalJobs=1))
        else:
            yield from search_parts(search_response(event))


def _tags(message: pb.SearchTagsRequest, read: Read, now: int) -> Iterator[pb.SearchTagsResponse]:
    yield tags.tags_v1(read, tags_of_message(message, now))


def _tags_v2(message: pb.SearchTagsRequest, read: Read, now: int) -> Iterator[pb.SearchTagsV2Response]:
    yield tags.tags_v2(read, tags_of_message(message, now))


def _values(message: pb.SearchTagValuesRequest, read: Read, now: int) -> Iterator[pb.SearchTagValuesResponse]:
    yield tags.values_v1(read, values_of_message(message, now))


def _values_v2(message: pb.SearchTagValuesRequest, read: Read, now: int) -> Iterator[pb.SearchTagValuesV2Response]:
    yield tags.values_v2(read, values_of_message(message, now))


def _range(message: pb.QueryRangeRequest, read: Read, now: int) -> Iterator[pb.QueryRangeResponse]:
    yield from range_parts(range_response(series(read, metrics_of_message(message, now))))


def _instant(message: pb.QueryInstantRequest, read: Read, now: int) -> Iterator[pb.QueryInstantResponse]:
    yield instant_response(series(read, instant_of_message(message, now)))


METHODS: dict[str, tuple[type[Message], Answerer]] = {
    "Search": (pb.SearchRequest, _search),
    "SearchTags": (pb.SearchTagsRequest, _tags),
    "SearchTagsV2": (pb.SearchTagsRequest, _tags_v2),
    "SearchTagValues": (pb.SearchTagValuesRequest, _values),
    "SearchTagValuesV2": (pb.SearchTagValuesRequest, _values_v2),
    "MetricsQueryRange": (pb.QueryRangeRequest, _range),
    "MetricsQueryInstant": (pb.QueryInstantRequest, _instant),
}


class TempoGrpcServer:
    """Serves the queries on a Unix socket, to which the shared port hands its h2c connections."""

    def __init__(self, deps: ApiDeps, path: Path) -> None:
        self._deps = deps
        self._path = path
        self._server: Any = None
        self._health = health.aio.HealthServicer()

    async def start(self) -> None:
        """Listen on the socket."""
        server = grpc.aio.server(
            maximum_concurrent_rpcs=MAX_CALLS,
            options=[
                ("grpc.max_receive_message_length", MAX_REQUEST),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ],
        )
        handlers = {
            name: grpc.unary_stream_rpc_method_handler(self._method(kind, answer))
            for name, (kind, answer) in METHODS.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
        server.add_insecure_port(f"unix:{self._path}")
        await server.start()
        self._server = server
        for name in ("", SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, timeout_s: float = 3.0) -> None:
        """Take no more calls and wait a little for the streams that are open. Safe twice and without start."""
        server, self._server = self._server, None
        if server is not None:
            await self._health.enter_graceful_shutdown()
            await server.stop(timeout_s)

    def _method(self, kind: type[Message], answer: Answerer) -> Callable[[bytes, Any], AsyncIterator[bytes]]:
        """Return the handler of one method; a client that goes away ends its read."""

        async def handle(request: bytes, context: Any) -> AsyncIterator[bytes]:
            deps = self._deps
            metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            try:
                scope = scope_of(deps.authenticator, metadata.get("authorization"), metadata.get("x-scope-orgid"))
                message = kind.FromString(request)
                now = deps.reader.now()
                async with aclosing(parts_of(deps.reader, scope, lambda read: answer(message, read, now))) as parts:
                    async for part in parts:
                        yield part
            except ClewError as error:
                await context.abort(grpc.StatusCode[grpc_status(error)], line(error))
            except DecodeError as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request cannot be read: {error}")
            except Exception:  # noqa: BLE001 - whatever it is, the client gets a status
                _log.exception("call failed", extra={"service": SERVICE})
                await context.abort(grpc.StatusCode.INTERNAL, "unexpected error; the log of Clew has the cause")

        return handle


async def parts_of(
    reader: Reader, scope: Scope, work: Callable[[Read], Iterator[Message]]
) -> AsyncGenerator[bytes, None]:
    """Yield messages as a reader thread makes them; a client that reads slowly never holds the thread.

    What waits to be sent is an answer of bounded size that has been made as a whole anyway.
    """
    loop = asyncio.get_running_loop()
    made: asyncio.Queue[bytes | None] = asyncio.Queue()

    def produce(read: Read) -> None:
        for message in work(read):
            loop.call_soon_threadsafe(made.put_nowait, message.SerializeToString())

    def end(done: asyncio.Future[None]) -> None:
        if not done.cancelled():
            done.exception()  # noted here, raised below if anybody still waits
        made.put_nowait(None)

    reading = asyncio.ensure_future(reader.run(scope, produce))
    reading.add_done_callback(end)
    try:
        while (part := await made.get()) is not None:
            yield part
        await reading
    finally:
        if not reading.done():
            reading.cancel()
