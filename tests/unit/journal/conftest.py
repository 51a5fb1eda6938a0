from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew.journal import Group, JournalSettings, LocalJournal
from clew.testing.groups import GroupSource

SETTINGS = JournalSettings(
    reserve_bytes=0, counters_reserve_bytes=4096, idle_interval_s=3600, unread_interval_s=3600, interval_s=3600
)


class Acks:
    """Collects what the journal answers."""

    def __init__(self) -> None:
        self.answers: list[Exception | None] = []
        self._changed = threading.Condition()

    def __call__(self, error: Exception | None) -> None:
        """Take an answer."""
        with self._changed:
            self.answers.append(error)
            self._changed.notify_all()

    def wait(self, count: int) -> list[Exception | None]:
        """Return the answers once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.answers) >= count, 30)
            return self.answers


@pytest.fixture
def acks() -> Acks:
    """Collect answers."""
    return Acks()


@pytest.fixture
def source() -> GroupSource:
    """Make groups."""
    return GroupSource()


@pytest.fixture
def open_journal(tmp_path: Path) -> Iterator[Callable[..., LocalJournal]]:
    """Start journals on one directory; all are stopped at the end."""
    opened: list[LocalJournal] = []

    def start(settings: JournalSettings = SETTINGS, **options: object) -> LocalJournal:
        journal = LocalJournal(tmp_path / "journal", settings, **options)
        opened.append(journal)
        journal.start()
        return journal

    yield start
    for journal in opened:
        journal.stop()


@pytest.fixture
def append(acks: Acks) -> Callable[[LocalJournal, Group], Exception | None]:
    """Append a group and wait for its answer."""

    def now(journal: LocalJournal, group: Group) -> Exception | None:
        count = len(acks.answers) + 1
        journal.append(group, acks)
        return acks.wait(count)[-1]

    return now
