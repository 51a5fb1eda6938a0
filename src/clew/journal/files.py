"""Names of the journal's files, and the few ways in which it changes them durably."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

STREAMS = ("resources", "scopes", "logs", "spans")
"""The streams of a segment in the order in which a group is written: what others refer to comes first."""

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""End of an Arrow IPC stream."""

_NAME = re.compile(r"(\d{12})\.(?:(?:resources|scopes|logs|spans)\.arrow|seal|error)(\.tmp)?")


def stream_path(directory: Path, number: int, stream: str) -> Path:
    """Return the path of one stream of a segment."""
    return directory / f"{number:012d}.{stream}.arrow"


def seal_path(directory: Path, number: int) -> Path:
    """Return the path of the note that a sealed segment has: its rows and sizes."""
    return directory / f"{number:012d}.seal"


def error_path(directory: Path, number: int) -> Path:
    """Return the path of the error text of a quarantined segment."""
    return directory / f"{number:012d}.error"


def numbers(directory: Path) -> list[int]:
    """Return the numbers of all segments that have a file here, ascending."""
    names = (_NAME.fullmatch(entry.name) for entry in directory.iterdir())
    return sorted({int(name.group(1)) for name in names if name and not name.group(2)})


def files_of(directory: Path, number: int) -> Iterator[Path]:
    """Yield the existing files of a segment, the error text last."""
    for path in (
        *(stream_path(directory, number, stream) for stream in STREAMS),
        seal_path(directory, number),
        error_path(directory, number),
    ):
        if path.exists():
            yield path


def fsync_directory(directory: Path) -> None:
    """Make created, renamed and removed names durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, data: bytes) -> None:
    """Write a new file and sync its content; a partial file is removed again."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(fd, [memoryview(data)])
        os.fsync(fd)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(fd)


def replace_whole(path: Path, data: bytes) -> None:
    """Replace a file so that a kill leaves either the old or the new content, durable on return."""
    temporary = path.with_name(path.name + ".tmp")
    write_whole(temporary, data)
    temporary.replace(path)
    fsync_directory(path.parent)


def write_all(fd: int, pieces: list[memoryview]) -> int:
    """Write all pieces at the file's position; returns the bytes written.

    Raises:
        OSError: some of it may have been written.
    """
    total = 0
    left = [piece for piece in pieces if piece.nbytes]
    while left:
        done = os.writev(fd, left)
        total += done
        while left and done >= left[0].nbytes:
            done -= left.pop(0).nbytes
        if left and done:
            left[0] = left[0][done:]
    return total


def end_stream(path: Path, end: int) -> None:
    """Cut a stream at `end`, put the end mark there and make both durable."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, end)
        os.pwrite(fd, END, end)
        os.fsync(fd)
    finally:
        os.close(fd)


class Reserve:
    """Space kept on the volume so that the counters can be written when everything else is full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def take(self) -> None:
        """Occupy the space; on a full disk it is simply not there until later."""
        if self._size == 0 or (self._path.exists() and self._path.stat().st_blocks * 512 >= self._size):
            return
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, self._size)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, 0)
        finally:
            os.close(fd)

    def give(self) -> None:
        """Free the space for a write that must not fail."""
        with contextlib.suppress(OSError):
            os.truncate(self._path, 0)
