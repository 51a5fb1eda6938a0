"""Whose turn it is: reads wait in one line per tenant and per asker, and the lines take turns."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from clew.query.errors import BusyError, DisplacedError


@dataclass(frozen=True, slots=True)
class Asker:
    """Who waits: a tenant, and a token or user of it."""

    tenant: str
    name: str = ""


@dataclass(eq=False, slots=True)
class Ticket:
    """One read from when it comes until it ends."""

    asker: Asker
    start: Callable[[], None]
    """Called once it is its turn, in the thread that gave the turn; must return at once."""
    displaced: Callable[[DisplacedError], None]
    """Called instead when it loses its place to a tenant that waits for less."""
    number: int = 0
    running: bool = False


@dataclass(frozen=True, slots=True)
class Shares:
    """How many reads run and wait."""

    running: int
    """At once."""
    waiting: int
    """At once, of all tenants together."""
    per_tenant: int = 0
    """Running at once for one tenant; 0 sets no limit."""
    per_asker: int = 0
    """Running at once for one token or user; 0 sets no limit."""


@dataclass(slots=True)
class _Line:
    """The waiting reads of one tenant: askers take turns, each in the order of its reads."""

    askers: OrderedDict[str, deque[Ticket]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return sum(len(line) for line in self.askers.values())


class Turns:
    """Decides which read runs next. Thread-safe; never blocks.

    Tenants take turns, and so do the askers of one tenant, so a flood of one delays nobody else by more than one read.
    When all places are taken, a newcomer takes that of the newest read of whoever waits for most, if that is at least
    two more than it waits for itself; else it is refused.
    """

    def __init__(self, shares: Shares) -> None:
        self.shares = shares
        self._lock = threading.Lock()
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._by_asker: Counter[Asker] = Counter()
        self._numbers = itertools.count()

    @property
    def running(self) -> int:
        """How many reads run."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many reads wait."""
        with self._lock:
            return self._waiting()

    def enter(self, ticket: Ticket) -> None:
        """Start a read or let it wait.

        Raises:
            BusyError: all places are taken, and nobody waits for more.
        """
        with self._lock:
            ticket.number = next(self._numbers)
            lost = self._make_room(ticket)
            line = self._lines.setdefault(ticket.asker.tenant, _Line())
            line.askers.setdefault(ticket.asker.name, deque()).append(ticket)
            started = list(self._next())
        self._tell(started, lost)

    def leave(self, ticket: Ticket) -> None:
        """Take a read out, whether it has run or waits no more; the next gets its turn. Safe twice."""
        with self._lock:
            if ticket.running:
                ticket.running = False
                self._count(ticket, -1)
            else:
                self._remove(ticket)
            started = list(self._next())
        self._tell(started, None)

    def position(self, ticket: Ticket) -> int:
        """Return how many reads come before a waiting one and itself, 0 once it runs or has left."""
        with self._lock:
            order = self._order()
            return next((place for place, one in enumerate(order, 1) if one is ticket), 0)

    def _waiting(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def _make_room(self, ticket: Ticket) -> Ticket | None:
        """Return who has to go for a newcomer, `None` when there is room."""
        waiting = self._waiting()
        free = self.running < self.shares.running and self._may_run(ticket)
        if free or waiting < self.shares.waiting:
            return None
        sizes = {tenant: len(line) for tenant, line in self._lines.items()}
        greedy = max(sizes, key=lambda tenant: sizes[tenant], default="")
        if sizes.get(greedy, 0) < sizes.get(ticket.asker.tenant, 0) + 2:
            raise BusyError(waiting, position=waiting + 1)
        lost = max((one for line in self._lines[greedy].askers.values() for one in line), key=lambda one: one.number)
        self._remove(lost)
        return lost

    def _remove(self, ticket: Ticket) -> None:
        line = self._lines.get(ticket.asker.tenant)
        waiting = line.askers.get(ticket.asker.name) if line else None
        if line is None or waiting is None or ticket not in waiting:
            return
        waiting.remove(ticket)
        if not waiting:
            del line.askers[ticket.asker.name]
        if not line.askers:
            del self._lines[ticket.asker.tenant]

    def _next(self) -> Iterator[Ticket]:
        """Yield the reads that get their turn now."""
        while self.running < self.shares.running:
            ticket = next((one for one in self._order() if self._may_run(one)), None)
            if ticket is None:
                return
            self._remove(ticket)
            self._count(ticket, 1)
            ticket.running = True
            self._to_the_end(ticket.asker)
            yield ticket

    def _to_the_end(self, asker: Asker) -> None:
        """Let the others come before a tenant and an asker that had their turn."""
        line = self._lines.get(asker.tenant)
        if line is None:
            return
        self._lines.move_to_end(asker.tenant)
        if asker.name in line.askers:
            line.askers.move_to_end(asker.name)

    def _order(self) -> list[Ticket]:
        """Return the waiting reads in the order in which they would run, one after the other."""
        by_tenant = [_in_turns([list(line) for line in one.askers.values()]) for one in self._lines.values()]
        return _in_turns(by_tenant)

    def _may_run(self, ticket: Ticket) -> bool:
        shares, asker = self.shares, ticket.asker
        tenant_has_room = not shares.per_tenant or self._running[asker.tenant] < shares.per_tenant
        return tenant_has_room and (not shares.per_asker or self._by_asker[asker] < shares.per_asker)

    def _count(self, ticket: Ticket, by: int) -> None:
        for counter, key in ((self._running, ticket.asker.tenant), (self._by_asker, ticket.asker)):
            counter[key] += by  # type: ignore[index]
            if not counter[key]:  # type: ignore[index]
                del counter[key]

    @staticmethod
    def _tell(started: list[Ticket], lost: Ticket | None) -> None:
        if lost is not None:
            lost.displaced(DisplacedError())
        for ticket in started:
            ticket.start()


def _in_turns(lines: list[list[Ticket]]) -> list[Ticket]:
    """Return the first of each line, then the second of each, and so on."""
    rounds = itertools.zip_longest(*lines)
    return [ticket for turn in rounds for ticket in turn if ticket is not None]
