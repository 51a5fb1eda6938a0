"""Admission by bytes in flight: a request is charged before its body is read, and released after its answer."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from clew.codec import Compression
from clew.journal.errors import JournalError
from clew.receive.errors import NoRoomError, OverloadedError, StoppingError
from clew.telemetry import Metrics

_ROOM_AGE_S = 0.02
"""How long the journal's answer about its room is good; it refuses by itself in between."""
_HOLD_S = 0.25
"""How long requests are refused before their body after the journal has refused one."""
_EXPANSION = 8
"""What a compressed body is expected to grow to, until its own header says more."""


class Charge:
    """Bytes that one request holds. Releasing twice is harmless."""

    __slots__ = ("_budget", "bytes")

    def __init__(self, budget: Budget, size: int) -> None:
        self._budget: Budget | None = budget
        self.bytes = size

    def grow(self, size: int) -> None:
        """Charge more, for a body without a known length.

        Raises:
            OverloadedError: the limit is reached; the request must be refused.
        """
        if self._budget is not None and size > self.bytes:
            self._budget.take(size - self.bytes)
            self.bytes = size

    def settle(self, size: int) -> None:
        """Replace the estimate by what is known now, in either direction and without refusing."""
        if self._budget is not None:
            self._budget.adjust(size - self.bytes)
            self.bytes = size

    def release(self) -> None:
        """Give the bytes back."""
        if self._budget is not None:
            self._budget.adjust(-self.bytes)
            self._budget = None


class Budget:
    """The memory of all requests in flight. Used from the event loop only, so it needs no lock.

    A body is charged as it is sent and once more as what it becomes: its columns, and before them its decompressed
    bytes. One request is always admitted when nothing else is in flight, so that a large one cannot starve.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        decoded_max_bytes: int,
        room: Callable[[], int],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_bytes = max_bytes
        self.used = 0
        self._decoded_max = decoded_max_bytes
        self._journal_room = room
        self._clock = clock
        self._room = 0
        self._room_until = float("-inf")
        self._hold: JournalError | None = None
        self._hold_until = 0.0
        self._open = True
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._gauge = metrics.receive_inflight
        metrics.receive_inflight_max.set(max_bytes)

    def close(self) -> None:
        """Refuse everything from now on; what is charged stays until it is released."""
        self._open = False
        self._wake()

    def note(self, error: Exception | None) -> None:
        """Take note of how the journal answered: after a refusal (disk full), bodies are not even read for a while."""
        if isinstance(error, JournalError) and error.retryable:
            self._hold = error
            self._hold_until = self._clock() + _HOLD_S

    def admit(self, size: int, compression: Compression = Compression.NONE) -> Charge:
        """Charge a request whose body has `size` bytes on the wire.

        Raises:
            StoppingError: Clew stops.
            NoRoomError: the journal could not keep it.
            OverloadedError: too many bytes are in flight.
        """
        return self.admit_exactly(self.need(size, compression), on_disk=size)

    async def reserve(self, size: int, timeout_s: float) -> Charge:
        """Charge exactly `size` bytes, waiting for others to give theirs back.

        Raises:
            StoppingError: Clew stops.
            NoRoomError: the journal could not keep it.
            OverloadedError: nothing was given back in time.
        """
        if self._open and (self._queue or (self.used and self.used + size > self.max_bytes)):
            await self._wait(size, timeout_s)
        charge = self.admit_exactly(size)
        self._wake()
        return charge

    def admit_exactly(self, size: int, *, on_disk: int = 0) -> Charge:
        """Charge `size` bytes, which already hold all that the request becomes, `on_disk` of them in the journal.

        Raises:
            StoppingError: Clew stops.
            NoRoomError: the journal could not keep it.
            JournalError: the journal has just refused another.
            OverloadedError: too many bytes are in flight.
        """
        if not self._open:
            raise StoppingError
        if self._hold is not None:
            if self._clock() < self._hold_until:
                raise self._hold.with_traceback(None)
            self._hold = None
        room = self._current_room()
        if room <= on_disk:
            raise NoRoomError(room)
        self.take(size)
        return Charge(self, size)

    async def _wait(self, size: int, timeout_s: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size, turn)
        self._queue.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                await turn
        except TimeoutError:
            raise OverloadedError(self.used, self.max_bytes) from None
        finally:
            if entry in self._queue:
                self._queue.remove(entry)

    def _wake(self) -> None:
        """Let the first in the queue try when there is room for it, or when Clew stops."""
        while self._queue:
            size, turn = self._queue[0]
            if self._open and self.used and self.used + size > self.max_bytes:
                return
            self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def need(self, size: int, compression: Compression) -> int:
        """Return the charge for a body of `size` bytes on the wire."""
        if compression is Compression.NONE:
            return 2 * size
        return size + min(self._decoded_max, _EXPANSION * size)

    def take(self, size: int) -> None:
        """Charge bytes, or refuse.

        Raises:
            OverloadedError: they would pass the limit, and others are in flight.
        """
        if self.used + size > self.max_bytes and self.used:
            raise OverloadedError(self.used, self.max_bytes)
        self.adjust(size)

    def adjust(self, size: int) -> None:
        """Add bytes (negative: give back) without a check."""
        self.used += size
        self._gauge.set(self.used)
        if size < 0 and self._queue:
            self._wake()

    def _current_room(self) -> int:
        now = self._clock()
        if now >= self._room_until:
            self._room = self._journal_room()
            self._room_until = now + _ROOM_AGE_S
        return self._room
