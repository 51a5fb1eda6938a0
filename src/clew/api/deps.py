"""What the API needs from the rest of Clew; `service` fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from clew.model import Scope
from clew.query.reader import Reader
from clew.query.saved import SavedQueries
from clew.query.sql.settings import SqlSettings


class Principal(Protocol):
    """Who a request comes from."""

    @property
    def tenant(self) -> str:
        """Whose data the request sees."""

    @property
    def name(self) -> str:
        """Name of the token, `anonymous` without tokens."""


class Authenticator(Protocol):
    """Turns credentials into a principal; raises an error of `access` with status 401 or 403."""

    @property
    def required(self) -> bool:
        """Whether requests need a token."""

    def authenticate(self, authorization: str | None, scope: Literal["ingest", "read"]) -> Principal:
        """Return who sent an `Authorization` value."""

    def authenticate_token(self, token: str, scope: Literal["ingest", "read"]) -> Principal:
        """Return who holds a token from a cookie."""


class StatusSource(Protocol):
    """The state of Clew. `report` may block and is called from a thread; the others are quick."""

    def report(self) -> Mapping[str, Any]:
        """Return the fields of `clew.api.models.Status`."""

    def ready(self) -> tuple[bool, str]:
        """Return whether Clew takes and answers requests, and if not, why."""

    def newest_span_ns(self) -> int | None:
        """Return the start of the newest stored span, when known."""

    def pending_trace(self, scope: Scope, trace_id: bytes) -> bool | None:
        """Return whether the journal holds spans of a trace that are not stored yet; `None` when it cannot tell."""


class Actions(Protocol):
    """What changes something. Every method blocks and is called from a thread."""

    def delete_trace(self, scope: Scope, trace_id: bytes) -> int:
        """Remove a trace; returns the number of spans removed."""

    def keep_trace(self, scope: Scope, trace_id: bytes, bodies: Sequence[bytes]) -> None:
        """Store a copy of a trace, given as OTLP messages, that outlives the retention."""

    def retry_quarantined(self) -> int:
        """Put quarantined segments back in line; returns how many."""

    def backup(self, path: Path) -> None:
        """Write a backup into a directory."""


@dataclass(frozen=True, slots=True)
class ApiDeps:
    """Everything that the routes use."""

    reader: Reader
    authenticator: Authenticator
    status: StatusSource
    actions: Actions
    metrics_text: Callable[[], bytes]
    """The Prometheus exposition of Clew's own metrics."""
    saved: SavedQueries
    sql: SqlSettings = field(default_factory=SqlSettings)
    """Limits of the queries that people write."""
    version: str = "0.0.0"
    allowed_hosts: frozenset[str] | None = None
    """Host names a request may name (without port); `None` allows all. Set on localhost, against DNS rebinding."""
    allowed_origins: frozenset[str] = field(default_factory=frozenset)
    """Origins besides our own that a browser may call from."""
    retention_days: int = 30
    """How long spans are kept: how far back lists without a range of time look."""
    secure_cookie: bool = False
    """Whether the session cookie needs TLS."""
    request_id: Callable[[], str] = field(default=lambda: "-")
    """Makes the id that an error carries, for the logs."""
