"""A `MetricExporter` over the SDK's own sender: it rests where nobody takes metrics, and says so once."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData

from clew_sdk.export.sender import Answer, HttpSender
from clew_sdk.forks import in_children

_log = logging.getLogger("clew_sdk")
REST_S = 600.0
"""How long nothing is sent after an answer that will not change."""


class ClewMetricExporter(MetricExporter):
    """Sends each collection once; the next one tells all of it again, so nothing is kept or repeated."""

    def __init__(self, sender: HttpSender, *, timeout_s: float = 2.0) -> None:
        super().__init__()
        self._sender = sender
        self._timeout_s = timeout_s
        self._rests_until = 0.0
        self._told = False
        self._fresh()
        in_children(self._forked)

    def _fresh(self) -> None:
        self._lock = threading.Lock()

    def _forked(self) -> None:
        self._fresh()
        self._sender.forget()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:
        """Send one collection, unless the endpoint has said that it takes none."""
        with self._lock:
            if time.monotonic() < self._rests_until:
                return MetricExportResult.FAILURE
            body = encode_metrics(metrics_data).SerializeToString()
            told = self._sender.send(body, timeout_s=min(self._timeout_s, timeout_millis / 1000))
        if told.answer is Answer.TAKEN:
            return MetricExportResult.SUCCESS
        if told.answer is not Answer.LATER:
            self._rests_until = time.monotonic() + REST_S
            if not self._told:
                self._told = True
                _log.warning("%s takes no metrics: %s", self._sender.url, told.why)
        return MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Return True: nothing is kept here."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Close the connection. Safe twice."""
        self._sender.close()
