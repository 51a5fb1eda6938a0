from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from clew.journal import (
    Group,
    GroupRefusedError,
    JournalDamagedError,
    JournalFullError,
    JournalSchemaNewerError,
    JournalSettings,
    JournalStoppedError,
    LocalJournal,
    Segment,
)
from clew.model import SPANS
from clew.store.errors import DirectoryInUseError
from clew.testing.groups import GroupSource

Open = Callable[..., LocalJournal]
Append = Callable[[LocalJournal, Group], Exception | None]


def sealed(journal: LocalJournal) -> Segment:
    """Seal and take the oldest segment."""
    journal.seal()
    segment = journal.next_sealed(0)
    assert segment is not None
    return segment


def settle(journal: LocalJournal, segment: Segment) -> None:
    """Commit a segment as stored whole."""
    journal.commit(segment, stored_spans=segment.rows.get("spans", 0), stored_logs=segment.rows.get("logs", 0))


def test_rows_come_back(open_journal: Open, append: Append, source: GroupSource) -> None:
    """What was acknowledged is handed to the processor row for row, resources and scopes included."""
    journal, groups = open_journal(), [source.group(), source.group(2)]
    assert [append(journal, group) for group in groups] == [None, None]
    segment = sealed(journal)
    expected = pa.Table.from_batches([group.spans for group in groups]).to_pylist()
    assert pa.Table.from_batches(segment.content["spans"]).to_pylist() == expected
    assert segment.batches["spans"] == 2
    resources = pa.Table.from_batches(segment.content["resources"])
    assert set(resources.column("resource_id").to_pylist()) == {row["resource_id"] for row in expected}


def test_resource_once_per_segment(open_journal: Open, append: Append, source: GroupSource) -> None:
    """A resource is written the first time that it occurs in a segment, and again in the next one."""
    journal = open_journal()
    group = source.group()
    append(journal, group)
    append(journal, source.group())
    first = sealed(journal)
    keys = pa.Table.from_batches(first.content["resources"]).select(["resource_id", "day"]).to_pylist()
    assert len(keys) == len({tuple(key.values()) for key in keys})
    settle(journal, first)
    append(journal, group)
    assert sealed(journal).rows["resources"] == group.resources.num_rows


def test_commit_moves_pending_to_stored(open_journal: Open, append: Append, source: GroupSource) -> None:
    """The ledger follows a segment from pending to stored, and its files go."""
    journal = open_journal()
    group = source.group(rejected={"invalid_trace_id": 3})
    append(journal, group)
    rows = group.spans.num_rows
    before = journal.stats().spans
    assert (before.received, before.pending, before.rejected) == (rows + 3, rows, 3)
    settle(journal, sealed(journal))
    after = journal.stats()
    assert (after.spans.received, after.spans.stored, after.spans.pending) == (rows + 3, rows, 0)
    assert (after.bytes, after.segments, journal.next_sealed(0)) == (0, 0, None)


def test_ledger_survives_restart(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Counters, rejected reasons and pending rows are the same after a restart."""
    journal = open_journal()
    append(journal, source.group(rejected={"invalid_span_id": 1}))
    settle(journal, sealed(journal))
    append(journal, source.group(rejected={"invalid_trace_id": 2}))
    journal.seal()
    ledger = journal.stats().spans
    journal.stop()
    assert open_journal().stats().spans == ledger


def test_rejected_alone_is_durable(open_journal: Open, append: Append) -> None:
    """Rows that were all rejected leave a count behind and nothing to insert."""
    journal = open_journal()
    append(journal, Group(rejected_spans={"time_out_of_range": 5}, rejected_logs={"invalid_trace_id": 1}))
    journal.stop()
    journal = open_journal()
    stats = journal.stats()
    assert (stats.spans.received, stats.spans.rejected_by) == (5, {"time_out_of_range": 5})
    assert stats.logs.rejected == 1
    segment = journal.next_sealed(0)
    assert segment is not None
    assert segment.rows == {"logs": 0, "spans": 0}


def test_empty_interval_writes_nothing(open_journal: Open, tmp_path: Path) -> None:
    """Without groups no segment appears."""
    journal = open_journal()
    journal.seal()
    assert journal.next_sealed(0) is None
    assert not list((tmp_path / "journal").glob("0*"))


def test_sealed_by_rows(open_journal: Open, append: Append, source: GroupSource) -> None:
    """A segment ends before it would pass its number of rows."""
    rows = source.group().spans.num_rows
    journal = open_journal(
        JournalSettings(reserve_bytes=0, segment_max_rows=2 * rows, idle_interval_s=3600, unread_interval_s=3600)
    )
    for _ in range(5):
        append(journal, source.group())
    journal.seal()
    sizes = []
    while (segment := journal.next_sealed(0)) is not None:
        sizes.append(segment.rows["spans"])
        settle(journal, segment)
    assert sum(sizes) == journal.stats().spans.stored
    assert all(size <= 2 * rows for size in sizes)
    assert len(sizes) > 1


def test_sealed_by_age_on_the_given_clock(open_journal: Open, append: Append, source: GroupSource) -> None:
    """The interval is measured on the injected clock alone; a wall clock has no say."""
    clock = [10**9]
    settings = JournalSettings(reserve_bytes=0, interval_s=1, unread_interval_s=2)
    journal = open_journal(settings, monotonic=lambda: clock[0])
    append(journal, source.group())
    clock[0] += 2 * 10**9
    append(journal, source.group())
    assert journal.next_sealed(5) is not None


def test_the_first_question_waits_for_what_waited_for_one(
    open_journal: Open, append: Append, source: GroupSource
) -> None:
    """Rows that are older than a reader would have let them be are owed until they are stored; younger ones are not."""
    clock = [10**9]
    settings = JournalSettings(reserve_bytes=0, idle_interval_s=2, unread_interval_s=8, read_lasts_s=60)
    journal = open_journal(settings, monotonic=lambda: clock[0])
    append(journal, source.group())
    journal.read()
    assert not journal.owes()
    clock[0] += 61 * 10**9
    journal.read()
    assert journal.owes()
    journal.catch_up(0.02)
    assert journal.owes()
    segment = journal.next_sealed(60)
    assert segment is not None
    assert journal.owes()
    settle(journal, segment)
    journal.catch_up(60)
    assert not journal.owes()


def test_few_rows_wait_longer_while_nobody_reads(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Unread, a segment waits for the longer interval; the first read ends that at once, and for a minute."""
    clock = [10**9]
    settings = JournalSettings(reserve_bytes=0, idle_interval_s=2, unread_interval_s=8, read_lasts_s=60)
    journal = open_journal(settings, monotonic=lambda: clock[0])
    append(journal, source.group())
    clock[0] += 3 * 10**9
    append(journal, source.group())
    assert journal.next_sealed(0) is None
    journal.read()
    segment = journal.next_sealed(60)
    assert segment is not None
    settle(journal, segment)
    for later, sealed in ((30, True), (61, False)):
        clock[0] += later * 10**9
        append(journal, source.group())
        clock[0] += 3 * 10**9
        append(journal, source.group())
        found = journal.next_sealed(60 if sealed else 0)
        assert (found is not None) == sealed
        if found is not None:
            settle(journal, found)


def test_full_journal_refuses(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Over its size the journal refuses with the retryable error and takes groups again after a commit."""
    journal = open_journal(
        JournalSettings(reserve_bytes=0, max_bytes=400_000, idle_interval_s=3600, unread_interval_s=3600)
    )
    answers = [append(journal, source.group()) for _ in range(12)]
    refused = [answer for answer in answers if answer is not None]
    assert refused
    assert all(isinstance(answer, JournalFullError) and answer.retryable for answer in refused)
    accepted = journal.stats().spans.received
    settle(journal, sealed(journal))
    assert journal.stats().spans.stored == accepted
    assert append(journal, source.group()) is None


def test_reserve_refuses_before_the_disk_is_full(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Below the free space that is kept, groups are refused, nothing is written, and the reason is said."""
    journal = open_journal(JournalSettings(reserve_bytes=1 << 60))
    error = append(journal, source.group())
    assert error is not None
    assert "reserve" in str(error)
    assert journal.stats().spans.received == 0


def test_foreign_batch_is_refused_alone(open_journal: Open, append: Append, source: GroupSource) -> None:
    """A batch of another schema is answered with a permanent error; the groups around it are kept."""
    journal = open_journal()
    append(journal, source.group())
    error = append(journal, Group(spans=pa.record_batch({"a": [1]})))
    assert isinstance(error, GroupRefusedError)
    assert append(journal, source.group()) is None
    assert len(sealed(journal).content["spans"]) == 2


def test_stopped_journal_answers(open_journal: Open, append: Append, source: GroupSource) -> None:
    """After stop a group is refused with a retryable error; stop is safe twice and without start."""
    journal = open_journal()
    journal.stop()
    journal.stop()
    assert isinstance(append(journal, source.group()), JournalStoppedError)


def test_stop_without_start(tmp_path: Path) -> None:
    """Stop without start does nothing."""
    LocalJournal(tmp_path).stop()


def test_second_process_is_refused(open_journal: Open, tmp_path: Path) -> None:
    """A directory has one journal at a time; the other is told which process has it."""
    open_journal()
    with pytest.raises(DirectoryInUseError) as refused:
        LocalJournal(tmp_path / "journal").start()
    assert refused.value.pid is not None


def test_token_names_journal_and_segment(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Tokens differ between segments, stay over restarts, and no number is used twice."""
    journal = open_journal(new_id=lambda: "one")
    append(journal, source.group())
    first = sealed(journal)
    settle(journal, first)
    journal.stop()
    journal = open_journal(new_id=lambda: "two")
    append(journal, source.group())
    assert (first.token, sealed(journal).token) == ("one/1", "one/2")


def test_lost_counters_begin_a_new_journal(open_journal: Open, tmp_path: Path) -> None:
    """Without the counters file the uuid changes, so that a number used before cannot hide new rows."""
    open_journal(new_id=lambda: "one").stop()
    (tmp_path / "journal" / "counters.json").unlink()
    open_journal(new_id=lambda: "two")
    assert (tmp_path / "journal" / "uuid").read_text() == "two\n"


def test_damaged_counters_are_refused(open_journal: Open, tmp_path: Path) -> None:
    """A counters file that is not as written stops the start and says what to do."""
    open_journal().stop()
    path = tmp_path / "journal" / "counters.json"
    path.write_bytes(path.read_bytes().replace(b'"last":', b'"lost":'))
    with pytest.raises(JournalDamagedError) as refused:
        open_journal()
    assert "uuid" in refused.value.hint


@pytest.mark.parametrize("where", ["seal", "stream"])
def test_newer_schema_is_refused(
    open_journal: Open, append: Append, source: GroupSource, tmp_path: Path, where: str
) -> None:
    """A segment of a newer model stops the start with both versions named."""
    journal = open_journal()
    append(journal, source.group())
    journal.stop()
    directory = tmp_path / "journal"
    seal = next(directory.glob("*.seal"))
    if where == "seal":
        seal.write_text(json.dumps({**json.loads(seal.read_text()), "clew.schema": 99}))
    else:
        seal.unlink()
        sink = pa.BufferOutputStream()
        pa.ipc.new_stream(sink, SPANS.with_metadata({"clew.schema": "99"})).close()
        next(directory.glob("*.spans.arrow")).write_bytes(sink.getvalue().to_pybytes())
    with pytest.raises(JournalSchemaNewerError) as refused:
        open_journal()
    assert (refused.value.found, refused.value.known) == (99, 1)


def test_quarantine_and_retry(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """A segment set aside counts as lost over restarts and does not block the next; a retry makes it pending again."""
    journal = open_journal()
    group = source.group(rejected={"invalid_trace_id": 1})
    append(journal, group)
    bad = sealed(journal)
    append(journal, source.group())
    journal.quarantine(bad, "the engine says no")
    assert sealed(journal).number != bad.number
    rows = group.spans.num_rows
    assert journal.stats().spans.lost_by == {"refused": rows}
    journal.stop()
    journal = open_journal()
    assert (journal.stats().quarantined, journal.stats().spans.lost) == (1, rows)
    assert "no" in next((tmp_path / "journal" / "quarantine").glob("*.error")).read_text()
    assert journal.retry_quarantined() == 1
    again = journal.next_sealed(0)
    assert again is not None
    assert (again.token, again.rows) == (bad.token, bad.rows)
    assert (journal.stats().spans.lost, journal.stats().quarantined) == (0, 0)
    assert not list((tmp_path / "journal" / "quarantine").iterdir())


def test_unaccounted_rows_are_lost(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Rows that a commit leaves out are counted, sampled ones by that name."""
    journal = open_journal()
    append(journal, source.group())
    segment = sealed(journal)
    rows = segment.rows["spans"]
    journal.commit(segment, stored_spans=rows - 5, stored_logs=0, sampled_out=3)
    ledger = journal.stats().spans
    assert (ledger.received, ledger.stored, ledger.sampled_out, ledger.lost_by) == (
        rows,
        rows - 5,
        3,
        {"unaccounted": 2},
    )


def test_lz4_segments(open_journal: Open, append: Append, source: GroupSource) -> None:
    """Compressed segments hold the same rows in fewer bytes."""
    sizes = []
    for compression in ("none", "lz4"):
        journal = open_journal(
            JournalSettings(reserve_bytes=0, idle_interval_s=3600, unread_interval_s=3600, compression=compression)
        )
        group = source.group(2)
        append(journal, group)
        segment = sealed(journal)
        assert segment.content["spans"][0].to_pylist() == group.spans.to_pylist()
        sizes.append(Path(segment.paths["spans"]).stat().st_size)
        settle(journal, segment)
        journal.stop()
    assert sizes[1] < sizes[0]


def test_room_shrinks(open_journal: Open, append: Append, source: GroupSource) -> None:
    """`room` says what may still come."""
    journal = open_journal(
        JournalSettings(reserve_bytes=0, max_bytes=1 << 30, idle_interval_s=3600, unread_interval_s=3600)
    )
    assert journal.room() == 1 << 30
    append(journal, source.group())
    assert journal.room() < 1 << 30


def test_age_of_the_oldest(open_journal: Open, append: Append, source: GroupSource) -> None:
    """The age counts from the first row that is not stored."""
    clock = [0]
    journal = open_journal(
        JournalSettings(reserve_bytes=0, idle_interval_s=3600, unread_interval_s=3600), monotonic=lambda: clock[0]
    )
    append(journal, source.group())
    clock[0] = 3 * 10**9
    assert journal.stats().oldest_age_s == 3
    assert replace(journal.stats(), bytes=0).oldest_segment == 1


def test_half_deleted_segment_goes(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """Files left of a committed segment are removed at the next start and counted once."""
    journal = open_journal()
    append(journal, source.group())
    segment = sealed(journal)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "journal", copy)
    settle(journal, segment)
    ledger = journal.stats().spans
    journal.stop()
    counters = tmp_path / "journal" / "counters.json"
    shutil.copy(copy / "000000000001.spans.arrow", tmp_path / "journal")
    body = counters.read_text().split(" ", 1)[1]
    assert '"gone":[1]' in body
    journal = open_journal()
    assert journal.next_sealed(0) is None
    assert journal.stats().spans == ledger
