from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Endpoint:
    """An OTLP/HTTP endpoint that answers as it is told; what it has taken can be read."""

    statuses: list[int] = field(default_factory=list)
    """Answers to the next requests; 200 when they are used up."""
    retry_after: str | None = None
    close: bool = False
    """End each connection after its answer, without saying so before."""
    wait: threading.Event | None = None
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    logs: list[ExportLogsServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    connections: set = field(default_factory=set)
    headers: list = field(default_factory=list)
    url: str = ""

    def records(self):
        """Return the log records that were taken, each with the name of its logger."""
        return [
            (scope.scope.name, record)
            for request in self.logs
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def names(self):
        """Return the names of the spans that were taken."""
        return [
            span.name
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def endpoint():
    """A running endpoint."""
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.connections.add(self.client_address)
            told.headers.append(dict(self.headers))
            if told.wait is not None:
                told.wait.wait(30)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status = told.statuses.pop(0) if told.statuses else 200
            if status == 200:
                kinds = {
                    "/v1/logs": (told.logs, ExportLogsServiceRequest),
                    "/v1/metrics": (told.metrics, ExportMetricsServiceRequest),
                }
                taken, kind = kinds.get(self.path, (told.requests, ExportTraceServiceRequest))
                taken.append(kind.FromString(body))
            self.send_response(status)
            if told.retry_after is not None and status != 200:
                self.send_header("Retry-After", told.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if told.close:
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    yield told
    if told.wait is not None:
        told.wait.set()
    server.shutdown()
    server.server_close()
