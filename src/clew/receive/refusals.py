"""Requests of which nothing was kept, counted by code; `clew status` shows them beside the ledger."""

from __future__ import annotations

from collections import Counter

from clew.telemetry import Metrics


class Refusals:
    """Counts refusals for status and metrics. Used from the event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._counts: Counter[str] = Counter()
        self._metric = metrics.receive_refused

    def count(self, protocol: str, code: str) -> None:
        """Count one refused request."""
        self._counts[code] += 1
        self._metric.labels(protocol, code).inc()

    def by_code(self) -> dict[str, int]:
        """Return the counts since the start, by error code."""
        return dict(self._counts)
