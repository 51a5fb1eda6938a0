"""Sends one trace of three spans with the unmodified OpenTelemetry SDK for Python, then prints its trace id.

usage: python send.py http://127.0.0.1:4318
"""

from __future__ import annotations

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind


def main() -> None:
    """Send and print."""
    provider = TracerProvider(resource=Resource.create({"service.name": "python-shop", "service.version": "1.4.0"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{sys.argv[1]}/v1/traces")))
    tracer = provider.get_tracer("python-shop", "1.0.0")
    with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as root:
        root.set_attributes({"http.request.method": "POST", "http.route": "/orders", "order.total": 42.5})
        with tracer.start_as_current_span("INSERT orders", kind=SpanKind.CLIENT) as insert:
            insert.set_attribute("db.system.name", "postgresql")
            insert.add_event("rows", {"count": 1})
        with tracer.start_as_current_span("publish order", kind=SpanKind.PRODUCER) as publish:
            publish.set_attributes({"messaging.destination.name": "orders", "payload.keys": ["id", "total"]})
    provider.shutdown()
    print(f"{root.get_span_context().trace_id:032x}")  # noqa: T201 - what the caller reads


if __name__ == "__main__":
    main()
