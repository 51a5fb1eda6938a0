"""The first question after a pause: rows that were kept waiting because nobody asked are in its answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest

from clew.journal import JournalSettings, LocalJournal
from clew.model import Scope
from clew.pipeline import Processor
from clew.query.read import Read
from clew.query.reader import Reader
from clew.service.reading import caught_up
from clew.store.embedded import EmbeddedEngine
from clew.testing.groups import GroupSource

SETTINGS = JournalSettings(reserve_bytes=0, idle_interval_s=2, unread_interval_s=3600, read_lasts_s=60)


@pytest.fixture
def clock() -> list[int]:
    """Give the time of the journal, in ns."""
    return [10**9]


@pytest.fixture
def journal(engine: EmbeddedEngine, tmp_path: Path, clock: list[int]) -> Iterator[LocalJournal]:
    """Run a journal and what stores its segments."""
    opened = LocalJournal(tmp_path / "journal", SETTINGS, monotonic=lambda: clock[0])
    opened.start()
    processor = Processor(opened, engine)
    processor.start()
    yield opened
    processor.stop(60)
    opened.stop()


def _stored(read: Read) -> int:
    return int(read.query("SELECT toUInt64(count()) AS n FROM spans").column("n")[0].as_py())


async def test_the_first_question_sees_what_waited_for_it(
    engine: EmbeddedEngine, journal: LocalJournal, clock: list[int]
) -> None:
    """A read that promises nothing finds no rows; the node's waits for them, once they are older than a reader lets."""
    answers: SimpleQueue[Exception | None] = SimpleQueue()
    group = GroupSource(7).group()
    assert group.spans is not None
    journal.append(group, answers.put)
    assert answers.get(timeout=60) is None
    clock[0] += 3 * 10**9
    plain, promising = Reader(engine), Reader(engine, asked=partial(caught_up, journal, most_s=60.0))
    assert await plain.run(Scope("default"), _stored) == 0
    assert await promising.run(Scope("default"), _stored) == group.spans.num_rows
    assert journal.stats().spans.pending == 0
    plain.close()
    promising.close()
