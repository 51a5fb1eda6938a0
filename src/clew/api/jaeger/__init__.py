"""Jaeger's APIs: the HTTP API of its UI (`/api`), `/api/v3`, the gRPC query services, and remote storage.

A request in Jaeger's terms comes in, becomes filters and a window for `query`, and the traces that were found leave
as Jaeger's JSON, as Jaeger's model, or as the OTLP messages that they came in.
"""

from clew.api.jaeger.app import create_jaeger_app
from clew.api.jaeger.grpc import QUERY_NAMES, query_services
from clew.api.jaeger.storage import NAMES as STORAGE_NAMES
from clew.api.jaeger.storage import storage_services

__all__ = ["QUERY_NAMES", "STORAGE_NAMES", "create_jaeger_app", "query_services", "storage_services"]
