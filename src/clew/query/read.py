"""One running read: its tenant, its limits, what it has scanned so far, and the way to end it early."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from clew.model import Scope
from clew.query.answer import Scanned
from clew.query.memo import Memo
from clew.store.engine import Engine, Limits, Param, QueryStats
from clew.store.errors import QueryCancelledError, QueryLimitError

MIN_TIMEOUT_S = 0.001
RESERVE = 0.2
"""The share of the time that is kept for showing what a search has found when it ends early."""
MAX_TIME_S = 30.0
"""Of a longer time no more is kept than of this."""


class Control:
    """Lets the waiting side end what a reader thread does."""

    def __init__(self, engine: Engine, read_id: str) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._running = ""
        self._queries = 0
        self._read_id = read_id
        self.cancelled = False

    def cancel(self) -> None:
        """End the running query, and let no other begin. Blocks shortly: call it from a thread."""
        with self._lock:
            self.cancelled = True
            running = self._running
        if running:
            self._engine.cancel(running)

    def check(self) -> None:
        """Raise where the read was cancelled.

        Raises:
            QueryCancelledError: nobody waits any more.
        """
        if self.cancelled:
            raise QueryCancelledError("nobody waits for this read any more")

    @contextmanager
    def query_id(self) -> Iterator[str]:
        """Name the query that runs inside."""
        with self._lock:
            self.check()
            self._queries += 1
            self._running = f"{self._read_id}-{self._queries}"
        try:
            yield self._running
        finally:
            with self._lock:
                self._running = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """A query that was run."""

    phase: str
    sql: str
    params: dict[str, Param]
    rows: int
    bytes: int
    ms: float


class Read:
    """Queries of one request, under one time limit, with one account of what they scan.

    The time runs from the first query or check on, whether the engine works or what it returned is evaluated here.
    """

    def __init__(self, engine: Engine, scope: Scope, limits: Limits, control: Control, memo: Memo) -> None:
        self.scope = scope
        self.memo = memo
        self._engine = engine
        self._limits = limits
        self._control = control
        self._rows = self._bytes = 0
        self._engine_s = 0.0
        self._begun: float | None = None
        self._idle_s = self._spared_s = 0.0
        self._phase = ""
        self._ran: list[Ran] | None = None

    def record(self) -> list[Ran]:
        """Return a list to which every query from now on is added."""
        self._ran = []
        return self._ran

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Name what the queries inside are for; the innermost name counts."""
        before, self._phase = self._phase, phase
        try:
            yield
        finally:
            self._phase = before

    def check(self) -> None:
        """Raise where the request may not go on; to be called between the steps of every longer evaluation.

        Raises:
            QueryLimitError: the time is used up.
            QueryCancelledError: nobody waits any more.
        """
        self._control.check()
        if self._left_s() <= 0:
            limit = self._limits.timeout_s
            raise QueryLimitError(f"the query took longer than {limit:g} s", kind="time", limit=limit)

    @contextmanager
    def sparing(self, share: float = RESERVE) -> Iterator[None]:
        """Keep some of the time: what runs inside ends earlier, so that what it has found can still be shown."""
        before, self._spared_s = self._spared_s, min(self._limits.timeout_s, MAX_TIME_S) * share
        try:
            yield
        finally:
            self._spared_s = before

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Let the time stand still while somebody else is waited for."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._idle_s += time.monotonic() - begun

    def _left_s(self) -> float:
        now = time.monotonic()
        if self._begun is None:
            self._begun, self._idle_s = now, 0.0
        return self._limits.timeout_s - self._spared_s - (now - self._begun - self._idle_s)

    def _bounds(self, take_rows: int, *, direct_index: bool = False) -> Limits:
        """Return the limits of the next query: the time that is left."""
        self.check()
        left = max(self._left_s(), MIN_TIMEOUT_S)
        return replace(self._limits, timeout_s=left, direct_index=direct_index, take_rows=take_rows)

    def query(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        direct_index: bool = False,
        take_rows: int = 0,
    ) -> pa.Table:
        """Run a SELECT and return its rows; `{tenant:String}` is always bound.

        Args:
            sql: the statement.
            params: values of its placeholders.
            direct_index: see `Limits.direct_index`.
            take_rows: see `Limits.take_rows`.

        Raises:
            QueryLimitError: the request used up its time, memory or rows.
            QueryCancelledError: nobody waits any more.
        """
        limits = self._bounds(take_rows, direct_index=direct_index)
        bound: dict[str, Param] = {**(params or {}), "tenant": self.scope.tenant}
        with self._control.query_id() as query_id:
            result = self._engine.query(sql, bound, limits=limits, query_id=query_id)
        self._rows += result.stats.rows
        self._bytes += result.stats.bytes
        self._engine_s += result.stats.elapsed_s
        if self._ran is not None:
            stats = result.stats
            self._ran.append(Ran(self._phase, sql, bound, stats.rows, stats.bytes, stats.elapsed_s * 1000))
        return result.table

    def stream(
        self, sql: str, params: Mapping[str, Param] | None = None, *, take_rows: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Run a SELECT and yield its batches as they come; the rest is as in `query`."""
        limits = self._bounds(take_rows)
        bound: dict[str, Param] = {**(params or {}), "tenant": self.scope.tenant}
        before = QueryStats(self._rows, self._bytes, self._engine_s)

        def told(so_far: QueryStats) -> None:
            self._rows, self._bytes = before.rows + so_far.rows, before.bytes + so_far.bytes
            self._engine_s = before.elapsed_s + so_far.elapsed_s

        with self._control.query_id() as query_id:
            yield from self._engine.stream(sql, bound, limits=limits, query_id=query_id, told=told)

    @property
    def scanned(self) -> Scanned:
        """What the queries so far have read."""
        return Scanned(self._rows, self._bytes, round(self._engine_s * 1000, 3))
