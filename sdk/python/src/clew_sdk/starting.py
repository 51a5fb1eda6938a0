"""From settings to a running SDK, in one call: `clew_sdk.start()`."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial
from typing import TypedDict

from opentelemetry import metrics, propagate, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from clew_sdk import build, settings
from clew_sdk.export import HttpSender, QueueProcessor, Spill
from clew_sdk.export.counters import Told
from clew_sdk.export.encode_logs import LogEncoder, Record
from clew_sdk.export.queue import ExportQueue
from clew_sdk.facts import ColdStart, PoolMetrics, ProcessMetrics, deployment
from clew_sdk.instrument.enable import enable
from clew_sdk.log_export import LogExport
from clew_sdk.logs import correlate_logging, export_logs
from clew_sdk.sampling import ErrorBuffer

_log = logging.getLogger("clew_sdk")


class Running:
    """A started SDK."""

    def __init__(
        self, provider: TracerProvider, queue: QueueProcessor, logs: ExportQueue[Record] | None = None
    ) -> None:
        self.provider = provider
        self._queue = queue
        self._logs = logs

    def told(self) -> Told:
        """Return what became of the spans of this process."""
        return self._queue.told()

    def told_logs(self) -> Told:
        """Return what became of the log records of this process; nothing where they are not sent."""
        return self._logs.told() if self._logs is not None else Told()

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Send what is queued; returns whether all of it left in time."""
        queues = [queue for queue in (self._queue, self._logs) if queue is not None]
        done = [queue.force_flush(round(timeout_s * 1000)) for queue in queues]
        return all(done)

    def shutdown(self) -> None:
        """Send what can be sent before the deadline, and end. Safe twice."""
        export_logs(None)
        self.provider.shutdown()
        if self._logs is not None:
            self._logs.shutdown()


_running: Running | None = None


def start(
    service: str | None = None,
    *,
    endpoint: str | None = None,
    instrument: bool = True,
    using: settings.Settings | None = None,
) -> Running:
    """Set up tracing for this process; a second call returns what the first one started.

    Args:
        service: name of the service; OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES otherwise.
        endpoint: OTLP/HTTP base address; OTEL_EXPORTER_OTLP_ENDPOINT, or this machine's port 4318, otherwise.
        instrument: also instrument the libraries whose instrumentation is installed.
        using: all settings at once, in place of the environment.

    Raises:
        SettingsError: an environment variable has a value that cannot be used.
    """
    global _running  # noqa: PLW0603 - OpenTelemetry's provider is global too
    if _running is not None:
        return _running
    told = using or settings.from_environ()
    if endpoint is not None:
        base = endpoint.rstrip("/")
        told = replace(
            told, traces_url=f"{base}/v1/traces", metrics_url=f"{base}/v1/metrics", logs_url=f"{base}/v1/logs"
        )
    resource = _resource(service)
    name = str(resource.attributes[SERVICE_NAME])
    queue = QueueProcessor(_sender(told, told.traces_url), **_bounds(told, told.spill_directory))
    provider = TracerProvider(resource=resource, sampler=build.sampler(told, name), shutdown_on_exit=False)
    provider.add_span_processor(queue)
    if told.keep_errors:
        provider.add_span_processor(ErrorBuffer(queue))
    if "faas.name" in resource.attributes:
        provider.add_span_processor(ColdStart(provider))
    propagate.set_global_textmap(build.propagator(told))
    if not told.disabled:
        trace.set_tracer_provider(provider)
    if told.log_correlation:
        correlate_logging()
    logs = _logs(told, resource) if told.log_export and not told.disabled else None
    if told.process_metrics and not told.disabled:
        _measure(told, resource)
    if name.startswith("unknown_service"):
        _log.warning("the service has no name: set OTEL_SERVICE_NAME, or call clew_sdk.start('checkout')")
    if instrument and not told.disabled:
        enable()
    _running = Running(provider, queue, logs)
    return _running


def _resource(service: str | None) -> Resource:
    """Return the facts of the deployment under what the environment says, under the name that was given."""
    found = Resource(deployment()).merge(Resource.create())
    return found.merge(Resource({SERVICE_NAME: service})) if service else found


def _sender(told: settings.Settings, url: str) -> HttpSender:
    return HttpSender(
        url,
        headers=told.headers,
        timeout_s=told.timeout_s,
        compress=told.compress,
        certificate=told.certificate,
    )


class _Bounds(TypedDict):
    spill: Spill | None
    max_queue: int
    batch: int
    interval_s: float
    shutdown_s: float


def _bounds(told: settings.Settings, spill_directory: str | None) -> _Bounds:
    return {
        "spill": Spill(spill_directory, max_bytes=told.spill_max_bytes) if spill_directory else None,
        "max_queue": told.max_queue,
        "batch": told.batch,
        "interval_s": told.interval_s,
        "shutdown_s": told.shutdown_s,
    }


def _logs(told: settings.Settings, resource: Resource) -> ExportQueue[Record]:
    """Send log records through a queue of their own: many of them cost no span."""
    aside = os.path.join(told.spill_directory, "logs") if told.spill_directory else None  # noqa: PTH118 - it is a text
    queue = ExportQueue[Record](
        _sender(told, told.logs_url), partial(LogEncoder, resource), what="log records", **_bounds(told, aside)
    )
    export_logs(LogExport(queue, level=told.log_level))
    return queue


def _measure(told: settings.Settings, resource: Resource) -> None:
    """Send metrics of the process, where what they need is installed."""
    try:
        from clew_sdk.export.metrics import ClewMetricExporter  # noqa: PLC0415 - only where metrics are asked for
    except ImportError:
        _log.warning("process metrics need another package: pip install 'clew-sdk[metrics]'")
        return
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415

    exporter = ClewMetricExporter(_sender(told, told.metrics_url), timeout_s=told.shutdown_s)
    reader = PeriodicExportingMetricReader(exporter, told.metrics_interval_s * 1000)
    provider = MeterProvider([reader], resource)
    metrics.set_meter_provider(provider)
    meter = provider.get_meter("clew_sdk")
    ProcessMetrics(meter)
    PoolMetrics(meter)
