"""Files of OTLP traces as requests."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clew.cli.errors import UsageError

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """One request of a file."""

    body: bytes
    content_type: str
    place: str
    """File and line or offset, for messages."""


def read_chunks(path: Path, form: str) -> Iterator[Chunk]:
    """Yield the requests of a file; `-` is standard input.

    Args:
        path: the file.
        form: `auto` (by the first byte), `otlp-json`, `otlp-proto` (one message) or `otlp-proto-framed`.

    Raises:
        UsageError: the file cannot be read, or is cut in the middle of a message.
    """
    if str(path) == "-":
        yield from _chunks(sys.stdin.buffer, "standard input", form)
        return
    try:
        with path.open("rb") as file:
            yield from _chunks(file, str(path), form)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="give the path of a readable file") from None


def _chunks(file: BinaryIO, name: str, form: str) -> Iterator[Chunk]:
    if form == "otlp-proto-framed":
        yield from _framed(file, name)
        return
    first = file.readline()
    if form == "otlp-proto" or (form == "auto" and not first.lstrip().startswith((b"{", b"["))):
        yield Chunk(first + file.read(), PROTOBUF, name)
        return
    yield from _json(first, file, name)


def _json(first: bytes, file: BinaryIO, name: str) -> Iterator[Chunk]:
    """Yield one chunk per line, or the whole file where an object spans several lines."""
    if not _whole(first):
        yield Chunk(first + file.read(), JSON, name)
        return
    line, number = first, 1
    while line:
        if line.strip():
            yield Chunk(line.strip(), JSON, f"{name}:{number}")
        line, number = file.readline(), number + 1


def _whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _framed(file: BinaryIO, name: str) -> Iterator[Chunk]:
    offset = 0
    while head := file.read(_LENGTH):
        size = int.from_bytes(head, "big")
        body = file.read(size)
        if len(head) < _LENGTH or len(body) < size:
            raise UsageError(f"{name}: cut in the middle of the message at byte {offset}")
        yield Chunk(body, PROTOBUF, f"{name}@{offset}")
        offset += _LENGTH + size
