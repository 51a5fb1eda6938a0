"""The thread between the journal and the engine."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from clew.journal.protocol import Journal, Segment
from clew.model.errors import ClewError
from clew.pipeline.plan import Grown, Plan, Step
from clew.pipeline.retry import Backoff
from clew.store.engine import Engine
from clew.telemetry import Metrics

_T = TypeVar("_T")

_POLL_S = 0.25
_REFUSALS = 2
"""How often a segment is tried that the engine refuses for good."""


@dataclass(frozen=True, slots=True)
class ProcessorStats:
    """What the processor has done since it was started."""

    running: bool
    segments: int
    rows: dict[str, int] = field(default_factory=dict)
    """Rows inserted by table."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of the inserts by table."""
    retries: int = 0
    quarantined: int = 0
    failing_for_s: float = 0.0
    """How long the engine has been failing in a way that is retried; 0 when it is well."""
    last_error: str = ""


class _StoppedError(Exception):
    """The processor is to stop while it waits for the engine."""


class Processor:
    """Inserts sealed segments in their order and commits them; retries for as long as there is hope."""

    def __init__(
        self,
        journal: Journal,
        engine: Engine,
        *,
        metrics: Metrics | None = None,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        grown: Grown | None = None,
    ) -> None:
        self._journal = journal
        self._engine = engine
        self._metrics = metrics
        self._backoff = backoff or Backoff()
        self._monotonic = monotonic
        self._plan = Plan(grown)
        self._draining = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._segments = 0
        self._rows: Counter[str] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._retries = 0
        self._quarantined = 0
        self._failing_since: float | None = None
        self._last_error = ""

    def start(self) -> None:
        """Begin to take segments."""
        self._thread = threading.Thread(target=self._run, name="clew-processor", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Seal the journal's open segment and store what there is, for at most `timeout_s`; the rest waits on disk.

        Safe twice and without start. To be called before the journal is stopped.
        """
        if self._thread is None:
            return
        end = self._monotonic() + timeout_s
        self._journal.seal(timeout_s)
        self._draining.set()
        self._thread.join(max(0.0, end - self._monotonic()))
        self._ended.set()
        self._thread.join(_POLL_S)
        self._thread = None

    def stats(self) -> ProcessorStats:
        """Return the state for status and metrics."""
        with self._lock:
            since = self._failing_since
            return ProcessorStats(
                running=self._thread is not None and self._thread.is_alive(),
                segments=self._segments,
                rows=dict(self._rows),
                seconds=dict(self._seconds),
                retries=self._retries,
                quarantined=self._quarantined,
                failing_for_s=self._monotonic() - since if since is not None else 0.0,
                last_error=self._last_error,
            )

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                segment = self._patiently(lambda: self._journal.next_sealed(0 if self._draining.is_set() else _POLL_S))
                if segment is not None:
                    self._take(segment)
                elif self._draining.is_set():
                    return
            except _StoppedError:
                return
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever the journal answers
                self._note(error, retried=True)
                self._ended.wait(self._backoff.wait_s())

    def _take(self, segment: Segment) -> None:
        """Store a segment, or set it aside when it is refused for good."""
        for refusal in range(1, _REFUSALS + 1):
            try:
                self._store(segment)
            except _StoppedError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever one segment provokes must not block the next
                self._note(error)
                if refusal == _REFUSALS:
                    self._set_aside(segment, error)
            else:
                return

    def _store(self, segment: Segment) -> None:
        for step in self._plan.steps(segment):
            began = self._monotonic()
            self._insert(segment, step)
            step.done()
            self._count(step, self._monotonic() - began)
        self._patiently(
            lambda: self._journal.commit(
                segment, stored_spans=segment.rows.get("spans", 0), stored_logs=segment.rows.get("logs", 0)
            )
        )
        with self._lock:
            self._segments += 1

    def _count(self, step: Step, seconds: float) -> None:
        with self._lock:
            self._rows[step.table] += step.rows
            self._seconds[step.table] += seconds
        if self._metrics is not None:
            self._metrics.pipeline_rows.labels(step.table).inc(step.rows)
            self._metrics.pipeline_insert.labels(step.table).observe(seconds)

    def _insert(self, segment: Segment, step: Step) -> None:
        self._patiently(lambda: self._engine.insert(step.table, step.source, token=f"{segment.token}/{step.table}"))

    def _set_aside(self, segment: Segment, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self._patiently(lambda: self._journal.quarantine(segment, text))
        with self._lock:
            self._quarantined += 1

    def _patiently(self, call: Callable[[], _T]) -> _T:
        """Make a call until it succeeds or fails for good; it waits longer from try to try."""
        while True:
            if self._ended.is_set():
                raise _StoppedError
            try:
                answer = call()
            except ClewError as error:
                if not error.retryable:
                    raise
                self._note(error, retried=True)
                if self._ended.wait(self._backoff.wait_s()):
                    raise _StoppedError from error
            else:
                self._backoff.reset()
                with self._lock:
                    self._failing_since = None
                return answer

    def _note(self, error: Exception, *, retried: bool = False) -> None:
        if self._metrics is not None and retried:
            self._metrics.pipeline_retries.labels(getattr(error, "code", type(error).__name__)).inc()
        with self._lock:
            self._last_error = f"{type(error).__name__}: {error}"
            if retried:
                self._retries += 1
                if self._failing_since is None:
                    self._failing_since = self._monotonic()
