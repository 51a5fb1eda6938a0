from __future__ import annotations

from clew.service.housekeeping import Chore, Housekeeper
from clew.store import EngineUnavailableError


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now


def test_a_chore_is_done_once_per_period() -> None:
    """It is due one period after it was done, not more often."""
    clock, done = Clock(), []
    keeper = Housekeeper([Chore("sweep", 10.0, lambda: done.append(clock.now))], idle=lambda: True, clock=clock)
    for now in (0.0, 5.0, 10.0, 12.0, 25.0):
        clock.now = now
        keeper.run_due()
    assert done == [0.0, 10.0, 25.0]


def test_a_chore_for_idle_times_waits() -> None:
    """While spans come in it stays due."""
    busy = [True]
    keeper = Housekeeper([Chore("index", 1.0, int, only_idle=True)], idle=lambda: not busy[0], clock=Clock())
    assert keeper.run_due() == []
    busy[0] = False
    assert keeper.run_due() == ["index"]


def test_a_failing_chore_does_not_end_the_others() -> None:
    """A chore that fails is tried again when it is due; the others are done."""

    def fail() -> None:
        raise EngineUnavailableError("gone")

    keeper = Housekeeper([Chore("fails", 0.0, fail), Chore("works", 0.0, int)], idle=lambda: True, clock=Clock())
    assert keeper.run_due() == ["works"]
    assert keeper.run_due() == ["works"]


def test_stop_is_safe_twice_and_without_start() -> None:
    """The life of a component: stop may come at any time."""
    keeper = Housekeeper([], idle=lambda: True)
    keeper.stop()
    started = Housekeeper([], idle=lambda: True, tick_s=0.001)
    started.start()
    started.stop()
    started.stop()
