"""What the API may change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clew.derive import Settler
from clew.journal import Journal
from clew.model import Scope, now_ns
from clew.store import Engine
from clew.store.archive import keep_trace
from clew.store.backup import backup


class Actions:
    """Implements the API's `Actions`; every method blocks."""

    def __init__(self, engine: Engine, journal: Journal, settler: Settler) -> None:
        self._engine = engine
        self._settler = settler
        self._journal = journal

    def delete_trace(self, scope: Scope, trace_id: bytes) -> int:
        """Remove a trace; returns the number of spans removed."""
        return self._settler.delete_trace(scope, trace_id).spans

    def keep_trace(self, scope: Scope, trace_id: bytes, bodies: Sequence[bytes]) -> None:
        """Store a copy of a trace that outlives the retention."""
        keep_trace(self._engine, scope, trace_id, bodies, now_ns())

    def retry_quarantined(self) -> int:
        """Put quarantined segments back in line; returns how many."""
        return self._journal.retry_quarantined()

    def backup(self, path: Path) -> None:
        """Write a backup into a directory."""
        backup(self._engine, path)
