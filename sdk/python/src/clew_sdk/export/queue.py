"""The queue between the application and the network: ending a span costs an append, whatever the collector does."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

from clew_sdk.export.counters import Counters, Told
from clew_sdk.export.sender import Answer, HttpSender
from clew_sdk.export.spill import Spill
from clew_sdk.forks import before_children_end, in_children

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_log = logging.getLogger("clew_sdk")
_WARN_EVERY_S = 60.0
_PATIENCE_S = 60.0
"""How long a request is tried before it is spilled, or dropped where there is no spill."""


class Encodes(Protocol[T_contra]):
    """Makes the body of one request. Used by one thread at a time."""

    def request(self, items: Sequence[T_contra], /) -> bytes:
        """Return one request with all items."""


class ExportQueue(Generic[T]):
    """Queues spans or records, and sends them from a thread of its own.

    The thread starts with the first item of a process, so it lives on in forked workers and under gevent's patches.
    """

    def __init__(
        self,
        sender: HttpSender,
        encoder: Callable[[], Encodes[T]],
        *,
        what: str = "spans",
        spill: Spill | None = None,
        max_queue: int = 8192,
        batch: int = 512,
        interval_s: float = 1.0,
        shutdown_s: float = 2.0,
    ) -> None:
        self._sender = sender
        self._what = what
        self._spill = spill
        self._max_queue = max_queue
        self._batch = batch
        self._interval_s = interval_s
        self._shutdown_s = shutdown_s
        self._counters = Counters()
        self._make_encoder = encoder
        self._encoder = encoder()
        self._warned = 0.0
        self._closed = False
        self._fresh()
        in_children(self._forked)
        before_children_end(self.shutdown)
        atexit.register(_shutdown, weakref.ref(self))

    def _fresh(self) -> None:
        """Set up what belongs to one process."""
        self._queue: deque[T] = deque()
        self._wake = threading.Event()
        self._idle = threading.Condition()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._flushing = False
        self._end_at: float | None = None

    def keep(self, items: Sequence[T]) -> None:
        """Queue items, or count them as dropped where the queue is full."""
        if self._closed:
            return
        self._counters.add("ended", len(items))
        room = self._max_queue - len(self._queue)
        if room < len(items):
            self._counters.drop("queue_full", len(items) - max(room, 0))
            items = items[: max(room, 0)]
        self._queue.extend(items)
        if self._thread is None:
            self._begin()
        if len(self._queue) >= self._batch:
            self._wake.set()

    def told(self) -> Told:
        """Return what became of the items of this process."""
        return self._counters.read()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is queued; returns whether all of it left in time."""
        end = time.monotonic() + timeout_millis / 1000
        if self._thread is None:
            return True
        self._flushing = True
        self._wake.set()
        with self._idle:
            done = self._idle.wait_for(lambda: not self._queue and not self._busy, max(0.0, end - time.monotonic()))
        self._flushing = False
        return done

    def shutdown(self) -> None:
        """Send what can be sent before the deadline; spill the rest, or count it as dropped. Safe twice."""
        if self._closed:
            return
        self._closed = True
        self._end_at = time.monotonic() + self._shutdown_s
        self._wake.set()
        thread = self._thread
        if thread is not None:
            thread.join(self._shutdown_s + 0.5)
        self._leave()
        self._sender.close()

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clew-sdk-export", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        try:
            while not self._closed:
                self._wake.wait(self._interval_s)
                self._wake.clear()
                self._drain()
                self._unspill()
            self._drain()
        finally:
            detach(token)

    def _drain(self) -> None:
        self._busy = True
        try:
            while self._queue and not self._late():
                items = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                self._send(self._encoder.request(items), len(items))
        finally:
            with self._idle:
                self._busy = False
                self._idle.notify_all()

    def _send(self, body: bytes, spans: int) -> None:
        """Send one request; wait and try again as long as it is worth it."""
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            told = self._sender.send(body, timeout_s=self._left())
            if told.answer is Answer.TAKEN:
                self._counters.add("sent", spans)
                return
            self._warn(told.why)
            if told.answer is not Answer.LATER:
                self._counters.drop(told.answer.value, spans)
                return
            full = len(self._queue) >= self._max_queue // 2
            if self._late() or self._closed or full or time.monotonic() + told.wait_s > give_up:
                self._put_aside(body, spans)
                return
            self._wake.wait(told.wait_s)

    def _put_aside(self, body: bytes, spans: int, reason: str = "unreachable") -> None:
        gone = self._spill.put(body, spans) if self._spill is not None else None
        if gone is None:
            self._counters.drop("spill_full" if self._spill is not None else reason, spans)
            return
        self._counters.add("spilled", spans - gone)
        if gone:
            self._counters.drop("spill_full", gone)

    def _unspill(self) -> None:
        """Send what was spilled, once something has been sent again."""
        while self._spill is not None and not self._closed and not self._queue:
            taken = self._spill.take()
            if taken is None:
                return
            told = self._sender.send(taken.body, timeout_s=self._left())
            if told.answer is Answer.LATER:
                self._spill.back(taken)
                return
            self._spill.done(taken)
            self._counters.add("spilled", -taken.spans)
            if told.answer is Answer.TAKEN:
                self._counters.add("sent", taken.spans)
            else:
                self._counters.drop(told.answer.value, taken.spans)

    def _leave(self) -> None:
        """Put aside what the thread had no time for."""
        rest = []
        with contextlib.suppress(IndexError):
            while True:
                rest.append(self._queue.popleft())
        for at in range(0, len(rest), self._batch):
            some = rest[at : at + self._batch]
            self._put_aside(self._make_encoder().request(some), len(some), "shutdown")

    def _left(self) -> float | None:
        return None if self._end_at is None else max(0.05, self._end_at - time.monotonic())

    def _late(self) -> bool:
        return self._end_at is not None and time.monotonic() >= self._end_at

    def _warn(self, why: str) -> None:
        now = time.monotonic()
        if now - self._warned >= _WARN_EVERY_S or not self._warned:
            self._warned = now
            _log.warning("%s cannot be sent to %s: %s (%s)", self._what, self._sender.url, why, self._counters.read())

    def _forked(self) -> None:
        """Begin anew in a forked child: what is queued is the parent's to send."""
        self._fresh()
        self._counters.forget()
        self._sender.forget()
        self._encoder = self._make_encoder()


def _shutdown(known: weakref.ref[ExportQueue[Any]]) -> None:
    queue = known()
    if queue is not None:
        queue.shutdown()
