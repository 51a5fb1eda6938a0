"""What has to be done now and then: the disk budget, indexes that no merge has built."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from clew.model.errors import ClewError

_log = structlog.get_logger(__name__)
_TICK_S = 5.0


@dataclass(slots=True)
class Chore:
    """One thing to do again and again."""

    name: str
    every_s: float
    work: Callable[[], object]
    only_idle: bool = False
    """Wait while spans are coming in."""
    due: float = 0.0


class Housekeeper:
    """Runs chores in one thread, one after the other; a chore that fails is logged and tried again when due."""

    def __init__(
        self,
        chores: Sequence[Chore],
        *,
        idle: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = _TICK_S,
    ) -> None:
        self._chores = list(chores)
        self._idle = idle
        self._clock = clock
        self._tick_s = tick_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clew-housekeeping", daemon=True)
        self._started = False

    def start(self) -> None:
        """Start the thread; the first round is due one period from now."""
        now = self._clock()
        for chore in self._chores:
            chore.due = now + chore.every_s
        self._started = True
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread after the chore under way. Safe twice and without start."""
        self._ended.set()
        if self._started:
            self._thread.join(timeout_s)

    def run_due(self) -> list[str]:
        """Do what is due now; returns the names of what was done."""
        done = []
        for chore in self._chores:
            if self._clock() < chore.due or self._ended.is_set() or (chore.only_idle and not self._idle()):
                continue
            try:
                chore.work()
                done.append(chore.name)
            except ClewError as error:
                _log.warning("housekeeping failed", chore=chore.name, code=error.code, error=error.detail)
            chore.due = self._clock() + chore.every_s
        return done

    def _run(self) -> None:
        while not self._ended.wait(self._tick_s):
            self.run_due()
