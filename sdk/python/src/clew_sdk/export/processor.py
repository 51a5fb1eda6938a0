"""The span processor: what OpenTelemetry's provider calls when a span ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.sdk.trace import SpanProcessor

from clew_sdk.export.encode import Encoder
from clew_sdk.export.queue import ExportQueue
from clew_sdk.export.sender import HttpSender
from clew_sdk.export.spill import Spill

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, Span


class QueueProcessor(ExportQueue["ReadableSpan"], SpanProcessor):
    """Queues sampled spans and sends them from a thread of its own."""

    def __init__(
        self,
        sender: HttpSender,
        *,
        spill: Spill | None = None,
        max_queue: int = 8192,
        batch: int = 512,
        interval_s: float = 1.0,
        shutdown_s: float = 2.0,
    ) -> None:
        super().__init__(
            sender,
            Encoder,
            spill=spill,
            max_queue=max_queue,
            batch=batch,
            interval_s=interval_s,
            shutdown_s=shutdown_s,
        )

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: all the work is behind the end of a span."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a sampled span, or count it as dropped where the queue is full."""
        if span.context.trace_flags.sampled:
            self.keep((span,))
