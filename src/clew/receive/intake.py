"""From requests to durable groups: one codec thread, many requests in one batch, one answer when the disk has it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import structlog

from clew.codec import Pushed, Request
from clew.journal.protocol import Group, Journal
from clew.receive.batch import Answer, Item, OpenBatch
from clew.receive.builders import Builders
from clew.receive.errors import IntakeFailedError, StoppingError
from clew.receive.success import Signal
from clew.telemetry import Metrics

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pacing:
    """When a group is closed. The journal's cost is per group, the sender waits for it: a compromise of both."""

    min_wait_s: float = 0.002
    """Least time after a group's first request, so that requests of other connections join it."""
    max_wait_s: float = 0.020
    """Most time after a group's first request, whatever the journal does."""
    enough_rows: int = 10_000
    """Rows at which waiting longer saves nothing."""
    max_rows: int = 50_000
    """Rows at which a group waits for the journal instead of growing."""
    max_bytes: int = 64 << 20
    """Bytes of columns at which a group waits for the journal instead of growing."""
    max_unsynced: int = 2
    """Groups that may be with the journal at once; beyond it decoding pauses, and the budget fills up."""


class _Wake:
    """Wakes the codec thread without a request: the journal is done, or it is time to stop."""


_WAKE = _Wake()


class Intake:
    """Owns the codec thread. `submit` from the event loop; answers come back on it."""

    def __init__(
        self,
        journal: Journal,
        builders: Callable[[], Builders],
        *,
        loop: asyncio.AbstractEventLoop,
        metrics: Metrics,
        decoded_max_bytes: int = 64 << 20,
        pacing: Pacing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._make_builders = builders
        self._loop = loop
        self._metrics = metrics
        self._decoded_max = decoded_max_bytes
        self._pacing = pacing or Pacing()
        self._clock = clock
        self._queue: SimpleQueue[Item | _Wake] = SimpleQueue()
        self._unsynced = 0
        self._lock = threading.Lock()
        self._stopping = False
        self._started = False
        self._thread = threading.Thread(target=self._run, name="clew-codec", daemon=True)

    def start(self) -> None:
        """Start the codec thread."""
        self._started = True
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Refuse new requests, hand what is queued to the journal and end the thread. Safe twice and without start.

        The answers are still delivered through the event loop, so call it from another thread or before the loop ends.
        """
        self._stopping = True
        if self._started:
            self._queue.put(_WAKE)
            self._thread.join(timeout_s)
            self._answer_all([(item, None, StoppingError()) for item in self._drain()])

    def enqueue(self, signal: Signal, request: Request, answer: Answer) -> None:
        """Queue a request; `answer(pushed, error)` is called once on the event loop, after the disk has it.

        Raises:
            StoppingError: Clew stops.
        """
        if self._stopping or not self._started:
            raise StoppingError
        self._queue.put(Item(signal, request, answer, self._clock()))

    async def submit(self, signal: Signal, request: Request) -> Pushed:
        """Return what was kept of a request, once it is durable.

        Raises:
            ClewError: nothing of it was kept; the error says whether to try again.
        """
        future: asyncio.Future[Pushed] = self._loop.create_future()

        def answer(pushed: Pushed | None, error: Exception | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            elif pushed is not None:
                future.set_result(pushed)

        self.enqueue(signal, request, answer)
        return await future

    def _run(self) -> None:
        builders = self._make_builders()
        while not (self._stopping and self._queue.empty()):
            first = self._queue.get()
            if isinstance(first, Item):
                builders = self._one_group(builders, first)

    def _one_group(self, builders: Builders, first: Item) -> Builders:
        """Build one group from `first` and what joins it, and hand it over; returns the builders to go on with."""
        batch = OpenBatch(builders, self._clock(), decoded_max_bytes=self._decoded_max)
        try:
            self._fill(batch, first)
            groups = batch.finish()
        except BaseException as error:  # noqa: BLE001 - a panic in native code is no Exception; every request must be answered
            unanswered = batch.failed(IntakeFailedError(error))
            _log.exception("decoding failed", requests=len(unanswered))
            self._answer_all(unanswered)
            return self._make_builders()
        for group, answers in groups:
            self._hand_over(group, answers)
        for item in batch.overflow:
            self._queue.put(item)
        return builders

    def _fill(self, batch: OpenBatch, first: Item) -> None:
        """Decode until the group is to be closed."""
        waiting = [first]
        while True:
            waiting += self._drain()
            if waiting:
                self._answer_all(batch.push(waiting))
                waiting = []
            wait_s = self._wait_s(batch)
            if wait_s <= 0:
                return
            try:
                item = self._queue.get(timeout=wait_s)
            except Empty:
                continue
            if isinstance(item, Item):
                waiting.append(item)

    def _drain(self) -> list[Item]:
        items: list[Item] = []
        try:
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, Item):
                    items.append(item)
        except Empty:
            return items

    def _wait_s(self, batch: OpenBatch) -> float:
        """Return how long the group may still wait for more; 0 closes it."""
        pacing = self._pacing
        full = batch.rows >= pacing.max_rows or batch.bytes >= pacing.max_bytes or bool(batch.overflow)
        if full:
            self._wait_for_journal(pacing.max_unsynced)
            return 0
        age = self._clock() - batch.opened
        if self._unsynced == 0:
            if batch.rows >= pacing.enough_rows or self._stopping:
                return 0
            return pacing.min_wait_s - age
        if age >= pacing.max_wait_s:
            return 0 if self._unsynced < pacing.max_unsynced else pacing.max_wait_s
        return pacing.max_wait_s - age

    def _wait_for_journal(self, groups: int) -> None:
        """Pause decoding until fewer than `groups` are with the journal; requests wait in the queue, charged."""
        held: list[Item] = []
        while self._unsynced >= groups:
            item = self._queue.get()
            if isinstance(item, Item):
                held.append(item)
        for item in held:
            self._queue.put(item)

    def _hand_over(self, group: Group | None, answers: list[tuple[Item, Pushed]]) -> None:
        if group is None:
            self._answer_all([(item, pushed, None) for item, pushed in answers])
            return
        rows = sum(part.num_rows for part in (group.spans, group.logs) if part is not None)
        self._metrics.receive_group_rows.observe(rows)
        with self._lock:
            self._unsynced += 1

        def done(error: Exception | None) -> None:
            with self._lock:
                self._unsynced -= 1
            self._queue.put(_WAKE)
            self._answer_all([(item, None if error else pushed, error) for item, pushed in answers])

        self._journal.append(group, done)

    def _answer_all(self, answers: list[tuple[Item, Pushed | None, Exception | None]]) -> None:
        """Answer many requests with one hop to the event loop."""
        if not answers:
            return
        try:
            self._loop.call_soon_threadsafe(self._deliver, answers)
        except RuntimeError:
            _log.warning("answers lost, the event loop has ended", requests=len(answers))

    def _deliver(self, answers: list[tuple[Item, Pushed | None, Exception | None]]) -> None:
        now = self._clock()
        for item, pushed, error in answers:
            if pushed is not None:
                self._metrics.receive_ack.observe(now - item.queued)
                self._count(item.signal, pushed)
            item.answer(pushed, error)

    def _count(self, signal: Signal, pushed: Pushed) -> None:
        if pushed.accepted:
            self._metrics.receive_rows.labels(signal).inc(pushed.accepted)
        for reason, rows in pushed.reasons.items():
            self._metrics.receive_rejected.labels(signal, reason).inc(rows)
