"""The durable hand-over between receiving and processing: what a journal promises, wherever it keeps its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Group:
    """What one group commit makes durable: decoded batches, and the rows refused in the same requests.

    `resources` and `scopes` hold every resource and scope that `spans` and `logs` refer to; the journal leaves out
    what the open segment already has.
    """

    spans: pa.RecordBatch | None = None
    logs: pa.RecordBatch | None = None
    resources: pa.RecordBatch | None = None
    scopes: pa.RecordBatch | None = None
    rejected_spans: Mapping[str, int] = field(default_factory=dict)
    """Spans refused by partial success, by reason; counted as received and rejected when the group is durable."""
    rejected_logs: Mapping[str, int] = field(default_factory=dict)


Durable = Callable[[Exception | None], None]
"""Called once, from the journal's thread: `None` when the group is on disk, else the error to answer with."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed, immutable piece of the journal; its batches have been verified against their checksums."""

    number: int
    token: str
    """`<journal uuid>/<segment number>`: the deduplication token of every insert is this plus `/<table>`."""
    paths: Mapping[str, str]
    """Stream name (`spans`, `logs`, `resources`, `scopes`) to the path of its Arrow IPC stream; absent when empty."""
    rows: Mapping[str, int]
    """Stream name to its number of rows."""
    batches: Mapping[str, int]
    """Stream name to its number of record batches."""
    content: Mapping[str, Sequence[pa.RecordBatch]] = field(default_factory=dict)
    """Stream name to its batches, mapped from the file."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`received = stored + pending + sampled_out + rejected + lost` at all times, in rows of one signal."""

    received: int = 0
    stored: int = 0
    pending: int = 0
    sampled_out: int = 0
    rejected: int = 0
    lost: int = 0
    rejected_by: Mapping[str, int] = field(default_factory=dict)
    lost_by: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalStats:
    """What the journal holds now."""

    bytes: int
    max_bytes: int
    segments: int
    quarantined: int
    oldest_age_s: float
    """Age of the oldest row that is not stored yet, 0 when there is none."""
    oldest_segment: int
    spans: Ledger
    logs: Ledger


class Journal(Protocol):
    """Receivers append, one processor consumes. Thread-safe."""

    def start(self) -> None:
        """Recover what an earlier process left, then accept groups."""

    def append(self, group: Group, done: Durable) -> None:
        """Queue a group for the next commit; never blocks on the disk.

        `done` gets `JournalFullError` or `DiskFullError` when it cannot be kept; both are retryable.
        """

    def room(self) -> int:
        """Return how many bytes may still be appended before the journal refuses."""

    def next_sealed(self, timeout_s: float) -> Segment | None:
        """Return the oldest sealed, uncommitted segment, waiting up to `timeout_s`; `None` when there is none."""

    def commit(self, segment: Segment, *, stored_spans: int, stored_logs: int, sampled_out: int = 0) -> None:
        """Record that all inserts of a segment have returned; counts move from pending to stored, its files go."""

    def quarantine(self, segment: Segment, error: str) -> None:
        """Set a segment aside that the engine refuses for good; its rows count as lost until a retry stores them."""

    def retry_quarantined(self) -> int:
        """Put quarantined segments back in line; returns how many. Their rows move from lost to pending."""

    def seal(self, timeout_s: float = 10.0) -> None:
        """Commit what is queued and seal the open segment now, so that nothing waits for its interval."""

    def read(self) -> None:
        """Take note that somebody reads, so that few rows do not wait long; quick, from any thread."""

    def owes(self) -> bool:
        """Return whether rows that waited only because nobody read are not stored yet; quick, from any thread."""

    def catch_up(self, timeout_s: float) -> None:
        """Wait until nothing is owed to readers, at most so long."""

    def stats(self) -> JournalStats:
        """Return the state for status and metrics."""

    def stop(self, timeout_s: float = 10.0) -> None:
        """Commit what is queued, seal the open segment, close the files. Safe twice and without start."""
