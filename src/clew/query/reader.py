"""The door to all reads: a bounded pool of threads, fair lines before it, and cancellation."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clew.model import Scope, now_ns
from clew.model.errors import ClewError
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.query.turns import Asker, Shares, Ticket, Turns
from clew.store.engine import Engine, Limits
from clew.store.errors import QueryCancelledError, QueryLimitError
from clew.telemetry import Metrics

T = TypeVar("T")
W = TypeVar("W")

_END = object()
_TELL_S = 0.25
"""How often a waiting read looks at its position."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a read is for: whose turn it takes, what it may use, and how it is counted."""

    asker: str = ""
    """Token or user, for turns within a tenant."""
    kind: str = "read"
    """For the metrics."""
    limits: Limits | None = None
    """Instead of those of every read."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A read waits in line."""

    position: int
    """1: it is next."""


@dataclass(slots=True)
class _Place:
    """A read on its way to a thread."""

    ticket: Ticket
    turn: Future[None]
    control: Control
    read: Read
    begun: float = field(default_factory=time.perf_counter)
    taken: bool = False
    """A thread has it and gives the place back when it ends."""


_ANY = Errand()


async def _nothing_to_wait_for() -> None:
    """Begin at once."""


class Reader:
    """Runs blocking reads for the event loop. Not bound to one loop; `close` ends its threads."""

    def __init__(
        self,
        engine: Engine,
        *,
        readers: int = 3,
        queue: int = 64,
        per_tenant: int = 0,
        per_asker: int = 0,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        now: Callable[[], int] = now_ns,
        asked: Callable[[], Awaitable[None]] = _nothing_to_wait_for,
    ) -> None:
        self.now = now
        self._asked = asked
        """Awaited before every read begins, so that what is read is as new as was promised."""
        self._engine = engine
        self._limits = limits or Limits()
        self._memo = Memo()
        self._metrics = metrics or Metrics()
        self._numbers = itertools.count(1)
        self._turns = Turns(Shares(readers, queue, per_tenant, per_asker))
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="clew-read")
        self._side = ThreadPoolExecutor(1, thread_name_prefix="clew-read-cancel")
        self._metrics.on_render(self._set_gauges)

    async def run(self, scope: Scope, work: Callable[[Read], T], errand: Errand = _ANY) -> T:
        """Return what `work` makes of a `Read` in a reader thread; cancelling the caller ends its query.

        Raises:
            BusyError: all places are taken.
            DisplacedError: the place went to a tenant that waits for less.
        """
        with self._counted(errand):
            await self._asked()
            async with self._place(scope, errand) as place:
                await asyncio.wrap_future(place.turn)
                future = self._take(place, errand, lambda: work(place.read))
                try:
                    return await asyncio.wrap_future(future)
                except asyncio.CancelledError:
                    self._side.submit(place.control.cancel)
                    raise

    async def stream(
        self,
        scope: Scope,
        work: Callable[[Read], Iterator[T]],
        errand: Errand = _ANY,
        *,
        waiting: Callable[[int], W] | None = None,
    ) -> AsyncGenerator[T | W, None]:
        """Yield what `work` yields in a reader thread; closing the iterator ends its query.

        One item is made ahead of the one being sent, no more, so memory stays bounded.

        Args:
            scope: whose data.
            work: makes the items.
            errand: what the read is for.
            waiting: makes an item of the position in line, each time that it changes.
        """
        with self._counted(errand):
            await self._asked()
            async with self._place(scope, errand) as place:
                if waiting is not None:
                    async for position in self._positions(place):
                        yield waiting(position)
                await asyncio.wrap_future(place.turn)
                async for item in self._items(place, errand, work):
                    yield item

    async def _items(
        self, place: _Place, errand: Errand, work: Callable[[Read], Iterator[T]]
    ) -> AsyncGenerator[T, None]:
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[object] = asyncio.Queue()
        room = asyncio.Semaphore(2)

        def put(item: object) -> None:
            asyncio.run_coroutine_threadsafe(_put(items, room, item), loop).result()

        def produce() -> None:
            for item in work(place.read):
                if place.control.cancelled:
                    return
                with place.read.idle():
                    put(item)

        done = asyncio.ensure_future(asyncio.wrap_future(self._take(place, errand, produce)))
        done.add_done_callback(lambda _: items.put_nowait(_END))
        try:
            while (item := await items.get()) is not _END:
                yield item  # type: ignore[misc]
                room.release()
            await done
        finally:
            if not done.done():
                place.control.cancelled = True
                room.release()
                room.release()
                self._side.submit(place.control.cancel)
                done.cancel()

    def close(self) -> None:
        """End the threads once their reads have ended. Safe twice."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._side.shutdown(wait=True)

    @asynccontextmanager
    async def _place(self, scope: Scope, errand: Errand) -> AsyncIterator[_Place]:
        """Stand in line; whoever leaves before a thread has taken the read leaves the line."""
        turn: Future[None] = Future()

        def start() -> None:
            if turn.set_running_or_notify_cancel():
                turn.set_result(None)

        def displaced(error: ClewError) -> None:
            if turn.set_running_or_notify_cancel():
                turn.set_exception(error)

        ticket = Ticket(Asker(scope.tenant, errand.asker), start, displaced)
        control = Control(self._engine, f"read-{next(self._numbers)}")
        read = Read(self._engine, scope, errand.limits or self._limits, control, self._memo)
        place = _Place(ticket, turn, control, read)
        self._turns.enter(ticket)
        try:
            yield place
        finally:
            if not place.taken:
                self._turns.leave(ticket)

    def _take(self, place: _Place, errand: Errand, work: Callable[[], T]) -> Future[T]:
        """Let a thread work; the place is free when the work has ended, even if nobody waits for it any more."""
        self._metrics.query_wait.labels(errand.kind).observe(time.perf_counter() - place.begun)
        future = self._pool.submit(work)
        place.taken = True

        def ended(_: Any) -> None:
            self._turns.leave(place.ticket)
            self._metrics.query_rows.inc(place.read.scanned.rows)

        future.add_done_callback(ended)
        return future

    async def _positions(self, place: _Place) -> AsyncIterator[int]:
        told = 0
        turn = asyncio.wrap_future(place.turn)
        while not turn.done():
            position = self._turns.position(place.ticket)
            if position and position != told:
                told = position
                yield position
            await asyncio.wait({turn}, timeout=_TELL_S)

    @contextmanager
    def _counted(self, errand: Errand) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit, QueryCancelledError):
            self._metrics.query_cancelled.labels(errand.kind).inc()
            raise
        except QueryLimitError as error:
            self._metrics.query_refused.labels(errand.kind, f"limit_{error.kind}").inc()
            raise
        except ClewError as error:
            self._metrics.query_refused.labels(errand.kind, error.code).inc()
            raise
        finally:
            self._metrics.query_seconds.labels(errand.kind).observe(time.perf_counter() - begun)

    def _set_gauges(self) -> None:
        self._metrics.query_running.set(self._turns.running)
        self._metrics.query_queued.set(self._turns.waiting)


async def _put(items: asyncio.Queue[object], room: asyncio.Semaphore, item: object) -> None:
    await room.acquire()
    items.put_nowait(item)
