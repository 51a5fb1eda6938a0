"""The journal on local disk: one thread writes and syncs, the processor takes what is sealed."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from clew.journal import blocks
from clew.journal.errors import (
    GroupRefusedError,
    JournalDiskFullError,
    JournalFullError,
    JournalStoppedError,
)
from clew.journal.files import stream_path
from clew.journal.patience import Patience
from clew.journal.protocol import Durable, Group, JournalStats, Segment
from clew.journal.recovery import load_identity, recover
from clew.journal.sealed import Scanned, Sealed
from clew.journal.settings import JournalSettings
from clew.journal.shelf import Shelf
from clew.journal.tally import ledger
from clew.journal.writer import OpenSegment
from clew.store.lock import DirectoryLock

_LOOK_S = 0.01


@dataclass(slots=True)
class _Item:
    group: Group
    done: Durable
    bytes: int
    error: Exception | None = None


def _size(group: Group) -> int:
    parts = (group.spans, group.logs, group.resources, group.scopes)
    return sum(batch.nbytes for batch in parts if batch is not None)


def _rows(group: Group) -> int:
    return sum(batch.num_rows for batch in (group.spans, group.logs) if batch is not None)


class LocalJournal:
    """Implements `Journal` in a directory that belongs to one process."""

    def __init__(
        self,
        directory: Path,
        settings: JournalSettings | None = None,
        *,
        monotonic: Callable[[], int] = time.monotonic_ns,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._directory = directory
        self._settings = settings or JournalSettings()
        self._monotonic = monotonic
        self._patience = Patience(self._settings, monotonic)
        self._new_id = new_id
        self._lock_file = DirectoryLock(directory, "lock")
        self._shelf = Shelf(directory, reserve_bytes=self._settings.counters_reserve_bytes, monotonic=monotonic)
        self._identity = ""
        self._wake = threading.Condition()
        self._queue: deque[_Item] = deque()
        self._queued_bytes = 0
        self._running = False
        self._roused = False
        """The interval has become shorter while the thread waits for it."""
        self._owed = 0
        """Number of the segment that was open for longer than a reader would have let it."""
        self._seal_asked = 0
        self._seal_done = 0
        self._open: OpenSegment | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take the directory, bring it into a whole state, then accept groups.

        Raises:
            DirectoryInUseError: another process has it.
            JournalSchemaNewerError: a newer Clew wrote to it.
            JournalDamagedError: its counters cannot be read.
        """
        self._lock_file.acquire()
        try:
            self._identity, found = load_identity(self._directory, self._new_id)
            recover(self._shelf, found, self._monotonic)
        except BaseException:
            self._lock_file.release()
            raise
        self._running = True
        self._thread = threading.Thread(target=self._run, name="clew-journal", daemon=True)
        self._thread.start()

    def append(self, group: Group, done: Durable) -> None:
        """Queue a group for the next commit; never blocks on the disk."""
        item = _Item(group, done, _size(group))
        with self._wake:
            if self._running:
                used = self._used() + self._queued_bytes
                if used + item.bytes > self._settings.max_bytes:
                    item.error = JournalFullError(used, self._settings.max_bytes)
                    item.bytes = 0
                self._queue.append(item)
                self._queued_bytes += item.bytes
                self._wake.notify()
                return
        done(JournalStoppedError("the journal is not running"))

    def room(self) -> int:
        """Return how many bytes may still be appended before the journal refuses."""
        with self._wake:
            return max(0, self._settings.max_bytes - self._used() - self._queued_bytes)

    def next_sealed(self, timeout_s: float) -> Segment | None:
        """Return the oldest sealed, uncommitted segment, verified and mapped into memory.

        Raises:
            JournalDiskFullError: a damaged segment could not be re-cut for want of room; retryable.
        """
        while (sealed := self._shelf.oldest(timeout_s)) is not None:
            scanned = self._shelf.check(sealed)
            if scanned is not None:
                return self._segment(sealed, scanned)
            timeout_s = 0
        return None

    def commit(self, segment: Segment, *, stored_spans: int, stored_logs: int, sampled_out: int = 0) -> None:
        """Record that all inserts of a segment have returned; its files go.

        Raises:
            JournalDiskFullError: not recorded; the same call must be made again.
        """
        stored = {"spans": stored_spans, "logs": stored_logs}
        self._shelf.settle(segment.number, stored, sampled_out)

    def quarantine(self, segment: Segment, error: str) -> None:
        """Set a segment aside that the engine refuses for good."""
        self._shelf.set_aside(segment.number, error)

    def retry_quarantined(self) -> int:
        """Put quarantined segments back in line; returns how many."""
        return self._shelf.bring_back()

    def seal(self, timeout_s: float = 10.0) -> None:
        """Commit what is queued and seal the open segment now."""
        with self._wake:
            self._seal_asked += 1
            asked = self._seal_asked
            self._wake.notify()
            self._wake.wait_for(lambda: self._seal_done >= asked or not self._running, timeout_s)

    def read(self) -> None:
        """Take note that somebody reads, so that few rows do not wait long; quick, from any thread."""
        if self._patience.read():
            with self._wake:
                if self._open and self._patience.due(self._open):
                    self._owed = self._open.number
                self._roused = True
                self._wake.notify_all()

    def owes(self) -> bool:
        """Return whether rows that waited only because nobody read are not stored yet; quick, from any thread."""
        if not self._owed:
            return False
        with self._shelf.lock:
            if not self._behind():
                self._owed = 0
        return bool(self._owed)

    def catch_up(self, timeout_s: float) -> None:
        """Wait until nothing is owed to readers, at most so long."""
        until = time.monotonic() + timeout_s
        with self._shelf.lock:
            while self._behind() and time.monotonic() < until:
                self._shelf.lock.wait(_LOOK_S)

    def _behind(self) -> bool:
        return bool(self._open and self._open.number <= self._owed) or any(n <= self._owed for n in self._shelf.line)

    def stats(self) -> JournalStats:
        """Return a consistent picture: the ledgers add up in it."""
        shelf = self._shelf
        with shelf.lock:
            segments: list[Sealed | OpenSegment] = [*shelf.line.values(), *([self._open] if self._open else [])]
            tallies = [segment.tallies for segment in segments]
            aside = [sealed.tallies for sealed in shelf.aside.values()]
            ledgers = {
                signal: ledger(total, (live[signal] for live in tallies), (out[signal] for out in aside))
                for signal, total in shelf.counters.totals.items()
            }
            first = min((segment.first_ns for segment in segments), default=0)
            return JournalStats(
                bytes=sum(segment.size for segment in segments),
                max_bytes=self._settings.max_bytes,
                segments=len(segments),
                quarantined=len(shelf.aside),
                oldest_age_s=max(0, self._monotonic() - first) / 1e9 if segments else 0.0,
                oldest_segment=min((segment.number for segment in segments), default=0),
                spans=ledgers["spans"],
                logs=ledgers["logs"],
            )

    def stop(self, timeout_s: float = 10.0) -> None:
        """Commit what is queued, seal the open segment, let the directory go. Safe twice and without start."""
        with self._wake:
            self._running = False
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None
        self._lock_file.release()

    def _used(self) -> int:
        with self._shelf.lock:
            sealed = sum(sealed.size for sealed in self._shelf.line.values())
            return sealed + (self._open.size if self._open else 0)

    def _segment(self, sealed: Sealed, scanned: Scanned) -> Segment:
        present = [name for name in ("resources", "scopes", "logs", "spans") if scanned.found.get(name)]
        return Segment(
            number=sealed.number,
            token=f"{self._identity}/{sealed.number}",
            paths={name: str(stream_path(self._directory, sealed.number, name)) for name in present},
            rows={name: sealed.streams[name].rows for name in present},
            batches={name: sealed.streams[name].batches for name in present},
            content={name: blocks.batches(name, scanned.data[name][: scanned.end(name)]) for name in present},
        )

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._something_to_do, self._patience.left_s(self._open) if self._open else None)
                items = list(self._queue)
                self._queue.clear()
                asked, running = self._seal_asked, self._running
                self._roused = False
            self._commit(items)
            with self._wake:
                self._queued_bytes -= sum(item.bytes for item in items)
            if self._open and (not running or asked > self._seal_done or self._patience.due(self._open)):
                self._seal(self._open)
            with self._wake:
                self._seal_done = asked
                self._wake.notify_all()
                if not running and not self._queue:
                    return

    def _something_to_do(self) -> bool:
        return bool(self._queue) or not self._running or self._seal_asked > self._seal_done or self._roused

    def _commit(self, items: list[_Item]) -> None:
        """Write the groups, sync once (once per segment when one fills up), answer each."""
        written: list[_Item] = []
        for item in items:
            segment = self._open
            if segment and segment.rows and segment.rows + _rows(item.group) > self._settings.segment_max_rows:
                self._sync(written)
                written = []
                if self._open:
                    self._seal(self._open)
            self._write(item, written)
        self._sync(written)

    def _write(self, item: _Item, written: list[_Item]) -> None:
        if item.error is not None:
            self._answer(item, item.error)
            return
        try:
            self._check_free()
            if self._open is None:
                number = self._shelf.number()
                opened = OpenSegment(self._directory, number, self._monotonic(), self._settings.compression)
                with self._shelf.lock:
                    self._open = opened
            self._open.write(item.group)
        except OSError as error:
            self._answer(item, self._disk_error(error))
        except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
            self._answer(item, GroupRefusedError(str(error)))
        else:
            written.append(item)

    def _check_free(self) -> None:
        if self._settings.reserve_bytes:
            volume = os.statvfs(self._directory)
            free = volume.f_bavail * volume.f_frsize
            if free < self._settings.reserve_bytes:
                raise OSError(0, f"{free} bytes free, {self._settings.reserve_bytes} are kept as a reserve")

    def _sync(self, written: list[_Item]) -> None:
        if self._open is None or not written:
            return
        try:
            self._open.sync()
        except OSError as error:
            self._seal(self._open)
            for item in written:
                self._answer(item, self._disk_error(error))
            return
        with self._shelf.lock:
            self._open.publish()
        for item in written:
            self._answer(item, None)

    def _seal(self, segment: OpenSegment) -> None:
        sealed = segment.seal()
        with self._shelf.lock:
            self._open = None
            if sealed is not None:
                self._shelf.put(sealed)

    def _disk_error(self, error: OSError) -> JournalDiskFullError:
        return JournalDiskFullError(self._directory, error.strerror or str(error))

    @staticmethod
    def _answer(item: _Item, error: Exception | None) -> None:
        item.done(error)
