"""The main port: uvicorn inside our event loop, without signal handlers and without its ten ticks a second."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

import uvicorn


class WebServer:
    """Serves an ASGI application on sockets that are already bound."""

    def __init__(
        self, app: Any, sockets: Sequence[socket.socket], protocol: Callable[..., asyncio.Protocol] | None = None
    ) -> None:
        """Take what to serve; `protocol` makes the protocol of each connection in place of uvicorn's."""
        self._sockets = list(sockets)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=cast("Any", protocol or "httptools"),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=3,
                h11_max_incomplete_event_size=64 << 10,
            )
        )
        self._started = False

    async def start(self) -> None:
        """Serve; `Server.serve` is not used since it installs signal handlers and polls."""
        config = self._server.config
        if not config.loaded:
            config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=self._sockets)
        self._started = True

    async def stop(self) -> None:
        """Accept no more and wait a little for the answers that are due. Safe twice and without start."""
        if self._started:
            self._started = False
            await self._server.shutdown(sockets=self._sockets)
        for listening in self._sockets:
            listening.close()
        self._sockets.clear()
