"""Samplers whose decisions agree along a trace and can be weighed: by probability, and by a rate."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes

from clew_sdk.sampling.threshold import ALL, probability_of, randomness, threshold_of, with_threshold


def parent_state(context: Context | None) -> TraceState | None:
    """Return the trace state of the parent, or None for a root."""
    span = get_current_span(context).get_span_context()
    return span.trace_state if span.is_valid else None


def decide(
    threshold: int, trace_id: int, state: TraceState | None, attributes: Attributes | None = None
) -> SamplingResult:
    """Return the decision of a threshold; the trace state tells it where the trace is kept."""
    if threshold < ALL and randomness(trace_id, state) >= threshold:
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, with_threshold(state, threshold))
    return SamplingResult(Decision.DROP, None, with_threshold(state, None))


class ConsistentProbability(Sampler):
    """Keeps a share of all traces, the same ones as every other consistent sampler with at least that share."""

    def __init__(self, probability: float) -> None:
        self._threshold = threshold_of(probability)

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
        """Decide by the random value of the trace."""
        return decide(self._threshold, trace_id, parent_state(parent_context), attributes)

    def get_description(self) -> str:
        """Return the name with the share."""
        return f"ConsistentProbability{{{probability_of(self._threshold):g}}}"


class ConsistentRate(Sampler):
    """Keeps about so many traces a second, by a share that follows the traffic, so that each can be weighed.

    The rate of traces is an exponential average over `window_s`; after a pause the first traces are all kept.
    """

    def __init__(
        self, per_second: float, *, window_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if per_second < 0:
            raise ValueError(f"a rate is at least 0, not {per_second}")
        self._target = per_second
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._at = clock()
        self._seen = 0.0
        """Traces in the window, faded by their age."""

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
        """Decide by the share that the rate leaves now."""
        return decide(threshold_of(self._share()), trace_id, parent_state(parent_context), attributes)

    def _share(self) -> float:
        with self._lock:
            now = self._clock()
            self._seen = self._seen * math.exp(-(now - self._at) / self._window_s) + 1.0
            self._at = now
            rate = self._seen / self._window_s
        return min(1.0, self._target / rate)

    def get_description(self) -> str:
        """Return the name with the rate."""
        return f"ConsistentRate{{{self._target:g}}}"
