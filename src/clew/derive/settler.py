"""The thread that settles traces once no span of them has come for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import structlog

from clew.derive.grown import Grown
from clew.derive.held import Held, complete, lot_of
from clew.derive.lot import Lot, Scratch
from clew.derive.outbox import Outbox
from clew.derive.settle import Outcome, look_back, look_up, settle
from clew.derive.spans import Spans
from clew.derive.sweep import Sweep
from clew.model import Scope
from clew.model.errors import ClewError
from clew.model.schema import ID128
from clew.store.delete import Deleted
from clew.store.engine import Engine
from clew.telemetry import Metrics

_log = structlog.get_logger(__name__)
QUIET_S = 15.0
"""How long no span of a trace may have been stored before it is settled."""
CHUNK_SPANS = 200_000
CHUNK_TRACES = 25_000
_TICK_S = 1.0
_PERIOD_S = 20.0
"""Least time from one lot to the next: what a lot costs before its first trace is paid three times a minute."""
_SHARE = 30.0
"""After work of a second, so many seconds pass before the next: the thread takes little from the others."""
_SWEEP_SHARE = 4.0
_LONGEST_PAUSE_S = 60.0
_BACKOFF_S = 5.0
_LOGGED = 20
"""Most errors of single traces that are logged; all are counted."""


@dataclass(frozen=True, slots=True)
class SettlerStats:
    """What has been settled since the start, and what is left."""

    running: bool
    traces: int = 0
    spans: int = 0
    again: int = 0
    """Traces that had grown after they were settled."""
    inexact: int = 0
    """Traces whose spans came in out of order around an earlier settling: their sums stayed as they were."""
    pending: int = 0
    """Traces known to have grown."""
    lag_s: float = 0.0
    """Since when the oldest of them could have been settled."""
    days_to_check: int = 0
    """Days in which traces are still looked for that were stored before the start."""
    errors: int = 0
    last_error: str = ""
    failing: bool = False


class Settler:
    """Settles what `stored` names, and at the start what an earlier process left."""

    def __init__(
        self,
        engine: Engine,
        directory: Path,
        *,
        ids: Callable[[], str],
        metrics: Metrics | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        quiet_s: float = QUIET_S,
        told_since_ns: int | None = None,
        after_lot: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            engine: where everything is stored.
            directory: for rows on their way.
            ids: makes names that no other rows ever had.
            metrics: counted there.
            monotonic: seconds that never go back.
            quiet_s: how long no span of a trace may have come before it is settled.
            told_since_ns: since when `stored` is told of every segment; None where others write to the engine as well.
            after_lot: called by the thread when a lot is done and its memory free.
        """
        self._engine = engine
        self._scratch = Scratch(engine)
        self._outbox = Outbox(directory)
        self._ids = ids
        self._metrics = metrics
        self._monotonic = monotonic
        self._after_lot = after_lot
        self._grown = Grown(quiet_s)
        self._held = Held(since_ns=told_since_ns)
        self._sweep = Sweep(engine)
        self._working = threading.Lock()
        """Held while rows are made and inserted, so that nothing is deleted in between."""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._traces = self._spans = self._again = self._inexact = self._errors = 0
        self._last_error = ""
        self._failing = False

    def start(self) -> None:
        """Begin; what was stored before is looked for once it is quiet as well."""
        self._thread = threading.Thread(target=self._run, name="clew-settle", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the chunk under way; the rest is found at the next start. Safe twice and without start."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def stored(self, index: pa.RecordBatch, segment: str = "", spans: Sequence[pa.RecordBatch] = ()) -> None:
        """Take note of traces that have grown. Quick.

        Args:
            index: rows of `trace_index` that were just inserted.
            segment: name of the segment that they are of.
            spans: its spans, which need not be read back then.
        """
        if spans:
            self._held.add(segment, spans)
        else:
            self._held.miss(index.column("trace_id"))
        self._grown.add(index, self._monotonic())

    def stats(self) -> SettlerStats:
        """Return the state for status and metrics."""
        pending, lag = self._grown.state(self._monotonic())
        return SettlerStats(
            running=self._thread is not None and self._thread.is_alive(),
            traces=self._traces,
            spans=self._spans,
            again=self._again,
            inexact=self._inexact,
            pending=pending,
            lag_s=lag,
            days_to_check=self._sweep.left,
            errors=self._errors,
            last_error=self._last_error,
            failing=self._failing,
        )

    def settle_due(self) -> int:
        """Settle the traces that are quiet; returns how many spans were read.

        Raises:
            ClewError: the engine or the disk fails; nothing is forgotten.
        """
        now = self._monotonic()
        return sum(self._settle_all(Scope(tenant), ids, now) for tenant, ids in self._grown.due(now))

    def settle_missed(self) -> int:
        """Look into one more day for traces that were stored and not settled; returns how many spans were read."""
        now = self._monotonic()
        missed = self._sweep.next(self._grown.unsettled_ids())
        return sum(self._settle_all(Scope(tenant), ids, now) for tenant, ids in missed)

    def delete_trace(self, scope: Scope, trace_id: bytes) -> Deleted:
        """Take a trace out of all sums and delete it from every table; a crash in between is made good at the start.

        Raises:
            ClewError: it is not all gone; the same call may be made again.
        """
        with self._working:
            self._outbox.deliver(self._engine)
            ids = pa.array([trace_id], ID128)
            lot = look_back(self._scratch, scope, look_up(self._scratch, scope, ids))
            lot = lot.take(np.flatnonzero(lot.rows_before))
            tables = settle(self._scratch, scope, lot, remove=True).tables if lot.size else {}
            self._outbox.put(self._ids(), tables, delete=(scope, trace_id))
            deleted = self._outbox.deliver(self._engine)
            self._held.take(scope.tenant, ids)
            assert deleted is not None  # noqa: S101 - it was just asked for
            return deleted

    def _settle_all(self, scope: Scope, ids: pa.Array, now: float) -> int:
        """Settle traces in chunks; those that are done are not due any more."""
        spans = 0
        for first in range(0, len(ids), CHUNK_TRACES):
            if self._ended.is_set():
                break
            some = ids.slice(first, CHUNK_TRACES)
            with self._working:
                self._outbox.deliver(self._engine)
                held = self._held.take(scope.tenant, some)  # before the look-up: what comes in between is missed by it
                lot = lot_of(held, some)
                lot = lot.beside(look_up(self._scratch, scope, some.filter(pa.array(~held.whole))))
                known, places = complete(held.spans, some, lot)
                if known is not None:
                    spans += self._settle_part(scope, lot.take(places), known)
                left = np.setdiff1d(np.arange(lot.size), places, assume_unique=True)
                rest = look_back(self._scratch, scope, lot.take(left))
                for part in rest.take(np.flatnonzero(rest.rows_before != rest.rows)).portions(CHUNK_SPANS):
                    spans += self._settle_part(scope, part)
            self._grown.done(scope.tenant, some, now)
        return spans

    def _settle_part(self, scope: Scope, part: Lot, held: Spans | None = None) -> int:
        """Settle some traces; when that cannot be done, half of them, so that one strange trace stops only itself."""
        try:
            outcome = settle(self._scratch, scope, part, held=held)
        except Exception as error:
            if isinstance(error, ClewError) and error.retryable:
                raise
            if part.size == 1:
                if self._errors < _LOGGED:
                    _log.warning("a trace cannot be settled", trace_id=part.ids[0].as_py().hex(), error=str(error))
                self._note(error)
                return 0
            halves = np.array_split(np.arange(part.size), 2)
            return sum(self._settle_part(scope, part.take(half)) for half in halves)
        if outcome.tables:
            self._outbox.put(self._ids(), outcome.tables)
            self._outbox.deliver(self._engine)
        self._count(outcome)
        return outcome.spans

    def _count(self, outcome: Outcome) -> None:
        self._traces += outcome.traces
        self._spans += outcome.spans
        self._again += outcome.again
        self._inexact += outcome.inexact
        if self._metrics is not None:
            self._metrics.settle_traces.inc(outcome.traces)
            self._metrics.settle_spans.inc(outcome.spans)
            self._metrics.settle_again.inc(outcome.again)
            self._metrics.settle_inexact.inc(outcome.inexact)

    def _run(self) -> None:
        pause = _TICK_S
        quiet = self._monotonic() + self._grown.quiet_s
        while not self._ended.wait(pause):
            began = self._monotonic()
            try:
                due = self.settle_due()
                missed = self.settle_missed() if not due and began >= quiet and self._sweep.left else 0
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever the engine answers
                _log.warning("settling failed", error=str(error))
                self._note(error)
                self._failing = True
                pause = _BACKOFF_S
            else:
                self._failing = False
                if due or missed:
                    self._after_lot()
                took = self._monotonic() - began
                least, share = (_PERIOD_S, _SHARE) if due else (_TICK_S, _SWEEP_SHARE if missed else 0.0)
                pause = min(max(least, share * took), _LONGEST_PAUSE_S)
                if due and self._metrics is not None:
                    self._metrics.settle_seconds.observe(took)

    def _note(self, error: Exception) -> None:
        self._errors += 1
        self._last_error = f"{type(error).__name__}: {error}"
        if self._metrics is not None:
            self._metrics.settle_errors.labels(getattr(error, "code", type(error).__name__)).inc()
