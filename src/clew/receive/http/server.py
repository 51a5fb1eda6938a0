"""The OTLP/HTTP listener: its sockets, its connections and their deadlines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from clew.codec import Pushed
from clew.config import Listener
from clew.model.errors import ClewError
from clew.receive.edge import Edge
from clew.receive.errors import TooManyConnectionsError
from clew.receive.http.connection import Connection
from clew.receive.http.cors import Cors
from clew.receive.ports import bind

_SCRATCH = 256 << 10
_SWEEP_S = 1.0
_ABORT_S = 1.0
_SWEEPS_PER_TIMEOUT = 4
_KEY = "listen.otlp_http"


class OtlpHttpServer:
    """Serves OTLP/HTTP on the running event loop."""

    def __init__(self, listener: Listener, edge: Edge, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.edge = edge
        self.cors = Cors(edge.cors)
        self.clock = clock
        self.scratch = memoryview(bytearray(_SCRATCH))
        """Where bytes land that are no body of known length; used up before the loop turns to another connection."""
        self.stopping = False
        self._listener = listener
        self._servers: list[asyncio.Server] = []
        self._connections: set[Connection] = set()
        self._empty = asyncio.Event()
        self._sweeper: asyncio.TimerHandle | None = None
        self._port = listener.port
        self._outcomes = edge.metrics.receive_requests
        self._bytes = edge.metrics.receive_bytes.labels("http")

    key = _KEY
    """The listener's key in the configuration."""

    @property
    def port(self) -> int:
        """The port listened on, also when a free one was asked for."""
        return self._port

    async def start(self) -> None:
        """Listen.

        Raises:
            PortInUseError: the port is taken.
            ListenError: the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        sockets = bind(_KEY, self._listener.host, self._listener.port)
        self._port = sockets[0].getsockname()[1]
        for listening in sockets:
            self._servers.append(await loop.create_server(lambda: Connection(self), sock=listening))
        self._sweep()

    async def stop(self, timeout_s: float = 10.0) -> None:
        """Accept no more, close idle connections, wait for the answers that are due. Safe twice and without start."""
        self.stopping = True
        for server in self._servers:
            server.close()
        self._servers.clear()
        for connection in list(self._connections):
            connection.stop()
        await self._until_empty(timeout_s)
        for connection in list(self._connections):
            connection.abort()
        await self._until_empty(_ABORT_S)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    async def _until_empty(self, timeout_s: float) -> None:
        if self._connections:
            self._empty.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), timeout_s)

    def opened(self, connection: Connection) -> ClewError | None:
        """Register a connection; returns why it is not served when there are too many."""
        self._connections.add(connection)
        self.edge.metrics.receive_connections.set(len(self._connections))
        limit = self.edge.limits.max_connections
        return TooManyConnectionsError(limit) if len(self._connections) > limit else None

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
        self.edge.metrics.receive_connections.set(len(self._connections))

    def received(self, size: int) -> None:
        """Count the bytes of a complete body."""
        self._bytes.inc(size)

    def answered(self, signal: str, pushed: Pushed) -> None:
        """Count a request that was kept."""
        self._outcomes.labels("http", signal, "partial" if pushed.rejected else "ok").inc()

    def refused(self, error: ClewError, signal: str) -> None:
        """Count a request of which nothing was kept."""
        self.edge.refusals.count("http", error.code)
        if signal:
            self._outcomes.labels("http", signal, "refused").inc()

    def _sweep(self) -> None:
        now = self.clock()
        for connection in list(self._connections):
            if now >= connection.deadline or connection.too_slow(now):
                connection.expire(now)
        limits = self.edge.limits
        shortest = min(limits.header_timeout_s, limits.body_timeout_s, limits.idle_timeout_s)
        delay = min(_SWEEP_S, shortest / _SWEEPS_PER_TIMEOUT)
        self._sweeper = asyncio.get_running_loop().call_later(delay, self._sweep)
