"""The state of Clew as `/api/v1/status`, `/readyz` and the metrics tell it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clew.config import Config
from clew.derive import Settler
from clew.journal import Journal, JournalStats
from clew.model import Scope
from clew.pipeline import Processor
from clew.receive import Refusals
from clew.service.disk import DiskWatch

_FAILING_S = 5.0
"""How long inserts may fail before the engine counts as down; they are tried again for ever."""
_LAG_S = 60.0
"""How far storing may be behind before it is no longer healthy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One health check."""

    name: str
    ok: bool
    detail: str


class StatusBoard:
    """Puts the components' figures together; implements the API's `StatusSource`."""

    def __init__(
        self,
        config: Config,
        *,
        journal: Journal,
        processor: Processor,
        settler: Settler,
        disk: DiskWatch,
        refusals: Refusals,
        engine: tuple[str, str],
        version: str,
        pages: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._journal = journal
        self._processor = processor
        self._settler = settler
        self._disk = disk
        self._refusals = refusals
        self._engine_kind, self._engine_version = engine
        self._version = version
        self._pages = pages
        self._clock = clock
        self._began = clock()
        self._state = "starting"
        self._ports = ""
        self._missed = ""

    def serving(self, ports: Mapping[str, int], missed: Mapping[str, str]) -> None:
        """All listeners are open, at these ports, but for those that other processes have."""
        self._missed = "; ".join(f"{key} is off: {why}" for key, why in missed.items())
        self._ports = ", ".join(f"{key.removeprefix('listen.')} {port}" for key, port in ports.items())
        self._state = ""

    def stopping(self) -> None:
        """Listeners close."""
        self._state = "stopping"

    def ready(self) -> tuple[bool, str]:
        """Return whether Clew takes and answers requests, and if not, why."""
        if self._state:
            return False, self._state
        failed = [f"{check.name}: {check.detail}" for check in self._checks(self._journal.stats()) if not check.ok]
        return not failed, "; ".join(failed)

    def newest_span_ns(self) -> int | None:
        """Return the start of the newest stored span, as far as it was known last."""
        return self._disk.known().newest_span_ns

    def pending_trace(self, scope: Scope, trace_id: bytes) -> bool | None:  # noqa: ARG002 - the journal has no index
        """Return `False` when nothing is pending at all, else `None`: the journal is not searched."""
        self._journal.read()
        ledger = self._journal.stats().spans
        return None if ledger.pending else False

    def report(self) -> Mapping[str, Any]:
        """Return the fields of `clew.api.models.Status`."""
        self._journal.read()
        journal, stored = self._journal.stats(), self._disk.stored()
        checks = [Check("listeners", not self._state, self._state or f"open: {self._ports}"), *self._checks(journal)]
        storage = self._config.storage
        return {
            "ready": all(check.ok for check in checks),
            "version": self._version,
            "checks": [dataclasses.asdict(check) for check in checks],
            "ledger": dataclasses.asdict(journal.spans),
            "logs": dataclasses.asdict(journal.logs),
            "requests_refused": self._refusals.by_code(),
            "journal": {
                "bytes": journal.bytes,
                "max_bytes": journal.max_bytes,
                "segments": journal.segments,
                "quarantined": journal.quarantined,
                "oldest_age_s": journal.oldest_age_s,
            },
            "lag_s": journal.oldest_age_s,
            "disk": {
                "data_bytes": sum(stored.bytes_by_table.values()) + journal.bytes,
                "free_bytes": self._disk.free_bytes(),
                "max_bytes": storage.max_bytes or self._disk.volume_bytes() * 8 // 10,
                "reserve_bytes": storage.reserve_bytes,
                "by_table": dict(stored.bytes_by_table),
            },
            "engine": {"kind": self._engine_kind, "version": self._engine_version},
            "settling": dataclasses.asdict(self._settler.stats()),
            "uptime_s": self._clock() - self._began,
            "newest_span_ns": stored.newest_span_ns,
        }

    def _checks(self, journal: JournalStats) -> list[Check]:
        """Return what decides whether the data can be trusted now."""
        room = journal.max_bytes - journal.bytes
        free, reserve = self._disk.free_bytes(), self._config.journal.reserve_bytes
        writer = self._processor.stats()
        up = self._disk.known().up and writer.failing_for_s < _FAILING_S
        said = (
            f"{self._engine_kind} answers" if up else f"{self._engine_kind} fails: {writer.last_error or 'no answer'}"
        )
        settling = self._settler.stats()
        settled = "failing: " + settling.last_error if settling.failing else f"{settling.lag_s:.1f} s behind"
        pages = "served" if self._pages else "not built: only the API is served (`make ui` builds it)"
        return [
            Check("journal", room > 0, f"{journal.bytes} of {journal.max_bytes} bytes used"),
            Check("disk", free >= reserve, f"{free} bytes free, {reserve} are kept as a reserve"),
            Check("engine", up, said),
            Check("storing", journal.oldest_age_s < _LAG_S, f"{journal.oldest_age_s:.1f} s behind"),
            Check("settling", ok=True, detail=settled),
            Check("page", ok=True, detail=pages),
            *([Check("other APIs", ok=True, detail=self._missed)] if self._missed else []),
        ]
