"""The sealed segments on disk: in line, set aside, or done with; every change survives a kill between any two steps."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from clew.journal import counters as counting
from clew.journal import rescue
from clew.journal.counters import Counters
from clew.journal.errors import JournalDiskFullError
from clew.journal.files import (
    END,
    Reserve,
    end_stream,
    error_path,
    files_of,
    fsync_directory,
    replace_whole,
    seal_path,
    stream_path,
    write_whole,
)
from clew.journal.sealed import Scanned, Sealed, scan
from clew.journal.tally import SIGNALS, Tally


class Shelf:
    """Keeps the sealed segments and the counters. Thread-safe.

    `lock` guards what is in memory and is held for no disk access; `_disk` serialises changes of the directory.
    """

    def __init__(self, directory: Path, *, reserve_bytes: int, monotonic: Callable[[], int]) -> None:
        self.directory = directory
        self.quarantine_directory = directory / "quarantine"
        self.lock = threading.Condition()
        self.counters = Counters()
        self.line: dict[int, Sealed] = {}
        self.aside: dict[int, Sealed] = {}
        self._next = 1
        self._disk = threading.RLock()
        self._reserve = Reserve(directory / "reserve", reserve_bytes)
        self._monotonic = monotonic

    def open(self, found: Counters, line: dict[int, Sealed], aside: dict[int, Sealed], highest: int) -> None:
        """Take over what recovery found."""
        with self.lock:
            self.counters, self.line, self.aside = found, line, aside
            self._next = max(found.last, highest) + 1
        self._reserve.take()

    def number(self) -> int:
        """Return a number that no segment has had."""
        with self.lock:
            number = self._next
            self._next += 1
            return number

    def put(self, sealed: Sealed) -> None:
        """Put a segment into the line; the caller holds `lock`."""
        self.line[sealed.number] = sealed
        self.lock.notify_all()

    def oldest(self, timeout_s: float) -> Sealed | None:
        """Return the segment that is next in line, waiting for one."""
        with self.lock:
            if not self.line:
                self.lock.wait(timeout_s)
            return self.line[min(self.line)] if self.line else None

    def settle(self, number: int, stored: dict[str, int], sampled_out: int) -> None:
        """Count a segment as stored, then remove its files.

        Raises:
            JournalDiskFullError: nothing has changed; to be called again.
        """
        with self._disk:
            with self.lock:
                sealed = self.line[number]
                changed = self.counters.copy()
            for signal in SIGNALS:
                changed.totals[signal].settle(
                    sealed.tallies[signal],
                    stored=stored[signal],
                    sampled_out=sampled_out if signal == "spans" else 0,
                )
            changed.gone.append(number)
            self._save(changed, remove=number)
            self._remove_gone()
            self._reserve.take()

    def set_aside(self, number: int, error: str) -> None:
        """Move a segment into the quarantine with the reason; the move of its note decides.

        Raises:
            JournalDiskFullError: to be called again.
        """
        with self._disk:
            with self.lock:
                sealed = self.line[number]
                changed = self.counters.copy()
            self._save(changed)
            try:
                self.quarantine_directory.mkdir(exist_ok=True)
                write_whole(error_path(self.quarantine_directory, number), error.encode())
                self._ensure_seal(sealed)
                self._move(number, self.directory, self.quarantine_directory)
            except OSError as failure:
                raise JournalDiskFullError(self.quarantine_directory, failure.strerror or str(failure)) from failure
            with self.lock:
                self.aside[number] = self.line.pop(number)

    def bring_back(self) -> int:
        """Put every quarantined segment back in line; returns how many."""
        with self._disk:
            with self.lock:
                waiting = sorted(self.aside)
            for number in waiting:
                self._move(number, self.quarantine_directory, self.directory)
                error_path(self.quarantine_directory, number).unlink(missing_ok=True)
                with self.lock:
                    self.put(self.aside.pop(number))
            return len(waiting)

    def check(self, sealed: Sealed) -> Scanned | None:
        """Verify a segment against its checksums and its note; a damaged one is replaced by what is left of it.

        Returns:
            Its content, `None` when the line has changed and the next one must be looked up.
        """
        scanned = scan(self.directory, sealed.number)
        whole = all(
            sum(block.note.rows for block in scanned.found.get(stream, ()) if block.good and block.note) == size.rows
            for stream, size in sealed.streams.items()
        )
        if whole and not scanned.damaged:
            for stream, data in scanned.data.items():
                if data.nbytes != scanned.end(stream) + len(END):
                    end_stream(stream_path(self.directory, sealed.number, stream), scanned.end(stream))
            return scanned
        self.replace_damaged(sealed.number, sealed.tallies, scanned, sealed.first_ns)
        return None

    def replace_damaged(self, number: int, before: dict[str, Tally], scanned: Scanned, first_ns: int) -> None:
        """Put what is left of a damaged segment in line under a new number; its lost rows are counted."""
        with self._disk:
            self.quarantine_directory.mkdir(exist_ok=True)
            new = self.number()
            try:
                rescued = rescue.rewrite(
                    self.directory, self.quarantine_directory, scanned, old=number, new=new, first_ns=first_ns
                )
            except OSError as error:
                raise JournalDiskFullError(self.directory, error.strerror or str(error)) from error
            with self.lock:
                changed = self.counters.copy()
            after = rescued.tallies if rescued else {signal: Tally() for signal in SIGNALS}
            for signal in SIGNALS:
                changed.totals[signal].damage(before[signal], after[signal], "damaged")
            changed.gone.append(number)
            if rescued:
                changed.recut[number] = new
            self._save(changed, remove=number, put=rescued)
            if rescued:
                rescue.finish(self.directory, new)
                self.counters.recut.pop(number, None)
            self._remove_gone()

    def _save(self, changed: Counters, *, remove: int | None = None, put: Sealed | None = None) -> None:
        """Write the counters, then let them take effect together with the change of the line."""
        changed.last = max(changed.last, self._next - 1)
        path = self.directory / counting.FILE
        try:
            replace_whole(path, changed.encode())
        except OSError:
            self._reserve.give()
            try:
                replace_whole(path, changed.encode())
            except OSError as error:
                raise JournalDiskFullError(path, error.strerror or str(error)) from error
        with self.lock:
            self.counters = changed
            if remove is not None:
                self.line.pop(remove, None)
            if put is not None:
                self.put(put)

    def _remove_gone(self) -> None:
        """Remove the files of segments that are in the totals; what cannot be removed now is at the next start."""
        for number in list(self.counters.gone):
            with contextlib.suppress(OSError):
                for path in files_of(self.directory, number):
                    path.unlink()
                self.counters.gone.remove(number)

    def _ensure_seal(self, sealed: Sealed) -> None:
        if not seal_path(self.directory, sealed.number).exists():
            sealed.write(self.directory)

    def _move(self, number: int, source: Path, target: Path) -> None:
        seal_path(source, number).rename(seal_path(target, number))
        fsync_directory(target)
        for path in list(files_of(source, number)):
            if path.suffix != ".error":
                path.rename(target / path.name)
        fsync_directory(target)
        fsync_directory(source)
