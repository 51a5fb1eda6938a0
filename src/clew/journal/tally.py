"""Counting: what a segment holds, what the journal as a whole has seen, and the ledger that follows from both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clew.journal.protocol import Ledger

SIGNALS = ("spans", "logs")


@dataclass(slots=True)
class Tally:
    """Rows of one signal in one segment, and what was rejected in the requests that brought them."""

    rows: int = 0
    rejected_by: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """Rows rejected."""
        return self.rejected_by.total()

    @property
    def received(self) -> int:
        """Rows received: kept or rejected."""
        return self.rows + self.rejected

    def add(self, rows: int, rejected: Mapping[str, int]) -> None:
        """Count one block."""
        self.rows += rows
        self.rejected_by.update(rejected)

    def to_json(self) -> dict[str, Any]:
        """Return what the seal holds."""
        return {"rows": self.rows, "rejected_by": dict(self.rejected_by)}

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> Tally:
        """Read what the seal holds."""
        return Tally(int(body["rows"]), Counter(body["rejected_by"]))


@dataclass(slots=True)
class Total:
    """What is settled for good of one signal: the segments that are gone from the journal."""

    received: int = 0
    stored: int = 0
    sampled_out: int = 0
    rejected_by: Counter[str] = field(default_factory=Counter)
    lost_by: Counter[str] = field(default_factory=Counter)

    def settle(self, tally: Tally, *, stored: int, sampled_out: int = 0) -> None:
        """Take over a segment whose inserts have returned; rows that nobody accounts for are lost."""
        self.received += tally.received
        self.rejected_by.update(tally.rejected_by)
        self.stored += stored
        self.sampled_out += sampled_out
        if missing := tally.rows - stored - sampled_out:
            self.lost_by["unaccounted"] += missing

    def damage(self, before: Tally, after: Tally, reason: str) -> None:
        """Take over what a damaged segment had and its rescued part has not."""
        self.received += before.received - after.received
        rejected = Counter(before.rejected_by)
        rejected.subtract(after.rejected_by)
        self.rejected_by.update({key: count for key, count in rejected.items() if count})
        if lost := before.rows - after.rows:
            self.lost_by[reason] += lost

    def copy(self) -> Total:
        """Return an independent copy."""
        return Total(self.received, self.stored, self.sampled_out, Counter(self.rejected_by), Counter(self.lost_by))

    def to_json(self) -> dict[str, Any]:
        """Return what the counters file holds."""
        return {
            "received": self.received,
            "stored": self.stored,
            "sampled_out": self.sampled_out,
            "rejected_by": dict(self.rejected_by),
            "lost_by": dict(self.lost_by),
        }

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> Total:
        """Read what the counters file holds."""
        return Total(
            int(body["received"]),
            int(body["stored"]),
            int(body["sampled_out"]),
            Counter(body["rejected_by"]),
            Counter(body["lost_by"]),
        )


def ledger(total: Total, live: Iterable[Tally], quarantined: Iterable[Tally]) -> Ledger:
    """Add up: settled segments, those still to be stored, and those set aside, which count as lost until retried."""
    received, pending = total.received, 0
    rejected, lost = Counter(total.rejected_by), Counter(total.lost_by)
    for tally in live:
        received += tally.received
        pending += tally.rows
        rejected.update(tally.rejected_by)
    for tally in quarantined:
        received += tally.received
        rejected.update(tally.rejected_by)
        lost["refused"] += tally.rows
    rejected, lost = +rejected, +lost
    return Ledger(
        received=received,
        stored=total.stored,
        pending=pending,
        sampled_out=total.sampled_out,
        rejected=rejected.total(),
        lost=lost.total(),
        rejected_by=dict(rejected),
        lost_by=dict(lost),
    )
