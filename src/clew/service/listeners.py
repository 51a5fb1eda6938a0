"""The ports: all claimed before anything else starts, the web ones served once reading works."""

from __future__ import annotations

import socket
from typing import Any

import structlog

from clew.config import ListenConfig, Listener
from clew.config.listen import ApiListener, is_loopback
from clew.receive import bind
from clew.receive.errors import PortInUseError
from clew.service.web_server import WebServer

_log = structlog.get_logger(__name__)
MAIN = "listen.ui"
ZIPKIN = "listen.zipkin"
JAEGER_HTTP, JAEGER_GRPC, JAEGER_STORAGE = "listen.jaeger_http", "listen.jaeger_grpc", "listen.jaeger_storage"
SAMPLING_HTTP, SAMPLING_GRPC = "listen.sampling_http", "listen.sampling_grpc"
_BOUND_LATER = frozenset(
    {"listen.otlp_grpc", "listen.otlp_http", "listen.tempo", JAEGER_GRPC, JAEGER_STORAGE, SAMPLING_GRPC}
)
"""Ports that their server binds itself: that they are free is seen at once, before the engine takes its seconds."""


class Listeners:
    """Owns the sockets of the web ports and knows where every port is."""

    def __init__(self, listen: ListenConfig) -> None:
        self._by_key = listen.by_key()
        self._sockets: dict[str, list[socket.socket]] = {}
        self._servers: list[WebServer] = []
        self.ports: dict[str, int] = {key: one.port for key, one in self._by_key.items()}
        """Port per key; where a free one was asked for it is known once it is bound."""
        self.missed: dict[str, str] = {}
        """Ports of other systems' APIs that Clew does without, and why: another process has them."""

    def claim(self) -> None:
        """Bind the web ports, and see that the others are free.

        The usual port of another system's API may belong to that system: nobody has asked for it, so it is left.

        Raises:
            PortInUseError: names the port and the key.
            ListenError: an address cannot be used.
        """
        try:
            for key, listener in list(self._by_key.items()):
                try:
                    sockets = bind(key, listener.host, listener.port)
                except PortInUseError as error:
                    if not isinstance(listener, ApiListener) or "port" in listener.model_fields_set:
                        raise
                    self._miss(key, error)
                    continue
                if key in _BOUND_LATER:
                    _close(sockets)
                else:
                    self._sockets[key] = sockets
                    self.ports[key] = sockets[0].getsockname()[1]
        except BaseException:
            self.release()
            raise

    def _miss(self, key: str, error: PortInUseError) -> None:
        self.missed[key] = error.detail
        del self._by_key[key], self.ports[key]
        _log.warning("started without a port", key=key, error=error.detail, hint=error.hint)

    def open(self, key: str) -> Listener | None:
        """Return the listener of a key, `None` where it is turned off."""
        return self._by_key.get(key)

    def hosts(self, key: str) -> frozenset[str] | None:
        """Return the host names that requests to a port may name; on public addresses all, which is `None`."""
        host = self._by_key[key].host
        return frozenset({"localhost", "127.0.0.1", "::1", host}) if is_loopback(host) else None

    async def serve(self, key: str, app: Any) -> None:
        """Answer requests to a web port with an ASGI application."""
        server = WebServer(app, self._sockets.pop(key))
        self._servers.append(server)
        await server.start()

    async def stop(self) -> None:
        """Stop serving, the last port first, and let go of all. Safe twice."""
        while self._servers:
            await self._servers.pop().stop()
        self.release()

    def release(self) -> None:
        """Close sockets that nobody serves."""
        for sockets in self._sockets.values():
            _close(sockets)
        self._sockets.clear()


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()
