"""After damage: the good blocks of a segment become a new one, the bad ones are set aside."""

from __future__ import annotations

from pathlib import Path

from clew.journal import blocks
from clew.journal.files import END, fsync_directory, seal_path, stream_path, write_whole
from clew.journal.sealed import Scanned, Sealed, Stream
from clew.journal.tally import SIGNALS, Tally


def expected(scanned: Scanned) -> dict[str, Tally]:
    """Return what the segment held before it was damaged, as far as its blocks tell."""
    tallies = {signal: Tally() for signal in SIGNALS}
    for signal in SIGNALS:
        tally = tallies[signal]
        for block in scanned.found.get(signal, ()):
            if block.note is None:
                continue
            tally.rows = (block.note.before if block.good else tally.rows) + block.note.rows
            tally.rejected_by.update(block.note.rejected)
    return tallies


def rewrite(directory: Path, quarantine: Path, scanned: Scanned, *, old: int, new: int, first_ns: int) -> Sealed | None:
    """Write the good blocks under temporary names of segment `new`, the bad ones into the quarantine; all durable.

    Returns:
        The new segment, `None` when nothing good is left.
    """
    sealed = Sealed(new, first_ns)
    for stream, found in scanned.found.items():
        data = scanned.data[stream]
        bad = [data[block.start : block.end] for block in found if not block.good]
        if bad:
            write_whole(quarantine / f"{old:012d}.{stream}.damaged", b"".join(bad))
        good = [block for block in found if block.good and block.note]
        if not good:
            continue
        content = b"".join([blocks.opening(stream), *(data[block.start : block.end] for block in good), END])
        write_whole(_temporary(stream_path(directory, new, stream)), content)
        notes = [block.note for block in good if block.note]
        sealed.streams[stream] = Stream(sum(note.rows for note in notes), len(notes), len(content))
        if stream in SIGNALS:
            for note in notes:
                sealed.tallies[stream].add(note.rows, note.rejected)
    if not sealed.streams:
        return None
    write_whole(_temporary(seal_path(directory, new)), sealed.to_json())
    fsync_directory(directory)
    return sealed


def finish(directory: Path, new: int) -> None:
    """Give the rescued segment its names; harmless when done before."""
    for path in sorted(directory.glob(f"{new:012d}.*.tmp")):
        path.rename(path.with_suffix(""))
    fsync_directory(directory)


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")
