from __future__ import annotations

import gc
import logging
import subprocess
import time

import structlog
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from clew_sdk.facts import ColdStart, ProcessMetrics, deployment
from clew_sdk.facts.start import process_start_ns
from clew_sdk.logs import correlate_logging, structlog_processor, uncorrelate_logging


def test_the_deployment_is_known_from_ci_variables(tmp_path):
    """Revision, branch, pipeline and run come from the CI that runs, and the version from the revision."""
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "f" * 40, "GITHUB_REF_NAME": "main", "GITHUB_RUN_ID": "7"}
    assert deployment(environ, tmp_path) == {
        "vcs.ref.head.revision": "f" * 40,
        "vcs.ref.head.name": "main",
        "cicd.pipeline.run.id": "7",
        "service.version": "f" * 12,
    }
    assert deployment({"AWS_LAMBDA_FUNCTION_NAME": "bill", "GITLAB_CI": "1"}, tmp_path) == {"faas.name": "bill"}


def test_the_deployment_is_known_from_git_and_nothing_is_invented(tmp_path):
    """A checkout tells its commit and branch; a folder that is none tells nothing."""
    assert deployment({}, tmp_path) == {}
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q", "-b", "trunk"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    told = deployment({}, tmp_path)
    assert told["vcs.ref.head.name"] == "trunk"
    assert told["service.version"] == told["vcs.ref.head.revision"][:12]


def test_the_cold_start_is_a_span_before_the_first_request():
    """The first request of a process is marked and has the time since the process began; the second has not."""
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    provider.add_span_processor(ColdStart(provider))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("t")
    tracer.start_span("inside").end()
    for name in ("first", "second"):
        tracer.start_span(name, kind=SpanKind.SERVER).end()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans["first"].attributes["faas.coldstart"] is True
    assert spans["second"].attributes["faas.coldstart"] is False
    cold = spans["cold start"]
    assert cold.parent.span_id == spans["first"].context.span_id
    assert cold.start_time < cold.end_time == spans["first"].start_time
    assert 0 < time.time_ns() - process_start_ns() < 3600 * 10**9


def test_the_process_is_measured():
    """CPU, memory, threads and collections are observed under OpenTelemetry's names."""
    reader = InMemoryMetricReader()
    measured = ProcessMetrics(MeterProvider([reader]).get_meter("t"))
    gc.collect()
    found = {
        metric.name: [point.value for point in metric.data.data_points]
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    measured.close()
    measured.close()
    assert len(found["process.cpu.time"]) == 2
    assert found["process.memory.usage"][0] > 10**6
    assert found["process.thread.count"][0] >= 1
    assert len(found["cpython.gc.collections"]) == 3
    assert found["clew.gc.pause"][0] > 0


def test_records_of_logging_bear_the_trace():
    """Inside a span a formatter finds its ids, outside they are empty; a field of the application is kept."""
    correlate_logging()
    correlate_logging()
    try:
        with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("s") as span:
            record = logging.getLogger("x").makeRecord("x", 20, "f", 1, "hello", (), None)
            assert logging.Formatter("%(trace_id)s %(span_id)s").format(record) == (
                f"{span.get_span_context().trace_id:032x} {span.get_span_context().span_id:016x}"
            )
        record = logging.getLogger("x").makeRecord("x", 20, "f", 1, "hello", (), None)
        assert (record.trace_id, record.span_id, record.trace_sampled) == ("", "", False)
    finally:
        uncorrelate_logging()
    assert not hasattr(logging.getLogger("x").makeRecord("x", 20, "f", 1, "hello", (), None), "trace_id")


def test_events_of_structlog_bear_the_trace():
    """The processor adds the ids inside a span and nothing outside."""
    capture = structlog.testing.LogCapture()
    log = structlog.wrap_logger(None, [structlog_processor, capture])
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("s") as span:
        log.info("a")
    log.info("b")
    inside, outside = capture.entries
    assert inside["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert "trace_id" not in outside
