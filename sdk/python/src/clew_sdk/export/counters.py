"""What became of every ended span: `ended = sent + queued + spilled + dropped`, visible to the application."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Told:
    """A reading of the counters, in spans."""

    ended: int = 0
    sent: int = 0
    queued: int = 0
    spilled: int = 0
    """On disk, to be sent when the collector is back."""
    dropped: dict[str, int] = field(default_factory=dict)
    """By reason: queue_full, refused, too_large, spill_full, shutdown."""


class Counters:
    """Thread-safe counts; `queued` is what is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()

    def add(self, name: str, spans: int) -> None:
        """Count spans as `ended` or `sent`, or move them to and from `spilled`."""
        with self._lock:
            self._counts[name] += spans

    def drop(self, reason: str, spans: int) -> None:
        """Count spans that are gone."""
        with self._lock:
            self._dropped[reason] += spans

    def read(self) -> Told:
        """Return the counts."""
        with self._lock:
            ended, sent, spilled = (self._counts[name] for name in ("ended", "sent", "spilled"))
            dropped = {reason: spans for reason, spans in self._dropped.items() if spans}
        return Told(ended, sent, ended - sent - spilled - sum(dropped.values()), spilled, dropped)

    def forget(self) -> None:
        """Start anew with a fresh lock, in a forked child: what was counted belongs to the parent."""
        self._lock = threading.Lock()
        self._counts = Counter()
        self._dropped = Counter()
