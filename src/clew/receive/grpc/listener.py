"""A gRPC port: services on an address of the configuration, with health and reflection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from clew.config import Listener
from clew.receive.errors import ListenError
from clew.receive.ports import bind

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),  # or a second process would take half of the calls
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


class GrpcListener:
    """Serves on the running event loop."""

    def __init__(
        self,
        key: str,
        listener: Listener,
        handlers: Sequence[Any],
        *,
        names: Sequence[str],
        options: Sequence[tuple[str, int]] = (),
    ) -> None:
        """Take what to serve.

        Args:
            key: the listener's key in the configuration.
            listener: the address.
            handlers: generic handlers of the services.
            names: full names of the services, for health and reflection.
            options: of the channel, beside those that every port has.
        """
        self.key = key
        self.port = listener.port
        """The port listened on, also when a free one was asked for."""
        self._host = listener.host
        self._handlers = tuple(handlers)
        self._names = tuple(names)
        self._options = [*OPTIONS, *options]
        self._server: Any = None
        self._health = health.aio.HealthServicer()

    async def start(self) -> None:
        """Listen.

        Raises:
            PortInUseError: the port is taken.
            ListenError: the address cannot be used.
        """
        addresses = []
        for probe in bind(self.key, self._host, self.port):  # grpc cannot take a socket and says little when it fails
            addresses.append(probe.getsockname()[:2])
            probe.close()
        server = grpc.aio.server(options=self._options)
        server.add_generic_rpc_handlers(self._handlers)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
        for address, bound_port in addresses:
            target = f"[{address}]:{bound_port}" if ":" in address else f"{address}:{bound_port}"
            try:
                self.port = server.add_insecure_port(target)
            except RuntimeError as error:
                raise ListenError(self.key, self._host, bound_port, str(error)) from None
        await server.start()
        self._server = server
        await self.set_ready(ready=True)

    async def stop(self, timeout_s: float = 10.0) -> None:
        """Accept no more calls and wait for the answers that are due. Safe twice and without start."""
        server, self._server = self._server, None
        if server is not None:
            await self._health.enter_graceful_shutdown()
            await server.stop(timeout_s)

    async def set_ready(self, *, ready: bool) -> None:
        """Tell health watchers whether calls can be answered."""
        known = health_pb2.HealthCheckResponse
        for name in ("", *self._names):
            await self._health.set(name, known.SERVING if ready else known.NOT_SERVING)
