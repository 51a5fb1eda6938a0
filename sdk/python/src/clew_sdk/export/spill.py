"""Requests that the collector could not take, on disk until it can: whole files, oldest first, within a bound.

A file is `<time>-<pid>-<number>-<spans>.otlp`, written beside and renamed, so a reader sees it whole or not at all. The
directory may be shared by processes: a file belongs to whoever renames it to `.taken`, and a file that was taken by a
process that is gone is free again.
"""

from __future__ import annotations

import itertools
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".otlp"
TAKEN = ".taken"


@dataclass(frozen=True)
class Spilled:
    """One request on disk, taken by this process."""

    path: Path
    spans: int
    body: bytes


class Spill:
    """A bounded directory of requests. Used by one thread at a time in each process."""

    def __init__(self, directory: str | os.PathLike[str], *, max_bytes: int = 64 << 20) -> None:
        self.directory = Path(directory)
        self.max_bytes = max_bytes
        self._numbers = itertools.count()

    def put(self, body: bytes, spans: int) -> int | None:
        """Keep a request; returns how many spans of older ones had to go for it, or None when it was not kept."""
        if len(body) > self.max_bytes:
            return None
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            gone = self._make_room(len(body))
            name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}-{spans}"
            whole = self.directory / f"{name}.part"
            whole.write_bytes(body)
            whole.rename(self.directory / f"{name}{SUFFIX}")
        except OSError:
            return None
        return gone

    def take(self) -> Spilled | None:
        """Return the oldest request that no other process has, or None."""
        self._free_orphans()
        for path in self._files():
            mine = path.with_name(f"{path.name}{TAKEN}-{os.getpid()}")
            with suppress(OSError):
                path.rename(mine)
                return Spilled(mine, _spans(path), mine.read_bytes())
        return None

    def done(self, taken: Spilled) -> None:
        """Forget a request that was sent, or never can be."""
        with suppress(OSError):
            taken.path.unlink()

    def back(self, taken: Spilled) -> None:
        """Put a request back in its place."""
        with suppress(OSError):
            taken.path.rename(taken.path.with_name(taken.path.name.split(TAKEN)[0]))

    def spans(self) -> int:
        """Return how many spans lie in the directory."""
        return sum(_spans(path) for path in self._files())

    def _files(self) -> list[Path]:
        with suppress(OSError):
            return sorted(path for path in self.directory.iterdir() if path.name.endswith(SUFFIX))
        return []

    def _make_room(self, size: int) -> int:
        gone = 0
        files = [(path, path.stat().st_size) for path in self._files()]
        used = sum(one for _, one in files)
        for path, one in files:
            if used + size <= self.max_bytes:
                break
            with suppress(FileNotFoundError):
                path.unlink()
                gone += _spans(path)
            used -= one
        return gone

    def _free_orphans(self) -> None:
        with suppress(OSError):
            for path in self.directory.iterdir():
                name, mark, owner = path.name.partition(TAKEN + "-")
                if mark and owner.isdigit() and int(owner) != os.getpid() and not _alive(int(owner)):
                    with suppress(OSError):
                        path.rename(path.with_name(name))


def _spans(path: Path) -> int:
    told = path.name.removesuffix(SUFFIX).rpartition("-")[2]
    return int(told) if told.isdigit() else 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
