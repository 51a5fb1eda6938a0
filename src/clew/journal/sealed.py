"""A sealed segment: immutable, with a note beside it that says what it must hold."""

from __future__ import annotations

import contextlib
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clew.journal import blocks
from clew.journal.errors import JournalSchemaNewerError
from clew.journal.files import STREAMS, replace_whole, seal_path, stream_path
from clew.journal.tally import SIGNALS, Tally
from clew.model import SCHEMA_VERSION


@dataclass(slots=True)
class Stream:
    """Size of one stream of a segment."""

    rows: int = 0
    batches: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Sealed:
    """What the journal knows about a sealed segment without reading it."""

    number: int
    first_ns: int
    """When its first row came, on the monotonic clock."""
    streams: dict[str, Stream] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=lambda: {signal: Tally() for signal in SIGNALS})

    @property
    def size(self) -> int:
        """Bytes of all streams."""
        return sum(stream.bytes for stream in self.streams.values())

    def to_json(self) -> bytes:
        """Return the content of the note."""
        streams = {name: [stream.rows, stream.batches, stream.bytes] for name, stream in self.streams.items()}
        tallies = {signal: tally.to_json() for signal, tally in self.tallies.items()}
        return json.dumps({"clew.schema": SCHEMA_VERSION, "streams": streams, "tallies": tallies}).encode()

    def write(self, directory: Path, *, durable: bool = True) -> None:
        """Write the note; without it the next start reads the whole segment instead."""
        path = seal_path(directory, self.number)
        if durable:
            replace_whole(path, self.to_json())
        else:
            path.write_bytes(self.to_json())


def read_seal(directory: Path, number: int, first_ns: int) -> Sealed | None:
    """Return what the note says, `None` when there is none or it is not whole.

    Raises:
        JournalSchemaNewerError: a newer Clew wrote it.
    """
    path = seal_path(directory, number)
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        body = json.loads(path.read_bytes())
        if body["clew.schema"] > SCHEMA_VERSION:
            raise JournalSchemaNewerError(path, body["clew.schema"], SCHEMA_VERSION)
        streams = {name: Stream(*sizes) for name, sizes in body["streams"].items()}
        tallies = {signal: Tally.from_json(body["tallies"][signal]) for signal in SIGNALS}
        return Sealed(number, first_ns, streams, tallies)
    return None


@dataclass(frozen=True, slots=True)
class Scanned:
    """The bytes of a segment's streams and the blocks found in them."""

    data: Mapping[str, memoryview]
    found: Mapping[str, list[blocks.Block]]

    @property
    def damaged(self) -> bool:
        """Whether any block is bad."""
        return any(not block.good for found in self.found.values() for block in found)

    def end(self, stream: str) -> int:
        """Return where the last whole block ends."""
        found = self.found[stream]
        return found[-1].end if found else min(len(blocks.opening(stream)), self.data[stream].nbytes)


def scan(directory: Path, number: int) -> Scanned:
    """Map the streams of a segment into memory and check every block.

    Raises:
        JournalSchemaNewerError: a newer Clew wrote one of them.
    """
    data: dict[str, memoryview] = {}
    for stream in STREAMS:
        path = stream_path(directory, number, stream)
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            if path.stat().st_size:
                data[stream] = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    for stream, view in data.items():
        version = blocks.schema_version(view)
        if version is not None and version > SCHEMA_VERSION:
            raise JournalSchemaNewerError(stream_path(directory, number, stream), version, SCHEMA_VERSION)
    return Scanned(data, {stream: blocks.scan(view, stream) for stream, view in data.items()})


def measure(number: int, first_ns: int, scanned: Scanned) -> Sealed:
    """Count the good blocks of a segment."""
    sealed = Sealed(number, first_ns)
    for stream, found in scanned.found.items():
        notes = [block.note for block in found if block.good and block.note]
        sealed.streams[stream] = Stream(sum(note.rows for note in notes), len(notes), scanned.end(stream))
        if stream in SIGNALS:
            for note in notes:
                sealed.tallies[stream].add(note.rows, note.rejected)
    return sealed
