"""The run directory: what a running shop tells others in files, written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

from shop.errors import RunDirectoryInUseError

LOOK_EVERY_S = 0.1


def write_json(path: Path, value: Any) -> None:
    """Replace a file; a reader sees the old or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(value, indent=1) + "\n")
    draft.replace(path)


class Watched:
    """A JSON object in a file that another process rewrites; looked at ten times a second at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = 0.0
        self._stamp = (0, 0)
        self._value: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Return the newest content; empty where there is no file."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return self._value
        try:
            told = self._path.stat()
            stamp = (told.st_mtime_ns, told.st_ino)
            if stamp != self._stamp:
                self._value, self._stamp = json.loads(self._path.read_text()), stamp
        except OSError:
            self._stamp, self._value = (0, 0), {}
        self._looked = now  # last: until then another thread looks for itself, instead of going on with the old content
        return self._value


class RunDirectory:
    """The files of one shop; held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.shop = self.path / "shop.json"
        self.faults = self.path / "faults.json"
        self.settings = self.path / "settings.json"
        self.truth = self.path / "truth.jsonl"
        self.logs = self.path / "logs"
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Make the directory and hold it until this process ends.

        Raises:
            RunDirectoryInUseError: another shop runs here.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            told = lock.read().strip()
            lock.close()
            raise RunDirectoryInUseError(self.path, int(told) if told.isdigit() else None) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        self.shop.unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of the directory. Safe twice."""
        self.shop.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def log(self, instance: str) -> Path:
        """Return the file of an instance's log."""
        return self.logs / f"{instance}.log"
