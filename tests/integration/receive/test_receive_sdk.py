"""The exporters of the real OpenTelemetry SDK against the real listeners, codec and journal."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

HTTP_KINDS = {"http": Compression.NoCompression, "http-gzip": Compression.Gzip, "http-deflate": Compression.Deflate}
GRPC_KINDS = {
    "grpc": grpc.Compression.NoCompression,
    "grpc-gzip": grpc.Compression.Gzip,
    "grpc-deflate": grpc.Compression.Deflate,
}
EVERY_KIND = [*HTTP_KINDS, *GRPC_KINDS]


def _exporter(served: Any, kind: str, signal: str) -> Any:
    http, over_grpc = {
        "traces": (HttpSpanExporter, GrpcSpanExporter),
        "logs": (HttpLogExporter, GrpcLogExporter),
        "metrics": (HttpMetricExporter, GrpcMetricExporter),
    }[signal]
    if kind in HTTP_KINDS:
        return http(endpoint=f"http://127.0.0.1:{served.http.port}/v1/{signal}", compression=HTTP_KINDS[kind])
    return over_grpc(endpoint=f"127.0.0.1:{served.grpc.port}", insecure=True, compression=GRPC_KINDS[kind])


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_spans_of_the_sdk_arrive(served: Any, kind: str) -> None:
    """Every protocol and compression of the SDK's span exporters ends in the journal, whole."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"shop-{kind}"}))
    provider.add_span_processor(BatchSpanProcessor(_exporter(served, kind, "traces")))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer", attributes={"order": 7}) as outer:
        for number in range(600):
            with tracer.start_as_current_span(f"inner {number}"):
                pass
    assert provider.force_flush()
    provider.shutdown()
    rows = [row for row in served.rows() if row["service"] == f"shop-{kind}"]
    assert len(rows) == 601
    assert {row["trace_id"] for row in rows} == {outer.get_span_context().trace_id.to_bytes(16, "big")}
    assert next(row for row in rows if row["name"] == "outer")["attr_int"] == [("order", 7)]
    assert {row["tenant"] for row in rows} == {"default"}


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_logs_of_the_sdk_arrive(served: Any, kind: str) -> None:
    """The same for the log exporters."""
    provider = LoggerProvider(resource=Resource.create({"service.name": f"logs-{kind}"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(_exporter(served, kind, "logs")))
    logger = provider.get_logger("test")
    for number in range(20):
        logger.emit(body=f"line {number}", severity_text="INFO")
    assert provider.force_flush()
    provider.shutdown()
    rows = [row for row in served.rows("logs") if row["service"] == f"logs-{kind}"]
    assert [row["body"] for row in rows] == [f"line {number}" for number in range(20)]


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_an_sdk_that_sends_metrics_gives_up_at_once(served: Any, kind: str) -> None:
    """The exporter of metrics is refused for good: one request, no retry."""
    before = served.call(served.refusals.by_code).get("metrics_not_stored", 0)
    reader = PeriodicExportingMetricReader(_exporter(served, kind, "metrics"), export_interval_millis=1e9)
    provider = MeterProvider([reader])
    provider.get_meter("test").create_counter("orders").add(1)
    provider.force_flush()
    assert served.call(served.refusals.by_code)["metrics_not_stored"] == before + 1
    provider.shutdown()


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_the_sdk_retries_what_clew_refuses_for_now(serve: Any, held: Any, kind: str) -> None:
    """A full journal delays the exporter, it loses nothing: the same spans arrive once there is room."""
    served = serve(journal=held)
    held.free_bytes = 0
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_exporter(served, kind, "traces")))
    with provider.get_tracer("test").start_as_current_span("patient"):
        pass
    code = "journal_full"
    for _ in range(3000):
        if served.call(served.refusals.by_code).get(code):
            break
        held.arrived.wait(0.01)
    assert served.call(served.refusals.by_code)[code] >= 1
    held.free_bytes = 1 << 30
    assert held.arrived.wait(30)
    group = held.held[0][0]
    assert group.spans.column("name").to_pylist() == ["patient"]
    held.answer()
    assert provider.force_flush()
    provider.shutdown()
