"""The door to all reads: a bounded pool of threads, a bounded queue before it, and cancellation."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clew.model import Scope, now_ns
from clew.query.errors import BusyError
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.store.engine import Engine, Limits

T = TypeVar("T")

_END = object()


class Reader:
    """Runs blocking reads for the event loop. Not bound to one loop; `close` ends its threads."""

    def __init__(
        self,
        engine: Engine,
        *,
        readers: int = 3,
        queue: int = 64,
        limits: Limits | None = None,
        now: Callable[[], int] = now_ns,
    ) -> None:
        self.now = now
        self._engine = engine
        self._limits = limits or Limits()
        self._most = readers + queue
        self._memo = Memo()
        self._open = 0
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="clew-read")
        self._side = ThreadPoolExecutor(1, thread_name_prefix="clew-read-cancel")

    async def run(self, scope: Scope, work: Callable[[Read], T], *, limits: Limits | None = None) -> T:
        """Return what `work` makes of a `Read` in a reader thread; cancelling the caller ends its query.

        Raises:
            BusyError: as many reads as allowed are running and waiting.
        """
        control = self._enter()
        read = Read(self._engine, scope, limits or self._limits, control, self._memo)
        future = self._pool.submit(work, read)
        future.add_done_callback(lambda _: self._leave())
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._side.submit(control.cancel)
            raise

    async def stream(self, scope: Scope, work: Callable[[Read], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield what `work` yields in a reader thread; closing the iterator ends its query.

        One item is made ahead of the one being sent, no more, so memory stays bounded.
        """
        control = self._enter()
        read = Read(self._engine, scope, self._limits, control, self._memo)
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[object] = asyncio.Queue()
        room = asyncio.Semaphore(2)

        def put(item: object) -> None:
            asyncio.run_coroutine_threadsafe(_put(items, room, item), loop).result()

        def produce() -> None:
            for item in work(read):
                if control.cancelled:
                    return
                put(item)

        future = self._pool.submit(produce)
        future.add_done_callback(lambda _: self._leave())
        done = asyncio.ensure_future(asyncio.wrap_future(future))
        done.add_done_callback(lambda _: items.put_nowait(_END))
        try:
            while (item := await items.get()) is not _END:
                yield item  # type: ignore[misc]
                room.release()
            await done
        finally:
            if not done.done():
                control.cancelled = True
                room.release()
                room.release()
                self._side.submit(control.cancel)
                done.cancel()

    def close(self) -> None:
        """End the threads once their reads have ended. Safe twice."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._side.shutdown(wait=True)

    def _enter(self) -> Control:
        with self._lock:
            if self._open >= self._most:
                raise BusyError(self._open)
            self._open += 1
        return Control(self._engine, f"read-{next(self._numbers)}")

    def _leave(self) -> None:
        with self._lock:
            self._open -= 1


async def _put(items: asyncio.Queue[object], room: asyncio.Semaphore, item: object) -> None:
    await room.acquire()
    items.put_nowait(item)
