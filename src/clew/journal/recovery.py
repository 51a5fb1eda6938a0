"""What a start finds: files of done segments, half-moved ones, torn tails; afterwards only whole segments are left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clew.journal import counters, rescue
from clew.journal.counters import Counters
from clew.journal.files import (
    END,
    end_stream,
    error_path,
    files_of,
    fsync_directory,
    numbers,
    replace_whole,
    seal_path,
    stream_path,
)
from clew.journal.sealed import Scanned, Sealed, measure, read_seal, scan
from clew.journal.shelf import Shelf
from clew.journal.tally import SIGNALS, Tally


def load_identity(directory: Path, new_id: Callable[[], str]) -> tuple[str, Counters]:
    """Return the journal's uuid and counters; without counters a new journal begins, so that no token is used twice."""
    identity, path = directory / "uuid", directory / counters.FILE
    if path.exists() and identity.exists():
        return identity.read_text().strip(), counters.load(path)
    replace_whole(identity, f"{new_id()}\n".encode())
    fresh = Counters()
    replace_whole(path, fresh.encode())
    return identity.read_text().strip(), fresh


def recover(shelf: Shelf, found: Counters, monotonic: Callable[[], int]) -> None:
    """Bring the directory into a whole state and hand it to the shelf."""
    directory, quarantine = shelf.directory, shelf.quarantine_directory
    quarantine.mkdir(exist_ok=True)
    for new in found.recut.values():
        rescue.finish(directory, new)
    found.recut.clear()
    for number in found.gone:
        for path in list(files_of(directory, number)):
            path.unlink()
    found.gone.clear()
    for path in directory.glob("*.tmp"):
        path.unlink()
    _finish_moves(directory, quarantine)
    fsync_directory(directory)
    now = monotonic()
    aside = {number: _known(quarantine, number, now) for number in numbers(quarantine)}
    in_line = numbers(directory)
    shelf.open(found, {}, aside, max([*in_line, *aside], default=0))
    for number in in_line:
        sealed = read_seal(directory, number, now)
        if sealed is not None and _sizes_match(directory, sealed):
            with shelf.lock:
                shelf.put(sealed)
        else:
            _open_end(shelf, number, sealed, now)


def _finish_moves(directory: Path, quarantine: Path) -> None:
    """Complete moves that a kill cut short: a segment is where its note is."""
    here, there = set(numbers(directory)), set(numbers(quarantine))
    for number in there:
        aside = seal_path(quarantine, number).exists()
        source, target = (directory, quarantine) if aside else (quarantine, directory)
        if not aside and not (number in here and seal_path(directory, number).exists()):
            if not any(path.suffix == ".arrow" for path in files_of(quarantine, number)):
                error_path(quarantine, number).unlink(missing_ok=True)
            continue
        for path in list(files_of(source, number)):
            if path.suffix == ".error":
                path.unlink()
            else:
                path.rename(target / path.name)


def _known(directory: Path, number: int, now: int) -> Sealed:
    """Return what a quarantined segment holds; without its note, by reading it."""
    sealed = read_seal(directory, number, now)
    if sealed is None:
        sealed = measure(number, now, scan(directory, number))
        sealed.write(directory)
    return sealed


def _sizes_match(directory: Path, sealed: Sealed) -> bool:
    paths = {stream: stream_path(directory, sealed.number, stream) for stream in sealed.streams}
    return all(path.exists() and path.stat().st_size == sealed.streams[name].bytes for name, path in paths.items())


def _open_end(shelf: Shelf, number: int, noted: Sealed | None, now: int) -> None:
    """Seal a segment that was open when the process ended: cut its torn tail, replace it when it is damaged."""
    scanned = scan(shelf.directory, number)
    if noted is None:
        scanned = _without_torn_group(scanned)
    sealed = measure(number, now, scanned)
    before = noted.tallies if noted else rescue.expected(scanned)
    if scanned.damaged or _less(sealed.tallies, before):
        shelf.replace_damaged(number, before, scanned, now)
        return
    if not any(stream.batches for stream in sealed.streams.values()):
        for path in list(files_of(shelf.directory, number)):
            path.unlink()
        return
    for stream in list(sealed.streams):
        path = stream_path(shelf.directory, number, stream)
        if not sealed.streams[stream].batches:
            path.unlink()
            del sealed.streams[stream]
            continue
        end_stream(path, scanned.end(stream))
        sealed.streams[stream].bytes = scanned.end(stream) + len(END)
    sealed.write(shelf.directory)
    with shelf.lock:
        shelf.put(sealed)


def _without_torn_group(scanned: Scanned) -> Scanned:
    """Leave out the last group when one of its streams lacks its block: it was never acknowledged."""
    groups = {stream: {block.note.group for block in found if block.note} for stream, found in scanned.found.items()}
    last = max((group for found in groups.values() for group in found), default=-1)
    missing = any(
        block.note and block.note.group == last and not all(last in groups.get(name, ()) for name in block.note.streams)
        for found in scanned.found.values()
        for block in found
    )
    if not missing:
        return scanned
    kept = {
        stream: [block for block in found if not (block.note and block.note.group == last)]
        for stream, found in scanned.found.items()
    }
    return Scanned(scanned.data, kept)


def _less(after: dict[str, Tally], before: dict[str, Tally]) -> bool:
    return any(after[signal].received < before[signal].received for signal in SIGNALS)
