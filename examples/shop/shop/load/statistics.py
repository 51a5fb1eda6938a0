"""What the crowd has done and seen so far, in a bounded space."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import log2
from typing import Any

_STEPS_PER_DOUBLING = 4
_FLOOR_MS = 0.1


@dataclass
class Statistics:
    """Counts of people, requests and retries, and the times that people waited."""

    arrived: int = 0
    turned_away: int = 0
    """Came while as many were inside as fit."""
    inside: int = 0
    most_inside: int = 0
    visits: Counter[str] = field(default_factory=Counter)
    """Ended visits by journey."""
    given_up: Counter[str] = field(default_factory=Counter)
    """Visits that ended because the shop failed, by journey."""
    orders: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    """By route and outcome, such as `POST /api/orders 201`; `timeout` and `unreachable` are outcomes too."""
    retries: int = 0
    _waits: Counter[int] = field(default_factory=Counter)
    """Requests by their time in quarters of a power of two."""

    def enter(self) -> None:
        """Count somebody who comes in."""
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)

    def request(self, route: str, outcome: str, elapsed_s: float) -> None:
        """Count one answer, or none."""
        self.requests[f"{route} {outcome}"] += 1
        scaled = max(elapsed_s * 1000 / _FLOOR_MS, 1.0)
        self._waits[round(_STEPS_PER_DOUBLING * log2(scaled))] += 1

    def wait_ms(self, share: float) -> float:
        """Return the time that a share of the requests stayed below, to a fifth; 0 without requests."""
        left = share * sum(self._waits.values())
        for bucket in sorted(self._waits):
            left -= self._waits[bucket]
            if left <= 0:
                return float(_FLOOR_MS * 2.0 ** (bucket / _STEPS_PER_DOUBLING))
        return 0.0

    def failed(self) -> int:
        """Return the requests that got no answer, or one of 500 and above."""
        return sum(count for key, count in self.requests.items() if _is_failure(key.rpartition(" ")[2]))

    def summary(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        return {
            "arrived": self.arrived,
            "turned_away": self.turned_away,
            "most_inside": self.most_inside,
            "visits": dict(self.visits),
            "given_up": dict(self.given_up),
            "orders": self.orders,
            "requests": dict(sorted(self.requests.items())),
            "failed": self.failed(),
            "retries": self.retries,
            "p50_ms": round(self.wait_ms(0.5), 1),
            "p99_ms": round(self.wait_ms(0.99), 1),
        }

    def line(self) -> str:
        """Return one line for a person."""
        return (
            f"{self.inside} inside, {sum(self.visits.values())} visits, {self.orders} orders, "
            f"{sum(self.requests.values())} requests ({self.failed()} failed, {self.retries} again), "
            f"p50 {self.wait_ms(0.5):.0f} ms, p99 {self.wait_ms(0.99):.0f} ms, {self.turned_away} turned away"
        )


def _is_failure(outcome: str) -> bool:
    return not outcome.isdigit() or outcome >= "500"
