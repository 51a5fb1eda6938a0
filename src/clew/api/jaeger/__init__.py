"""Jaeger's APIs: the HTTP API of its UI (`/api`), `/api/v3`, the gRPC query services, and remote storage.

A request in Jaeger's terms comes in, becomes filters and a window for `query`, and the traces that were found leave
as Jaeger's JSON, as Jaeger's model, or as the OTLP messages that they came in.
"""

from clew.api.jaeger.app import create_jaeger_app

__all__ = ["create_jaeger_app"]
