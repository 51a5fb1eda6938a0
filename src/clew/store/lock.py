"""One process per data directory: the lock that says who has it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from clew.store.errors import DirectoryInUseError


class DirectoryLock:
    """An exclusive lock on a directory, with the pid of its holder inside; freed when the process ends."""

    def __init__(self, directory: Path, name: str = "engine.lock") -> None:
        self._directory = directory
        self._name = name
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DirectoryInUseError: another engine has it; names the process.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._directory / self._name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = _pid(os.pread(fd, 32, 0))
            os.close(fd)
            raise DirectoryInUseError(self._directory, pid) from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds without the name of its holder
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; safe twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _pid(content: bytes) -> int | None:
    with contextlib.suppress(ValueError):
        return int(content)
    return None
