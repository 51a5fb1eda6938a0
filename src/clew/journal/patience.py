"""How long an open segment waits to be sealed: less when it is full, when many rows come, and while somebody reads."""

from __future__ import annotations

from collections.abc import Callable

from clew.journal.settings import JournalSettings
from clew.journal.writer import OpenSegment


class Patience:
    """Says when a segment is due, on the given clock; a question may come from any thread."""

    def __init__(self, settings: JournalSettings, monotonic: Callable[[], int]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._read_ns: int | None = None

    def read(self) -> bool:
        """Take note of a question; returns whether it is the first one after nobody had read for a while."""
        fresh = not self._watched()
        self._read_ns = self._monotonic()
        return fresh

    def left_s(self, segment: OpenSegment) -> float:
        """Return how many seconds a segment may still stay open for its age."""
        return max(0.0, self._interval_s(segment) - self._age_ns(segment) / 1e9)

    def due(self, segment: OpenSegment) -> bool:
        """Return whether a segment is to be sealed now."""
        return (
            segment.rows >= self._settings.segment_max_rows
            or segment.size >= self._settings.segment_max_bytes
            or self._age_ns(segment) >= self._interval_s(segment) * 1e9
        )

    def _age_ns(self, segment: OpenSegment) -> int:
        return self._monotonic() - segment.first_ns

    def _interval_s(self, segment: OpenSegment) -> float:
        settings = self._settings
        if segment.rows >= settings.busy_rows:
            return settings.interval_s
        return settings.idle_interval_s if self._watched() else settings.unread_interval_s

    def _watched(self) -> bool:
        last = self._read_ns
        return last is not None and self._monotonic() - last < self._settings.read_lasts_s * 1e9
