from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clew.journal import Group, JournalDiskFullError, LocalJournal
from clew.testing.groups import GroupSource

Open = Callable[..., LocalJournal]
Append = Callable[[LocalJournal, Group], Exception | None]


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Let the kernel refuse writes beyond a file size: a write fails half way, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_refuses_and_loses_nothing(open_journal: Open, append: Append, source: GroupSource) -> None:
    """A group that finds no room is refused with a retryable error and leaves no trace; what was acknowledged stays."""
    journal = open_journal()
    with _largest_file(250_000):
        groups = [source.group() for _ in range(8)]
        answers = [append(journal, group) for group in groups]
    refused = [answer for answer in answers if answer is not None]
    assert refused
    assert all(isinstance(answer, JournalDiskFullError) and answer.retryable for answer in refused)
    kept = [group for group, answer in zip(groups, answers, strict=True) if answer is None]
    assert append(journal, groups[-1]) is None
    journal.stop()
    journal = open_journal()
    segment = journal.next_sealed(0)
    assert segment is not None
    found = [span for batch in segment.content["spans"] for span in batch.column("span_id").to_pylist()]
    assert found == [span for group in [*kept, groups[-1]] for span in group.spans.column("span_id").to_pylist()]
    assert journal.stats().spans.received == len(found)


def test_no_room_for_a_first_block(open_journal: Open, append: Append, source: GroupSource) -> None:
    """When not even a stream's opening can be written the group is refused, and the next one works again."""
    journal = open_journal()
    with _largest_file(100):
        assert isinstance(append(journal, source.group()), JournalDiskFullError)
    group = source.group()
    assert append(journal, group) is None
    journal.seal()
    segment = journal.next_sealed(0)
    assert segment is not None
    assert segment.rows["spans"] == group.spans.num_rows
    assert segment.rows["resources"] == group.resources.num_rows


def test_seal_on_a_full_disk(open_journal: Open, append: Append, source: GroupSource) -> None:
    """A segment whose end mark and note find no room is still handed over whole, now and after a restart."""
    journal, group = open_journal(), source.group()
    append(journal, group)
    with _largest_file(10):
        journal.seal()
    segment = journal.next_sealed(0)
    assert segment is not None
    assert segment.rows["spans"] == group.spans.num_rows
    journal.stop()
    journal = open_journal()
    assert journal.stats().spans.pending == group.spans.num_rows
