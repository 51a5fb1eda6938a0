"""One process at a time changes the schema, also when several share a server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from clew.model import now_ns
from clew.store.engine import Engine
from clew.store.errors import EngineUnavailableError, QueryError
from clew.store.params import literal

_LOCK_TABLE = "clew_leader"
_STALE_NS = 900 * 10**9
_WAIT_S = 60.0
_PAUSE_S = 0.2
_TABLE_EXISTS = 57


class Leader:
    """A lock made of a table: the engine creates it for one caller only. A holder that died is passed after 15 minutes.

    Every step can be repeated, so even two leaders after such a take-over do no harm.
    """

    def __init__(self, engine: Engine, now: Callable[[], int] = now_ns, *, wait_s: float = _WAIT_S) -> None:
        self._engine = engine
        self._now = now
        self._wait_s = wait_s

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._wait_s
        while not self._try():
            self._drop_stale()
            if time.monotonic() > deadline:
                raise EngineUnavailableError(
                    "another process is changing the schema",
                    hint=f"Wait for it; if none runs, remove the lock with DROP TABLE {_LOCK_TABLE}.",
                )
            time.sleep(_PAUSE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.execute(f"DROP TABLE IF EXISTS {_LOCK_TABLE} SYNC")

    def _try(self) -> bool:
        comment = literal(f"{self._now()} process {os.getpid()}")
        try:
            self._engine.execute(
                f"CREATE TABLE {_LOCK_TABLE} (x UInt8) ENGINE = MergeTree ORDER BY x COMMENT {comment}"
            )
        except QueryError as error:
            if error.engine_code == _TABLE_EXISTS:
                return False
            raise
        return True

    def _drop_stale(self) -> None:
        found = self._engine.query(
            "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
            {"name": _LOCK_TABLE},
        )
        for comment in found.table["comment"].to_pylist():
            since = str(comment).split(" ", 1)[0]
            if not since.isdigit() or self._now() - int(since) > _STALE_NS:
                self._engine.execute(f"DROP TABLE IF EXISTS {_LOCK_TABLE} SYNC")
