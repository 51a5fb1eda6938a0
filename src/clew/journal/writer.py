"""The open segment: groups are written behind each other, then synced; what fails is taken back whole."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from clew.journal import blocks
from clew.journal.files import END, STREAMS, fsync_directory, stream_path, write_all
from clew.journal.protocol import Group
from clew.journal.sealed import Sealed, Stream
from clew.journal.tally import SIGNALS, Tally

Key = tuple[str, int, int]
"""Tenant, id and day of a resource or scope."""

_IDS = {"resources": "resource_id", "scopes": "scope_id"}


@dataclass(slots=True)
class _File:
    fd: int
    size: Stream
    """As written, synced or not."""
    kept: Stream = field(default_factory=Stream)
    """As of the last sync that succeeded."""
    dirty: bool = False


def _keys(batch: pa.RecordBatch, column: str) -> list[Key]:
    days = batch.column("day").cast(pa.int32())
    return list(
        zip(batch.column("tenant").to_pylist(), batch.column(column).to_pylist(), days.to_pylist(), strict=True)
    )


class OpenSegment:
    """Takes groups until it is sealed. Used by the journal's thread alone."""

    def __init__(self, directory: Path, number: int, first_ns: int, compression: str) -> None:
        self.number = number
        self.first_ns = first_ns
        self.tallies = {signal: Tally() for signal in SIGNALS}
        """What is durable."""
        self._fresh = {signal: Tally() for signal in SIGNALS}
        self._directory = directory
        self._compression = compression
        self._files: dict[str, _File] = {}
        self._seen: dict[str, set[Key]] = {stream: set() for stream in _IDS}
        self._fresh_keys: list[tuple[str, Key]] = []
        self._groups = 0
        self._created = False

    @property
    def rows(self) -> int:
        """Spans and logs written."""
        return sum(self._files[signal].size.rows for signal in SIGNALS if signal in self._files)

    @property
    def size(self) -> int:
        """Bytes written to all streams."""
        return sum(file.size.bytes for file in self._files.values())

    def write(self, group: Group) -> None:
        """Write a group behind the others; not durable before `sync`.

        Raises:
            OSError: nothing of the group is left in the segment; earlier groups are untouched.
            pa.ArrowException: a batch does not fit; nothing was written.
        """
        batches, keys = self._new_rows(group)
        rejected = {"spans": group.rejected_spans, "logs": group.rejected_logs}
        streams = tuple(stream for stream in STREAMS if stream in batches)
        pieces: dict[str, list[memoryview]] = {}
        for stream in streams:
            before = self._files[stream].size.rows if stream in self._files else 0
            counts = {reason: count for reason, count in rejected.get(stream, {}).items() if count}
            note = blocks.Note(batches[stream].num_rows, before, self._groups, streams, counts)
            pieces[stream] = blocks.encode(stream, batches[stream], note, self._compression)
        sizes = {stream: file.size.bytes for stream, file in self._files.items()}
        try:
            for stream in streams:
                file = self._file(stream)
                file.dirty = True
                file.size.bytes += write_all(file.fd, pieces[stream])
        except OSError:
            for stream in self._files.keys() - sizes.keys():
                self._remove(stream)
            self._cut(sizes)
            raise
        self._account(batches, rejected, keys)

    def sync(self) -> None:
        """Make every group written so far durable; `publish` counts them then.

        Raises:
            OSError: the groups since the last sync are cut off; the segment must be sealed, since the state of its
                pages is unknown now.
        """
        try:
            for file in self._files.values():
                if file.dirty:
                    os.fdatasync(file.fd)
            if self._created:
                fsync_directory(self._directory)
        except OSError:
            self.take_back()
            raise
        self._created = False
        for file in self._files.values():
            file.dirty = False
            file.kept = Stream(file.size.rows, file.size.batches, file.size.bytes)

    def publish(self) -> None:
        """Count the groups of the last sync; touches no disk, so that it can happen under the journal's lock."""
        for signal, fresh in self._fresh.items():
            self.tallies[signal].add(fresh.rows, fresh.rejected_by)
        self._fresh = {signal: Tally() for signal in SIGNALS}
        self._fresh_keys.clear()

    def take_back(self) -> None:
        """Cut off everything since the last sync."""
        self._cut({stream: file.kept.bytes for stream, file in self._files.items()})
        for file in self._files.values():
            file.size = Stream(file.kept.rows, file.kept.batches, file.kept.bytes)
        self._fresh = {signal: Tally() for signal in SIGNALS}
        for stream, key in self._fresh_keys:
            self._seen[stream].discard(key)
        self._fresh_keys.clear()

    def seal(self) -> Sealed | None:
        """End the streams and close them; `None`, and no file left, when nothing durable is in them.

        Whatever fails here only costs the next start a look into the segment: its groups are durable already.
        """
        sealed = Sealed(self.number, self.first_ns, tallies=self.tallies)
        for stream, file in list(self._files.items()):
            if not file.kept.batches:
                self._remove(stream)
                continue
            sealed.streams[stream] = file.kept
            with contextlib.suppress(OSError):
                file.kept.bytes += write_all(file.fd, [memoryview(END)])
            os.close(file.fd)
        self._files.clear()
        if not sealed.streams:
            return None
        with contextlib.suppress(OSError):
            sealed.write(self._directory, durable=False)
        return sealed

    def _new_rows(self, group: Group) -> tuple[dict[str, pa.RecordBatch], list[tuple[str, Key]]]:
        """Return the batches to write, without the resources and scopes that the segment has already."""
        batches: dict[str, pa.RecordBatch] = {}
        fresh: list[tuple[str, Key]] = []
        for stream, batch in (("resources", group.resources), ("scopes", group.scopes)):
            if batch is None or not batch.num_rows:
                continue
            keys = _keys(batch, _IDS[stream])
            new = [key not in self._seen[stream] for key in keys]
            if any(new):
                batches[stream] = batch if all(new) else batch.filter(pa.array(new))
                fresh.extend((stream, key) for key, is_new in zip(keys, new, strict=True) if is_new)
        for signal, batch, counts in (
            ("logs", group.logs, group.rejected_logs),
            ("spans", group.spans, group.rejected_spans),
        ):
            if batch is not None and batch.num_rows:
                batches[signal] = batch
            elif any(counts.values()):
                batches[signal] = blocks.empty_batch(signal)
        return batches, fresh

    def _account(
        self,
        batches: Mapping[str, pa.RecordBatch],
        rejected: Mapping[str, Mapping[str, int]],
        keys: list[tuple[str, Key]],
    ) -> None:
        self._groups += 1
        for stream, batch in batches.items():
            size = self._files[stream].size
            size.rows += batch.num_rows
            size.batches += 1
            if stream in SIGNALS:
                self._fresh[stream].add(batch.num_rows, Counter(rejected[stream]))
        for stream, key in keys:
            self._seen[stream].add(key)
        self._fresh_keys.extend(keys)

    def _file(self, stream: str) -> _File:
        if stream not in self._files:
            path = stream_path(self._directory, self.number, stream)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._files[stream] = _File(fd, Stream())
            self._created = True
            self._files[stream].size.bytes = write_all(fd, [memoryview(blocks.opening(stream))])
        return self._files[stream]

    def _remove(self, stream: str) -> None:
        os.close(self._files.pop(stream).fd)
        with contextlib.suppress(OSError):
            stream_path(self._directory, self.number, stream).unlink()

    def _cut(self, sizes: Mapping[str, int]) -> None:
        for stream, size in sizes.items():
            file = self._files[stream]
            with contextlib.suppress(OSError):
                os.ftruncate(file.fd, size)
            file.size.bytes = size
