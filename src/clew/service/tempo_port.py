"""Port 3200: Tempo's API over HTTP/1.1 and gRPC, which share the port through a Unix socket of our own."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path

from clew.api import ApiDeps
from clew.api.app import Edge
from clew.api.tempo import TempoGrpcServer, create_tempo_app, refused
from clew.config import LimitsConfig, Listener
from clew.config.listen import is_loopback
from clew.receive import bind
from clew.service.shared_port import SharedPort
from clew.service.web_server import WebServer

KEY = "listen.tempo"
_MAX_SOCKET_PATH = 100
"""Unix sockets have names of at most 108 bytes on Linux, 104 elsewhere."""


class TempoPort:
    """Serves on the running event loop."""

    def __init__(self, listener: Listener, deps: ApiDeps, limits: LimitsConfig, data_dir: Path) -> None:
        host = listener.host
        allowed = frozenset({"localhost", "127.0.0.1", "::1", host}) if is_loopback(host) else None
        self._listener = listener
        self._deps = dataclasses.replace(deps, allowed_hosts=allowed)
        self._limits = limits
        self._data_dir = data_dir
        self._folder: Path | None = None
        self._grpc: TempoGrpcServer | None = None
        self._web: WebServer | None = None
        self.port = listener.port

    async def start(self) -> None:
        """Listen.

        Raises:
            PortInUseError: the port is taken.
            ListenError: the address cannot be used.
        """
        sockets = bind(KEY, self._listener.host, self._listener.port)
        self.port = sockets[0].getsockname()[1]
        self._folder = await asyncio.to_thread(_fresh, self._data_dir)
        path = self._folder / "grpc"
        self._grpc = TempoGrpcServer(self._deps, path)
        shared = SharedPort(
            path,
            header_timeout_s=self._limits.header_timeout_s,
            header_max_bytes=self._limits.header_max_bytes,
            max_connections=self._limits.max_connections,
        )
        self._web = WebServer(Edge(create_tempo_app(self._deps), self._deps, refused), sockets, shared)
        await self._grpc.start()
        await self._web.start()

    async def stop(self) -> None:
        """End calls and connections, those under way after a little time. Safe twice and without start."""
        if self._grpc is not None:
            await self._grpc.stop()
        if self._web is not None:
            await self._web.stop()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder = None


def _fresh(data_dir: Path) -> Path:
    """Return an empty folder that only its owner may enter, in the data directory, so that a kill leaves nothing."""
    folder = data_dir / "sockets"
    if len(os.fsencode(folder / "grpc")) > _MAX_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="clew-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
