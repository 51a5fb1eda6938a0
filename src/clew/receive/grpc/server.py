"""The OTLP/gRPC listener: services, health, reflection."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from clew.config import Listener
from clew.receive.edge import Edge
from clew.receive.errors import ListenError, MetricsNotStoredError
from clew.receive.grpc.export import Exporter, abort
from clew.receive.grpc.peers import PeerSizes
from clew.receive.ports import bind

_KEY = "listen.otlp_grpc"
_TRACES = trace_service_pb2.DESCRIPTOR.services_by_name["TraceService"].full_name
_LOGS = logs_service_pb2.DESCRIPTOR.services_by_name["LogsService"].full_name
_METRICS = metrics_service_pb2.DESCRIPTOR.services_by_name["MetricsService"].full_name
_SERVED = ("", _TRACES, _LOGS)


class OtlpGrpcServer:
    """Serves OTLP/gRPC on the running event loop."""

    def __init__(self, listener: Listener, edge: Edge) -> None:
        self._listener = listener
        self._edge = edge
        self._port = listener.port
        self._server: Any = None
        self._health = health.aio.HealthServicer()

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
        host, port = self._listener.host, self._listener.port
        addresses = []
        for probe in bind(_KEY, host, port):  # grpc cannot take a socket and says little about why it fails
            addresses.append(probe.getsockname()[:2])
            probe.close()
        server = grpc.aio.server(options=self._options())
        self._add_services(server)
        for address, bound_port in addresses:
            target = f"[{address}]:{bound_port}" if ":" in address else f"{address}:{bound_port}"
            try:
                self._port = server.add_insecure_port(target)
            except RuntimeError as error:
                raise ListenError(_KEY, host, bound_port, str(error)) from None
        await server.start()
        self._server = server
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, timeout_s: float = 10.0) -> None:
        """Accept no more calls and wait for the answers that are due. Safe twice and without start."""
        server, self._server = self._server, None
        if server is not None:
            await self._health.enter_graceful_shutdown()
            await server.stop(timeout_s)

    async def set_ready(self, *, ready: bool) -> None:
        """Tell health watchers whether telemetry can be taken."""
        status = health_pb2.HealthCheckResponse
        await self._set_health(status.SERVING if ready else status.NOT_SERVING)

    async def _set_health(self, status: int) -> None:
        for name in _SERVED:
            await self._health.set(name, status)

    def _options(self) -> list[tuple[str, int]]:
        limits = self._edge.limits
        return [
            ("grpc.max_receive_message_length", limits.request_max_bytes),
            ("grpc.per_message_decompression", 0),  # the codec does it, within its limits and off the event loop
            ("grpc.max_metadata_size", limits.header_max_bytes),
            ("grpc.absolute_max_metadata_size", limits.header_max_bytes),
            ("grpc.so_reuseport", 0),  # or a second process would take half of the calls
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ]

    def _add_services(self, server: Any) -> None:
        peers = PeerSizes(self._edge.limits.request_max_bytes)
        handlers = {
            _TRACES: grpc.stream_unary_rpc_method_handler(Exporter("traces", self._edge, peers).export),
            _LOGS: grpc.stream_unary_rpc_method_handler(Exporter("logs", self._edge, peers).export),
            _METRICS: grpc.stream_unary_rpc_method_handler(self._refuse_metrics),
        }
        server.add_generic_rpc_handlers(
            tuple(grpc.method_handlers_generic_handler(name, {"Export": handler}) for name, handler in handlers.items())
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (_TRACES, _LOGS, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)

    async def _refuse_metrics(self, _: Any, context: Any) -> bytes:
        error = MetricsNotStoredError()
        self._edge.refusals.count("grpc", error.code)
        await abort(context, error, self._edge.limits.retry_after_s)
        return b""
