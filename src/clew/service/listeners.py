"""The ports: all claimed before anything else starts, the web ones served once reading works."""

from __future__ import annotations

import socket
from typing import Any

from clew.config import ListenConfig, Listener
from clew.config.listen import is_loopback
from clew.receive import bind
from clew.service.web_server import WebServer

MAIN = "listen.ui"
ZIPKIN = "listen.zipkin"
JAEGER_HTTP, JAEGER_GRPC, JAEGER_STORAGE = "listen.jaeger_http", "listen.jaeger_grpc", "listen.jaeger_storage"
_BOUND_LATER = frozenset({"listen.otlp_grpc", "listen.otlp_http", "listen.tempo", JAEGER_GRPC, JAEGER_STORAGE})
"""Ports that their server binds itself: that they are free is seen at once, before the engine takes its seconds."""


class Listeners:
    """Owns the sockets of the web ports and knows where every port is."""

    def __init__(self, listen: ListenConfig) -> None:
        self._by_key = listen.by_key()
        self._sockets: dict[str, list[socket.socket]] = {}
        self._servers: list[WebServer] = []
        self.ports: dict[str, int] = {key: one.port for key, one in self._by_key.items()}
        """Port per key; where a free one was asked for it is known once it is bound."""

    def claim(self) -> None:
        """Bind the web ports, and see that the others are free.

        Raises:
            PortInUseError: names the port and the key.
            ListenError: an address cannot be used.
        """
        try:
            for key, listener in self._by_key.items():
                sockets = bind(key, listener.host, listener.port)
                if key in _BOUND_LATER:
                    _close(sockets)
                else:
                    self._sockets[key] = sockets
                    self.ports[key] = sockets[0].getsockname()[1]
        except BaseException:
            self.release()
            raise

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
