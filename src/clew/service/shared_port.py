"""HTTP/1.1 and gRPC without TLS (h2c) on one port: the first bytes of a connection decide who gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_OF_LINE = b"\r\n"
END_OF_HEAD = b"\r\n\r\n"
MAX_LINE = 65_000
"""Bytes of a request line, in which a query stands: the parser of URLs takes no more than 65,535."""


class SharedPort:
    """Makes the protocol of each connection; given to uvicorn in place of its own HTTP protocol."""

    def __init__(
        self, grpc_socket: Path, *, header_timeout_s: float, header_max_bytes: int, max_connections: int
    ) -> None:
        self.grpc_socket = grpc_socket
        self.header_timeout_s = header_timeout_s
        self.header_max_bytes = header_max_bytes
        self.max_connections = max_connections

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: Mapping[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

        def http() -> HttpToolsProtocol:
            return HttpToolsProtocol(config=config, server_state=server_state, app_state=dict(app_state), _loop=_loop)

        return _Opening(self, cast("set[Any]", server_state.connections), http)


class _Opening(asyncio.Protocol):
    """A connection until its protocol is known: the preface of HTTP/2, or the first complete head of HTTP/1.

    The head must be complete in time, so that a slow client holds no more than its first bytes.
    """

    def __init__(self, port: SharedPort, connections: set[Any], http: Callable[[], HttpToolsProtocol]) -> None:
        self._port = port
        self._connections = connections
        self._http = http
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self._begun = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first bytes."""
        self.transport = cast("asyncio.Transport", transport)
        if len(self._connections) >= self._port.max_connections:
            self.transport.write(_text(503, b"Service Unavailable", b"too many connections", b"Retry-After: 1\r\n"))
            self.transport.close()
            return
        self._connections.add(self)
        self._timer = self._loop.call_later(self._port.header_timeout_s, self._late)

    def data_received(self, data: bytes) -> None:
        """Decide once enough is there."""
        if self.transport is None or self.transport.is_closing():
            return
        self._begun += data
        if self._begun.startswith(PREFACE):
            self._splice(self.transport)
        elif PREFACE.startswith(self._begun):
            return
        elif refusal := self._too_long():
            self.transport.write(refusal)
            self.transport.close()
        elif END_OF_HEAD in self._begun:
            self._become_http(self.transport)

    def _too_long(self) -> bytes:
        """Return the refusal of a line or of fields beyond their limits, however much of the head has come."""
        line = self._begun.find(END_OF_LINE)
        if line < 0 or line > MAX_LINE:
            long = len(self._begun) > MAX_LINE
            said = b"the request line is longer than %d bytes; gRPC takes longer queries" % MAX_LINE
            return _text(414, b"URI Too Long", said) if long else b""
        end = self._begun.find(END_OF_HEAD)
        if (end if end >= 0 else len(self._begun)) - line <= self._port.header_max_bytes:
            return b""
        return _text(431, b"Request Header Fields Too Large", b"the request head is too long")

    def eof_received(self) -> bool:
        """Close: what came is no request."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection."""
        self._leave()

    def shutdown(self) -> None:
        """Close at once: nothing is due yet. Called when the server stops."""
        if self.transport is not None:
            self.transport.close()

    def _late(self) -> None:
        if self.transport is not None:
            self.transport.write(_text(408, b"Request Timeout", b"the request head did not come in time"))
            self.transport.close()

    def _leave(self) -> None:
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def _become_http(self, transport: asyncio.Transport) -> None:
        self._leave()
        protocol = self._http()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(bytes(self._begun))

    def _splice(self, transport: asyncio.Transport) -> None:
        self._leave()
        transport.pause_reading()
        client = _Side(self._connections)
        client.connection_made(transport)
        transport.set_protocol(client)
        client.connecting = self._loop.create_task(self._join(client))

    async def _join(self, client: _Side) -> None:
        """Connect to the gRPC server; bytes flow as soon as it takes them."""
        server = _Side(self._connections, client, bytes(self._begun))
        try:
            await self._loop.create_unix_connection(lambda: server, str(self._port.grpc_socket))
        except OSError:
            client.shutdown()


class _Side(asyncio.Protocol):
    """One end of a spliced connection: what it reads, its peer writes; a peer that cannot write stops the reading."""

    def __init__(self, connections: set[Any], peer: _Side | None = None, begun: bytes = b"") -> None:
        self._connections = connections
        self._begun = begun
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self.connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; the second of the two starts the flow with what had been read already."""
        self.transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        if self.peer is not None:
            self.peer.peer = self
            if source := self._other():
                self.transport.write(self._begun)
                source.resume_reading()
            else:
                self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if target := self._other():
            target.write(data)

    def pause_writing(self) -> None:
        """Stop reading where the bytes come from."""
        if source := self._other():
            source.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading where the bytes come from."""
        if source := self._other():
            source.resume_reading()

    def eof_received(self) -> bool:
        """Pass the end of one direction on and keep the other open until it ends as well."""
        self.ended = True
        target = self._other()
        if target is None or self.peer is None or self.peer.ended:
            return False
        target.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Close the other side once what it has to write is written."""
        self._connections.discard(self)
        if target := self._other():
            target.close()

    def _other(self) -> asyncio.Transport | None:
        """Return the transport of the peer while it is open."""
        transport = self.peer.transport if self.peer is not None else None
        return None if transport is None or transport.is_closing() else transport

    def shutdown(self) -> None:
        """Close; bytes that are due are still written. Called when the server stops."""
        if self.transport is not None:
            self.transport.close()


def _text(status: int, phrase: bytes, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n" % (
        status, phrase, len(body),
    )  # fmt: skip
    return head + more + b"\r\n" + body
