"""Traces with errors, where the decision is still open: unsampled spans are recorded, held, and kept when one fails.

The decision is open in the process in which the trace was not sampled: its own spans are held until its local root
ends. If one of them has failed, all are sent; other services keep what they decided.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, StatusCode, TraceState
from opentelemetry.util.types import Attributes

from clew_sdk.export.processor import QueueProcessor
from clew_sdk.forks import in_children


class KeepErrors(Sampler):
    """Records what another sampler would drop, so that an `ErrorBuffer` can keep it."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes | None = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Turn a drop into a record."""
        told = self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)
        if told.decision is not Decision.DROP:
            return told
        return SamplingResult(Decision.RECORD_ONLY, attributes, told.trace_state)

    def get_description(self) -> str:
        """Return both names."""
        return f"KeepErrors{{{self._sampler.get_description()}}}"


@dataclass
class _Held:
    spans: list[ReadableSpan] = field(default_factory=list)
    failed: bool = False


class ErrorBuffer(SpanProcessor):
    """Holds unsampled spans per trace until the local root ends; bounded, the oldest trace goes first."""

    def __init__(self, queue: QueueProcessor, *, max_traces: int = 1000, max_spans: int = 256) -> None:
        self._queue = queue
        self._max_traces = max_traces
        self._max_spans = max_spans
        self._forget()
        in_children(self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[int, _Held] = OrderedDict()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: spans are held when they end."""

    def on_end(self, span: ReadableSpan) -> None:
        """Hold an unsampled span; at its local root keep or forget the trace."""
        if span.context.trace_flags.sampled:
            return
        trace = span.context.trace_id
        root = span.parent is None or span.parent.is_remote
        with self._lock:
            held = self._held.setdefault(trace, _Held())
            held.failed = held.failed or span.status.status_code is StatusCode.ERROR
            if len(held.spans) < self._max_spans or root:
                held.spans.append(span)
            if root:
                del self._held[trace]
            elif len(self._held) > self._max_traces:
                self._held.popitem(last=False)
        if root and held.failed:
            self._queue.keep(held.spans)
