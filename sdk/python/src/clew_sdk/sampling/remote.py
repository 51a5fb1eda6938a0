"""Strategies from a server that speaks Jaeger's remote sampling API, such as Clew on port 5778.

The last good answer stays in force while the server is away; before the first one the fallback decides.
"""

from __future__ import annotations

import json
import logging
import threading
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, detach, set_value
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from clew_sdk.forks import in_children
from clew_sdk.sampling.consistent import ConsistentProbability, ConsistentRate

_log = logging.getLogger("clew_sdk")
_TIMEOUT_S = 5.0
_MOST_BYTES = 1 << 20


class RemoteSampler(Sampler):
    """Asks `{endpoint}?service={service}` every `interval_s` from a thread of its own, begun by the first trace."""

    def __init__(
        self, endpoint: str, service: str, *, fallback: Sampler | None = None, interval_s: float = 60.0
    ) -> None:
        self._url = f"{endpoint}{'&' if '?' in endpoint else '?'}service={quote(service)}"
        self._interval_s = interval_s
        self._default: Sampler = fallback or ConsistentProbability(1.0)
        self._operations: dict[str, Sampler] = {}
        self._told: Any = None
        self._fresh()
        in_children(self._fresh)

    def _fresh(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

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
        """Decide by the strategy of the operation, else by the service's."""
        if self._thread is None:
            self._begin()
        sampler = self._operations.get(name, self._default)
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def refresh(self) -> bool:
        """Ask now; returns whether an answer was taken."""
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        try:
            with urllib.request.urlopen(self._url, timeout=_TIMEOUT_S) as response:  # noqa: S310 - the user's address
                told = json.loads(response.read(_MOST_BYTES))
            if told != self._told:
                self._apply(told)
                self._told = told
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("no sampling strategy from %s: %s; the last one stays", self._url, error)
            return False
        finally:
            detach(token)
        return True

    def close(self) -> None:
        """End the thread. Safe twice."""
        self._ended.set()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clew-sdk-sampling", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.refresh()
            self._ended.wait(self._interval_s)

    def _apply(self, told: Any) -> None:
        operations: dict[str, Sampler] = {}
        if told.get("operationSampling"):
            per = told["operationSampling"]
            default: Sampler = ConsistentProbability(float(per["defaultSamplingProbability"]))
            for one in per.get("perOperationStrategies", ()):
                operations[one["operation"]] = ConsistentProbability(
                    float(one["probabilisticSampling"]["samplingRate"])
                )
        elif told.get("rateLimitingSampling"):
            default = ConsistentRate(float(told["rateLimitingSampling"]["maxTracesPerSecond"]))
        else:
            default = ConsistentProbability(float(told["probabilisticSampling"]["samplingRate"]))
        self._default, self._operations = default, operations

    def get_description(self) -> str:
        """Return the name with the strategy in force."""
        return f"RemoteSampler{{{self._default.get_description()}, {len(self._operations)} operations}}"
