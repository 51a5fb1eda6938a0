from __future__ import annotations

import pytest

from clew.query.errors import BusyError, DisplacedError
from clew.query.turns import Asker, Shares, Ticket, Turns


class Desk:
    """Turns, and what became of each read."""

    def __init__(self, running=1, waiting=10, **more):
        self.turns = Turns(Shares(running, waiting, **more))
        self.started = []
        self.displaced = []
        self.tickets = {}

    def come(self, name, tenant="a", asker=""):
        """Let a read come."""
        ticket = Ticket(
            Asker(tenant, asker),
            lambda: self.started.append(name),
            lambda error: self.displaced.append((name, type(error))),
        )
        self.tickets[name] = ticket
        self.turns.enter(ticket)

    def leave(self, *names):
        """Let reads end."""
        for name in names:
            self.turns.leave(self.tickets[name])

    def drain(self):
        """Let whatever runs end until nothing is left; return the order of all starts."""
        for name in self.started:
            self.leave(name)
        return self.started


def test_tenants_take_turns():
    """A flood of one tenant lets the first read of another come next."""
    desk = Desk()
    for number in range(5):
        desk.come(f"a{number}", "a")
    desk.come("b0", "b")
    desk.come("c0", "c")
    desk.come("b1", "b")
    started = desk.drain()
    assert set(started[1:4]) >= {"b0", "c0"}
    assert set(started[4:6]) >= {"b1"}
    assert [name for name in started if name.startswith("a")] == ["a0", "a1", "a2", "a3", "a4"]


def test_a_newcomer_waits_for_one_read_at_most():
    """Whoever comes behind a flood runs as the next or the one after it."""
    desk = Desk()
    for number in range(9):
        desk.come(f"a{number}", "a")
    desk.come("b", "b")
    assert desk.turns.position(desk.tickets["b"]) <= 2
    desk.leave("a0")
    desk.leave(desk.started[-1])
    assert "b" in desk.started


def test_askers_of_a_tenant_take_turns():
    """Within a tenant, a token with many reads does not hold up one with few."""
    desk = Desk()
    for number in range(4):
        desk.come(f"x{number}", "a", "x")
    desk.come("y", "a", "y")
    desk.drain()
    assert desk.started.index("y") <= 2
    assert [name for name in desk.started if name != "y"] == ["x0", "x1", "x2", "x3"]


def test_positions_are_the_order_of_running():
    """Positions count from one and say exactly when each read will run."""
    desk = Desk(waiting=20)
    for number in range(6):
        desk.come(f"a{number}", "a", f"t{number % 2}")
    for number in range(3):
        desk.come(f"b{number}", "b")
    waiting = [name for name in desk.tickets if name != "a0"]
    promised = sorted(waiting, key=lambda name: desk.turns.position(desk.tickets[name]))
    assert sorted(desk.turns.position(desk.tickets[name]) for name in waiting) == list(range(1, 9))
    assert desk.turns.position(desk.tickets["a0"]) == 0
    first = promised[0]
    desk.leave("a0")
    assert desk.started == ["a0", first]


def test_a_full_queue_makes_room_for_who_waits_for_less():
    """The newest read of the greediest tenant goes, and is told so; equals are refused."""
    desk = Desk(waiting=4)
    for number in range(5):
        desk.come(f"a{number}", "a")
    with pytest.raises(BusyError) as caught:
        desk.come("a5", "a")
    assert (caught.value.waiting, caught.value.position) == (4, 5)
    desk.come("b0", "b")
    assert desk.displaced == [("a4", DisplacedError)]
    desk.come("b1", "b")
    assert desk.displaced[1:] == [("a3", DisplacedError)]
    with pytest.raises(BusyError):
        desk.come("b2", "b")
    assert desk.turns.waiting == 4


def test_whoever_leaves_the_line_is_out():
    """A read that is cancelled while it waits never runs, and its place is free."""
    desk = Desk(waiting=2)
    for name in ("a", "b", "c"):
        desk.come(name)
    desk.leave("b")
    desk.leave("b")
    desk.come("d")
    assert desk.drain() == ["a", "c", "d"]
    assert (desk.turns.running, desk.turns.waiting) == (0, 0)


def test_shares_of_a_tenant_and_of_an_asker():
    """A tenant or a token at its share waits though readers are free; the others go on."""
    desk = Desk(running=4, per_tenant=2, per_asker=1)
    desk.come("x0", "a", "x")
    desk.come("x1", "a", "x")
    desk.come("y0", "a", "y")
    desk.come("z0", "a", "z")
    desk.come("b0", "b")
    assert desk.started == ["x0", "y0", "b0"]
    desk.leave("x0")
    assert len(desk.started) == 4
    assert desk.started[-1] in {"x1", "z0"}
    desk.drain()
    assert set(desk.started) == {"x0", "x1", "y0", "z0", "b0"}
