"""The OTLP/gRPC listener: its services and the limits of its channel."""

from __future__ import annotations

from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from clew.config import LimitsConfig, Listener
from clew.receive.edge import Edge
from clew.receive.errors import MetricsNotStoredError
from clew.receive.grpc.export import Exporter, abort
from clew.receive.grpc.listener import GrpcListener
from clew.receive.grpc.peers import PeerSizes

_KEY = "listen.otlp_grpc"
TRACES: str = trace_service_pb2.DESCRIPTOR.services_by_name["TraceService"].full_name
_LOGS = logs_service_pb2.DESCRIPTOR.services_by_name["LogsService"].full_name
_METRICS = metrics_service_pb2.DESCRIPTOR.services_by_name["MetricsService"].full_name


class OtlpGrpcServer(GrpcListener):
    """Serves OTLP/gRPC on the running event loop."""

    def __init__(self, listener: Listener, edge: Edge) -> None:
        self._edge = edge
        peers = PeerSizes(edge.limits.request_max_bytes)
        exports = {
            TRACES: Exporter("traces", edge, peers).export,
            _LOGS: Exporter("logs", edge, peers).export,
            _METRICS: self._refuse_metrics,
        }
        handlers = [_export(name, method) for name, method in exports.items()]
        super().__init__(_KEY, listener, handlers, names=(TRACES, _LOGS), options=export_options(edge.limits))

    async def _refuse_metrics(self, _: Any, context: Any) -> bytes:
        error = MetricsNotStoredError()
        self._edge.refusals.count("grpc", error.code)
        await abort(context, error, self._edge.limits.retry_after_s)
        return b""


def trace_export(edge: Edge) -> Any:
    """Return the handler of OTLP's trace service, for a port that serves other things too."""
    return _export(TRACES, Exporter("traces", edge, PeerSizes(edge.limits.request_max_bytes)).export)


def _export(name: str, method: Any) -> Any:
    return grpc.method_handlers_generic_handler(name, {"Export": grpc.stream_unary_rpc_method_handler(method)})


def export_options(limits: LimitsConfig) -> list[tuple[str, int]]:
    """Return what a channel needs that takes OTLP."""
    return [
        ("grpc.max_receive_message_length", limits.request_max_bytes),
        ("grpc.per_message_decompression", 0),  # the codec does it, within its limits and off the event loop
        ("grpc.max_metadata_size", limits.header_max_bytes),
        ("grpc.absolute_max_metadata_size", limits.header_max_bytes),
    ]
