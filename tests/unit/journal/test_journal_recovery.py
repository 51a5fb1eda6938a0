from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from clew.journal import Group, LocalJournal, blocks
from clew.journal.sealed import read_seal
from clew.testing.groups import GroupSource

Open = Callable[..., LocalJournal]
Append = Callable[[LocalJournal, Group], Exception | None]
SPANS = "000000000001.spans.arrow"


def killed(journal: LocalJournal, tmp_path: Path) -> Path:
    """Return the directory as a kill would leave it now: nothing sealed, nothing flushed but what was synced."""
    copy = tmp_path / "killed"
    shutil.copytree(tmp_path / "journal", copy)
    journal.stop()
    shutil.rmtree(tmp_path / "journal")
    copy.rename(tmp_path / "journal")
    return tmp_path / "journal"


def ids(groups: Iterable[Group]) -> list[int]:
    """Return the span ids of groups in order."""
    return [span for group in groups for span in group.spans.column("span_id").to_pylist()]


def drain(journal: LocalJournal) -> list[int]:
    """Take and commit everything; return the span ids in order."""
    found: list[int] = []
    while (segment := journal.next_sealed(0)) is not None:
        for batch in segment.content.get("spans", ()):
            found += batch.column("span_id").to_pylist()
        rows = segment.rows
        journal.commit(segment, stored_spans=rows.get("spans", 0), stored_logs=rows.get("logs", 0))
    return found


def whole(journal: LocalJournal) -> bool:
    """Say whether the ledger adds up."""
    ledger = journal.stats().spans
    return ledger.received == (ledger.stored + ledger.pending + ledger.sampled_out + ledger.rejected + ledger.lost)


def flip(path: Path, at: int) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << (at % 8)
    path.write_bytes(data)


def block_starts(path: Path) -> list[int]:
    """Return where the blocks of a stream of spans begin."""
    return [block.start for block in blocks.scan(memoryview(path.read_bytes()), "spans")]


def test_kill_keeps_acknowledged_rows(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """A kill with an open segment loses none of its acknowledged rows."""
    journal, groups = open_journal(), [source.group() for _ in range(3)]
    for group in groups:
        append(journal, group)
    killed(journal, tmp_path)
    journal = open_journal()
    assert journal.stats().spans.pending == len(ids(groups))
    assert drain(journal) == ids(groups)


@pytest.mark.parametrize("cut", [1, 7, 8, 100, 5_000, 30_000])
def test_torn_tail_is_cut(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path, cut: int) -> None:
    """A stream that ends within a block is cut behind the last whole one; nothing counts as lost."""
    journal, groups = open_journal(), [source.group() for _ in range(3)]
    for group in groups:
        append(journal, group)
    path = killed(journal, tmp_path) / SPANS
    os.truncate(path, path.stat().st_size - cut)
    journal = open_journal()
    assert (journal.stats().spans.lost, journal.stats().spans.received) == (0, len(ids(groups[:2])))
    assert drain(journal) == ids(groups[:2])


def test_garbage_behind_the_last_block(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """Zeros or leftovers behind the last block, as a power loss leaves them, are cut off."""
    journal, group = open_journal(), source.group()
    append(journal, group)
    path = killed(journal, tmp_path) / SPANS
    path.write_bytes(path.read_bytes() + bytes(4096))
    journal = open_journal()
    assert drain(journal) == ids([group])


def test_group_without_one_of_its_streams(
    open_journal: Open, append: Append, source: GroupSource, tmp_path: Path
) -> None:
    """A last group whose spans reached the disk and whose resources did not was never acknowledged: it goes whole."""
    journal = open_journal()
    append(journal, source.group())
    directory = killed(journal, tmp_path)
    resources = directory / SPANS.replace("spans", "resources")
    os.truncate(resources, resources.stat().st_size - 1)
    journal = open_journal()
    assert journal.stats().spans.received == 0
    assert drain(journal) == []
    assert not list(directory.glob("0*"))


@pytest.mark.parametrize("state", ["open", "sealed", "running"])
@pytest.mark.parametrize("offset", [4, 40, 600, -2_000, -9])
def test_flipped_bit_loses_one_block(
    open_journal: Open, append: Append, tmp_path: Path, state: str, offset: int
) -> None:
    """One flipped bit, in framing, dictionaries, note or data, costs its block alone; its rows are counted lost."""
    source = GroupSource()
    journal, groups = open_journal(), [source.group(rejected={"invalid_trace_id": 1}) for _ in range(3)]
    for group in groups:
        append(journal, group)
    if state == "open":
        killed(journal, tmp_path)
    elif state == "sealed":
        journal.stop()
    else:
        journal.seal()
    path = tmp_path / "journal" / SPANS
    starts = block_starts(path)
    flip(path, (starts[1] if offset > 0 else starts[2]) + offset)
    if state != "running":
        journal = open_journal()
    assert drain(journal) == ids([groups[0], groups[2]])
    ledger = journal.stats().spans
    assert ledger.lost_by == {"damaged": groups[1].spans.num_rows}
    assert whole(journal)
    assert ledger.received >= len(ids(groups)) + 2
    assert list((tmp_path / "journal" / "quarantine").glob("*.damaged"))


def test_flipped_bit_in_the_opening(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """A bit in the schema, which would send a column astray without an error, is noticed and mended."""
    journal, group = open_journal(), source.group()
    append(journal, group)
    journal.stop()
    path = tmp_path / "journal" / SPANS
    flip(path, path.read_bytes().index(b"parent_id") + 2)
    journal = open_journal()
    assert drain(journal) == ids([group])
    assert journal.stats().spans.lost == 0


def test_missing_stream_is_counted(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """When somebody removes a stream of a sealed segment its rows are counted lost and the rest goes on."""
    journal, group = open_journal(), source.group()
    append(journal, group)
    journal.stop()
    (tmp_path / "journal" / SPANS).unlink()
    journal = open_journal()
    assert drain(journal) == []
    assert journal.stats().spans.lost_by == {"damaged": group.spans.num_rows}
    assert whole(journal)


def test_missing_note_is_made_again(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """A sealed segment without its note, or with a torn one, is read and gets a new one."""
    journal, group = open_journal(), source.group(rejected={"invalid_trace_id": 2})
    append(journal, group)
    journal.stop()
    seal = tmp_path / "journal" / "000000000001.seal"
    before = seal.read_bytes()
    seal.write_bytes(before[:30])
    journal = open_journal()
    assert read_seal(tmp_path / "journal", 1, 0) is not None
    assert journal.stats().spans.rejected == 2
    assert drain(journal) == ids([group])


def test_move_to_quarantine_cut_short(open_journal: Open, append: Append, source: GroupSource, tmp_path: Path) -> None:
    """A kill between the renames of a quarantine, or of a retry, leaves the segment where its note is."""
    journal, group = open_journal(), source.group()
    append(journal, group)
    journal.stop()
    directory, quarantine = tmp_path / "journal", tmp_path / "journal" / "quarantine"
    (directory / "000000000001.seal").rename(quarantine / "000000000001.seal")
    journal = open_journal()
    assert (journal.stats().quarantined, journal.next_sealed(0)) == (1, None)
    journal.stop()
    (quarantine / "000000000001.seal").rename(directory / "000000000001.seal")
    journal = open_journal()
    assert journal.stats().quarantined == 0
    assert drain(journal) == ids([group])
