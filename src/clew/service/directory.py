"""The data directory: who made it, in which format, and who uses it now."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from clew.service.errors import (
    ForeignDirectoryError,
    NewerDirectoryError,
    OldDirectoryError,
    UnusableDirectoryError,
)
from clew.store.lock import DirectoryLock

FORMAT = 1
"""Layout of the directory; raised when an older Clew could not read it any more."""
OLDEST_FORMAT = 1
"""Oldest layout that this Clew reads."""
_MARKER = "clew.json"
_DRAFT = ".clew.json.new"
_OURS = {_MARKER, _DRAFT, "engine.lock", "engine", "journal", "derive", "sockets", "backups", "lost+found"}


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """An open data directory; nobody else has it until `close`."""

    path: Path
    lock: DirectoryLock

    @property
    def engine(self) -> Path:
        """Where the embedded engine keeps its data."""
        return self.path / "engine"

    @property
    def journal(self) -> Path:
        """Where the journal keeps its segments."""
        return self.path / "journal"

    @property
    def derive(self) -> Path:
        """Where settled results wait until they are inserted."""
        return self.path / "derive"

    def close(self) -> None:
        """Let the next process in; safe twice."""
        self.lock.release()


def open_directory(path: Path) -> DataDirectory:
    """Make or open a data directory and lock it.

    Raises:
        DirectoryInUseError: another process uses it; names its pid.
        ServiceError: it is not Clew's, too new, too old, or cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        strangers = sorted({entry.name for entry in path.iterdir()} - _OURS)
    except OSError as error:
        raise UnusableDirectoryError(path, _reason(error)) from None
    marker = path / _MARKER
    if strangers and not marker.exists():
        raise ForeignDirectoryError(path, ", ".join(strangers[:3]))
    lock = DirectoryLock(path)
    try:
        lock.acquire()
    except OSError as error:
        raise UnusableDirectoryError(path, _reason(error)) from None
    try:
        _check_format(path, marker)
    except BaseException:
        lock.release()
        raise
    return DataDirectory(path, lock)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _check_format(path: Path, marker: Path) -> None:
    """Compare the marker with what this Clew reads, and write it into a new directory."""
    with contextlib.suppress(FileNotFoundError):
        try:
            told = json.loads(marker.read_text())
            found, by = int(told["format"]), str(told["clew"])
        except (ValueError, KeyError, TypeError):
            raise UnusableDirectoryError(path, f"{marker} is damaged") from None
        if found > FORMAT:
            raise NewerDirectoryError(path, found, FORMAT, by)
        if found < OLDEST_FORMAT:
            raise OldDirectoryError(path, found, OLDEST_FORMAT, by)
        return
    try:
        draft = path / _DRAFT
        with draft.open("w") as file:
            json.dump({"format": FORMAT, "clew": version("clew")}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(marker)
    except OSError as error:
        raise UnusableDirectoryError(path, _reason(error)) from None
