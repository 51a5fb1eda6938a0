from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew.journal import JournalSettings, LocalJournal
from clew.testing.groups import GroupSource


@pytest.fixture
def source() -> GroupSource:
    """Make groups."""
    return GroupSource(spans=20)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[LocalJournal]:
    """Give a journal that seals when told to."""
    opened = LocalJournal(
        tmp_path / "journal", JournalSettings(reserve_bytes=0, idle_interval_s=3600, unread_interval_s=3600)
    )
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def ignore() -> Callable[[Exception | None], None]:
    """Take an answer of the journal that must be good."""

    def check(error: Exception | None) -> None:
        assert error is None

    return check
