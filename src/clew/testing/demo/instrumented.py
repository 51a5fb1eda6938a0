"""A web service with a tracer of its own, and calls between services that carry the trace along."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

Payload = dict[str, Any]
Handler = Callable[[Payload], Payload]

_ERROR = 500
_FLUSH_MS = 1000
_DELAY_MS = 500


class FailedCallError(Exception):
    """Another service answered with an error."""


class Service:
    """One service: its resource, its tracer, its server."""

    def __init__(self, name: str, version: str, endpoint: str) -> None:
        self.name = name
        described = {
            "service.name": name,
            "service.version": version,
            "service.namespace": "demo",
            "deployment.environment.name": "demo",
        }
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=5)
        self.provider = TracerProvider(resource=Resource.create(described))
        self.provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS))
        self.tracer = self.provider.get_tracer("clew.demo", version)
        self._routes: dict[str, Handler] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def route(self, name: str, handler: Handler) -> None:
        """Answer `POST <name>` with what `handler` returns."""
        self._routes[name] = handler

    def start(self) -> None:
        """Serve from a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.5,), name=self.name, daemon=True).start()

    def stop(self) -> None:
        """End the server and send what is left."""
        self._server.shutdown()
        self._server.server_close()
        self.provider.force_flush(_FLUSH_MS)
        self.provider.shutdown()

    def call(self, other: Service, path: str, payload: Payload) -> Payload:
        """Call another service within a client span.

        Raises:
            FailedCallError: it answered with an error.
        """
        url = other.url + path
        with self.tracer.start_as_current_span(f"POST {path}", kind=SpanKind.CLIENT) as span:
            span.set_attributes(
                {
                    "http.request.method": "POST",
                    "url.full": url,
                    "server.address": urlsplit(url).hostname or "",
                    "server.port": urlsplit(url).port or 0,
                    "service.peer.name": other.name,
                }
            )
            headers = {"content-type": "application/json"}
            propagate.inject(headers)
            request = urllib.request.Request(url, json.dumps(payload).encode(), headers)  # noqa: S310 - localhost
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                    span.set_attribute("http.response.status_code", answer.status)
                    return dict(json.load(answer))
            except urllib.error.HTTPError as error:
                span.set_attribute("http.response.status_code", error.code)
                raise FailedCallError(f"{other.name}{path} answered {error.code}") from None

    def _handle(self, path: str, headers: Mapping[str, str], payload: Payload) -> tuple[int, Payload]:
        context = propagate.extract(headers)
        with self.tracer.start_as_current_span(
            f"POST {path}", context, SpanKind.SERVER, record_exception=False
        ) as span:
            span.set_attributes({"http.request.method": "POST", "http.route": path, "url.path": path})
            try:
                status, answer = 200, self._routes[path](payload)
            except Exception as error:  # noqa: BLE001 - a web framework answers 500, whatever a handler raises
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, str(error)))
                status, answer = _ERROR, {"error": str(error)}
            span.set_attribute("http.response.status_code", status)
            return status, answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                payload = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = service._handle(self.path, {k.lower(): v for k, v in self.headers.items()}, payload)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay silent: the traces tell."""

        return Requests


def current_event(name: str, attributes: Mapping[str, str | int | float | bool]) -> None:
    """Add an event to the span of this thread."""
    trace.get_current_span().add_event(name, dict(attributes))
