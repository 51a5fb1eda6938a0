from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.codec import Compression
from clew.journal import JournalDiskFullError
from clew.receive.budget import Budget, Charge
from clew.receive.errors import NoRoomError, OverloadedError, StoppingError
from clew.telemetry import Metrics


class _World:
    """The clock and the journal's room, set by the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.room = 1 << 40

    def budget(self, max_bytes: int = 1000, decoded_max_bytes: int = 500) -> Budget:
        return Budget(
            max_bytes,
            decoded_max_bytes=decoded_max_bytes,
            room=lambda: self.room,
            metrics=Metrics(),
            clock=lambda: self.now,
        )


def test_a_request_is_charged_for_its_bytes_and_its_columns() -> None:
    """Plain bodies count twice; compressed ones count as sent and as what they may become."""
    budget = _World().budget()
    assert budget.admit(100).bytes == 200
    assert budget.admit(10, Compression.GZIP).bytes == 10 + 80
    assert budget.need(400, Compression.ZSTD) == 400 + 500
    assert budget.used == 290


def test_over_the_limit_is_429_until_something_is_released() -> None:
    """The error says to retry; releasing makes room, and releasing twice changes nothing."""
    budget = _World().budget()
    first = budget.admit(300)
    with pytest.raises(OverloadedError) as caught:
        budget.admit(300)
    error = caught.value
    assert (error.http_status, error.grpc_status, error.retryable) == (429, "RESOURCE_EXHAUSTED", True)
    first.release()
    first.release()
    assert budget.used == 0
    budget.admit(300)


def test_one_request_is_always_admitted() -> None:
    """A request larger than the limit does not starve when nothing else is in flight."""
    budget = _World().budget()
    budget.admit(900)
    with pytest.raises(OverloadedError):
        budget.admit(1)


def test_a_charge_grows_and_settles() -> None:
    """A body of unknown length is charged as it comes, and corrected once it is known."""
    budget = _World().budget()
    other = budget.admit(100)
    charge = budget.admit(10)
    charge.grow(700)
    with pytest.raises(OverloadedError):
        charge.grow(900)
    charge.settle(50)
    assert budget.used == 250
    charge.release()
    charge.settle(400)
    charge.grow(4000)
    other.release()
    assert budget.used == 0


def test_no_room_in_the_journal_is_503() -> None:
    """What the journal could not keep is refused before its body is read; its answer is asked again soon."""
    world = _World()
    budget = world.budget()
    world.room = 50
    with pytest.raises(NoRoomError) as caught:
        budget.admit(60)
    assert (caught.value.http_status, caught.value.grpc_status, caught.value.retryable) == (503, "UNAVAILABLE", True)
    world.room = 1 << 20
    world.now += 1
    budget.admit(60)


def test_after_a_full_disk_bodies_are_not_read_for_a_while() -> None:
    """The journal's own error is the answer until one request may try again."""
    world = _World()
    budget = world.budget()
    budget.note(None)
    budget.note(ValueError("not the journal's"))
    budget.admit(1).release()
    budget.note(JournalDiskFullError(Path("x"), "full"))
    with pytest.raises(JournalDiskFullError):
        budget.admit(1)
    world.now += 1
    budget.admit(1)


def test_a_closed_budget_refuses() -> None:
    """While Clew stops, new requests are told to come back."""
    budget = _World().budget()
    budget.close()
    with pytest.raises(StoppingError):
        budget.admit(1)


async def test_a_reservation_waits_its_turn() -> None:
    """Reservations are served in order as bytes come back."""
    budget = _World().budget()
    first = await budget.reserve(800, 1)
    order: list[int] = []

    async def wait(number: int, size: int) -> Charge:
        charge = await budget.reserve(size, 30)
        order.append(number)
        return charge

    waiting = [asyncio.create_task(wait(number, 600)) for number in range(2)]
    small = asyncio.create_task(wait(2, 100))
    await asyncio.sleep(0)
    assert order == []
    first.release()
    charge = await waiting[0]
    assert order == [0]
    charge.release()
    second = await waiting[1]
    last = await small
    assert (order, budget.used) == ([0, 1, 2], 700)
    second.release()
    last.release()


async def test_a_reservation_gives_up() -> None:
    """Who waits too long is refused with the retryable error, and leaves no trace."""
    budget = _World().budget()
    first = await budget.reserve(800, 1)
    with pytest.raises(OverloadedError):
        await budget.reserve(800, 0.001)
    first.release()
    assert budget.used == 0
    (await budget.reserve(800, 1)).release()


async def test_a_reservation_ends_when_clew_stops() -> None:
    """Nobody waits for a Clew that stops."""
    budget = _World().budget()
    await budget.reserve(800, 1)
    waiting = asyncio.create_task(budget.reserve(800, 30))
    await asyncio.sleep(0)
    budget.close()
    with pytest.raises(StoppingError):
        await waiting


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(list(Compression)), st.booleans()), max_size=40))
def test_the_books_balance(steps: list[tuple[int, Compression, bool]]) -> None:
    """Whatever is admitted and released in whatever order, the sum is right and the limit holds."""
    budget = _World().budget()
    held: list[Charge] = []
    for size, compression, release in steps:
        if release and held:
            held.pop(0).release()
        try:
            held.append(budget.admit(size, compression))
        except OverloadedError:
            assert budget.used
        assert budget.used == sum(charge.bytes for charge in held)
        assert budget.used <= 1000 or len([charge for charge in held if charge.bytes]) == 1
