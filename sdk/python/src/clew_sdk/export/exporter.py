"""A `SpanExporter` for stock processors: the encoder and the sender behind OpenTelemetry's interface."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from clew_sdk.export.encode import Encoder
from clew_sdk.export.sender import Answer, HttpSender
from clew_sdk.settings import Settings, from_environ


class ClewSpanExporter(SpanExporter):
    """Sends batches in the caller's thread; the entry point `clew` of OTEL_TRACES_EXPORTER."""

    def __init__(self, settings: Settings | None = None) -> None:
        told = settings or from_environ()
        self._timeout_s = told.timeout_s
        self._lock = threading.Lock()
        self._encoder = Encoder()
        self._ended = threading.Event()
        self._sender = HttpSender(
            told.traces_url,
            headers=told.headers,
            timeout_s=told.timeout_s,
            compress=told.compress,
            certificate=told.certificate,
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch, and try again within the timeout where the endpoint asks for it."""
        end = time.monotonic() + self._timeout_s
        with self._lock:
            body = self._encoder.request(spans)
            while not self._ended.is_set():
                told = self._sender.send(body, timeout_s=max(0.05, end - time.monotonic()))
                if told.answer is Answer.TAKEN:
                    return SpanExportResult.SUCCESS
                if told.answer is not Answer.LATER or time.monotonic() + told.wait_s >= end:
                    break
                self._ended.wait(told.wait_s)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """End waiting, and close the connection. Safe twice."""
        self._ended.set()
        self._sender.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True: nothing is kept here."""
        del timeout_millis
        return True
