"""Read services over gRPC: a method runs in a reader thread and yields its answers, one for unary calls.

A client that goes away, or whose deadline is over, ends the query of its call.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError, Message

from clew.api.deps import ApiDeps
from clew.model import Scope
from clew.model.errors import ClewError
from clew.query.read import Read

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 2000
_GZIP = b"\x1f\x8b"
_MAX_REQUEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """What a method may use beside its request."""

    deps: ApiDeps
    read: Read
    now: int


Method = Callable[[Any, Call], Iterator[Message | bytes]]
"""Answers one call; bytes are a message that is encoded already."""


def read_service(deps: ApiDeps, service: ServiceDescriptor, methods: Mapping[str, Method]) -> Any:
    """Return the handlers of a service; a method that is not given is unimplemented to its callers."""
    handlers = {}
    for described in service.methods:
        if described.name not in methods:
            continue
        request = message_factory.GetMessageClass(described.input_type)
        answer = _Answerer(deps, request, methods[described.name])
        if described.server_streaming:
            handlers[described.name] = grpc.unary_stream_rpc_method_handler(answer.stream, None, _encoded)
        else:
            handlers[described.name] = grpc.unary_unary_rpc_method_handler(answer.unary, None, _encoded)
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _encoded(answer: Message | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


class _Answerer:
    """Runs one method."""

    def __init__(self, deps: ApiDeps, request: type[Message], method: Method) -> None:
        self._deps = deps
        self._request = request
        self._method = method

    async def unary(self, body: bytes, context: Any) -> Message | bytes | None:
        """Answer a unary call."""
        async for answer in self.stream(body, context):
            return answer
        return None

    async def stream(self, body: bytes, context: Any) -> AsyncIterator[Message | bytes]:
        """Answer a call with a stream."""
        deps = self._deps
        try:
            scope = Scope(deps.authenticator.authenticate(_authorization(context), "read").tenant)
            request = self._request.FromString(_plain(body))
            now = deps.reader.now()
            parts = deps.reader.stream(scope, lambda read: self._method(request, Call(deps, read, now)))
            try:
                async for part in parts:
                    yield part
            finally:
                await parts.aclose()
        except ClewError as error:
            text = f"{error.detail}; {error.hint}" if error.hint else error.detail
            await context.abort(grpc.StatusCode[error.grpc_status], text[:_MAX_MESSAGE])
        except (DecodeError, zlib.error, EOFError, gzip.BadGzipFile) as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request cannot be read: {error}")
        except Exception:
            if context.cancelled():
                raise
            _log.exception("call failed", extra={"method": self._request.DESCRIPTOR.full_name})
            await context.abort(grpc.StatusCode.INTERNAL, "unexpected error; the log of Clew has the cause")


def _authorization(context: Any) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("latin-1")
    return None


def _plain(body: bytes) -> bytes:
    """Return a request that may be compressed: ports that take OTLP leave that to the handlers.

    No message begins like gzip: that would be a field of wire type 7.
    """
    if body[:2] != _GZIP:
        return body
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return inflate.decompress(body, _MAX_REQUEST)
