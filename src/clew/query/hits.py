"""The spans that a scan has found, so that a result list need not look for them again.

Looking again reads the attributes of whole granules for a few spans, which takes longer than the scan itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.query.index import IndexedTrace

SAME_SPAN = "trace_id, span_id, kind, start, service, name"
"""Rows equal in these are one span sent twice; Zipkin's client and server twins differ in kind."""
IDENTITY = f"sipHash64({SAME_SPAN})"
MOST = 100
"""Most hits of a trace that are remembered."""
COLUMN = f"groupUniqArray({MOST + 1})({IDENTITY}) AS hits"
"""SQL that gives the hits of a trace, copies once, one more than are remembered when there are too many."""


class Hits:
    """What one search has found, and in which range of span starts it has found everything."""

    def __init__(self) -> None:
        self._low, self._high = 2**63 - 1, -1
        self._found: dict[bytes, set[int]] = {}

    def cover(self, low: int, high: int) -> None:
        """Take note of a range, next to those before, that was scanned for the newest traces in it."""
        self._low, self._high = min(self._low, low), max(self._high, high)

    def add(self, traces: Iterable[bytes], hits: Iterable[Sequence[int]]) -> None:
        """Remember hits of traces."""
        for trace_id, one in zip(traces, hits, strict=True):
            self._found.setdefault(trace_id, set()).update(one)

    def of(self, traces: Sequence[IndexedTrace]) -> list[int] | None:
        """Return the identities of all hits of some traces, `None` when not all are known."""
        listed: list[int] = []
        for trace in traces:
            found = self._found.get(trace.trace_id, set())
            if not (self._low <= trace.first and trace.last <= self._high and 0 < len(found) <= MOST):
                return None
            listed += found
        return listed
