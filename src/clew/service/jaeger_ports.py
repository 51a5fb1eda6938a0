"""Jaeger's gRPC ports: queries, and remote storage, which reads like the one and takes OTLP like a receiver."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from clew.api import ApiDeps
from clew.api.jaeger import QUERY_NAMES, STORAGE_NAMES, query_services, storage_services
from clew.config import Listener
from clew.receive import Edge, GrpcListener, export_options, trace_export
from clew.service.listeners import JAEGER_GRPC, JAEGER_STORAGE

_WRITE: str = trace_service_pb2.DESCRIPTOR.services_by_name["TraceService"].full_name
_MAX_REQUEST = 1 << 20


def query_port(listener: Listener, deps: ApiDeps) -> GrpcListener:
    """Return the port of `jaeger.api_v2` and `jaeger.api_v3`."""
    options = [("grpc.max_receive_message_length", _MAX_REQUEST)]
    return GrpcListener(JAEGER_GRPC, listener, query_services(deps), names=QUERY_NAMES, options=options)


def storage_port(listener: Listener, deps: ApiDeps, edge: Edge) -> GrpcListener:
    """Return the port of `jaeger.storage.v2` with OTLP's trace service."""
    handlers = [*storage_services(deps), trace_export(edge)]
    names = (*STORAGE_NAMES, _WRITE)
    return GrpcListener(JAEGER_STORAGE, listener, handlers, names=names, options=export_options(edge.limits))
