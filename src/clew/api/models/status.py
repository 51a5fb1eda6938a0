"""The state of Clew: health, the ledger, lag and disk; and the answers of actions."""

from __future__ import annotations

from pydantic import Field

from clew.api.models.base import Model, Ns, RequestModel


class Check(Model):
    """One health check."""

    name: str
    ok: bool
    detail: str


class Ledger(Model):
    """received = stored + pending + sampled_out + rejected + lost, at all times."""

    received: int
    stored: int
    pending: int
    sampled_out: int
    rejected: int
    lost: int
    rejected_by: dict[str, int]
    lost_by: dict[str, int]


class JournalState(Model):
    """The journal on disk."""

    bytes: int
    max_bytes: int
    segments: int
    quarantined: int
    oldest_age_s: float


class Disk(Model):
    """The data directory."""

    data_bytes: int
    free_bytes: int
    max_bytes: int | None
    reserve_bytes: int
    by_table: dict[str, int]


class EngineState(Model):
    """What stores the data."""

    kind: str
    version: str


class Settling(Model):
    """Making the service graph, errors, shapes and trace summaries from stored spans."""

    traces: int
    spans: int
    again: int = Field(description="traces that had grown after they were settled")
    inexact: int = Field(description="traces that grew out of order: sums keep what they had")
    pending: int = Field(description="traces known to have grown")
    lag_s: float = Field(description="for how long the oldest of them could have been settled")
    days_to_check: int = Field(description="days in which traces stored before the start are still looked for")
    errors: int
    last_error: str
    failing: bool


class Status(Model):
    """Whether the data can be trusted now."""

    ready: bool
    version: str
    checks: list[Check]
    ledger: Ledger
    logs: Ledger
    requests_refused: dict[str, int] = Field(description="requests answered with a retryable error, by reason")
    journal: JournalState
    lag_s: float = Field(description="age of the oldest span that is not stored yet")
    disk: Disk
    engine: EngineState
    settling: Settling
    uptime_s: float
    newest_span_ns: Ns | None


class Retried(Model):
    """Segments put back in line."""

    segments: int


class BackupRequest(RequestModel):
    """Where to write a backup."""

    path: str = Field(min_length=1, max_length=4096, description="a directory on an allowed disk")


class BackedUp(Model):
    """A backup that was written."""

    path: str


class SessionRequest(RequestModel):
    """A token to sign in with."""

    token: str = Field(min_length=1, max_length=4096, pattern="^[!-~]+$", description="a configured token")


class Session(Model):
    """Who is signed in."""

    name: str
    tenant: str
    token_needed: bool
