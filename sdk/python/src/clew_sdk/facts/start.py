"""The cold start of a function or worker as a span: from the start of the process to its first request."""

from __future__ import annotations

import os
import threading
import time

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanKind

_ENTRY = {SpanKind.SERVER, SpanKind.CONSUMER}


class ColdStart(SpanProcessor):
    """Marks the first server or consumer span of a process with `faas.coldstart`, and puts a span before it.

    The span `cold start` is a child of that first span and lies before it, so that the time is seen where it was lost.
    """

    def __init__(self, tracer_provider: trace.TracerProvider | None = None) -> None:
        self._provider = tracer_provider
        self._lock = threading.Lock()
        self._cold = True

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Mark the first entry."""
        if span.kind not in _ENTRY:
            return
        with self._lock:
            cold, self._cold = self._cold, False
        span.set_attribute("faas.coldstart", cold)
        if cold:
            began, ready = process_start_ns(), span.start_time or time.time_ns()
            tracer = trace.get_tracer("clew_sdk", tracer_provider=self._provider)
            context = trace.set_span_in_context(span)
            made = tracer.start_span("cold start", context, start_time=began)
            made.set_attribute("faas.init_duration_ms", (ready - began) / 1e6)
            made.end(ready)

    def on_end(self, span: ReadableSpan) -> None:
        """Do nothing."""


def process_start_ns() -> int:
    """Return when this process was started, in nanoseconds of the epoch; now where the system does not tell."""
    now = time.time_ns()
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - read before pathlib is needed
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/uptime", "rb") as file:  # noqa: PTH123
            up_s = float(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return now
    return min(now, now - int((up_s - ticks / os.sysconf("SC_CLK_TCK")) * 1e9))
