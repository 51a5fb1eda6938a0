"""An Arrow stream out of a chunked HTTP answer, which may break off with an error in the middle."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pyarrow as pa

from clew.store.engine import Limits
from clew.store.errors import EngineUnavailableError, StoreError
from clew.store.failures import code_of, failure

_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end-of-stream message of Arrow; without it an answer was cut, however whole its batches look."""
_MARK = b"__exception__"
_TAIL_BYTES = 64 << 10
_LENGTH_AND_TAG = re.compile(r"\s*\d+ \w+\s*$")


class BodyReader(io.RawIOBase):
    """A readable file over the chunks of an answer, which remembers how the answer ended."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""
        self._tail = b""
        self._received = 0

    def readable(self) -> bool:
        """Say that this file can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the next chunk; 0 at the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._received += len(chunk)
            self._left = chunk
            self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches, then read the rest so that the end is known."""
        buffered = io.BufferedReader(self, 1 << 16)
        first = buffered.peek(1)
        if first:
            yield from pa.ipc.open_stream(buffered)
        while buffered.read(1 << 16):
            pass

    @property
    def complete(self) -> bool:
        """Whether the answer ended as an Arrow stream does (an empty one is whole)."""
        return self._received == 0 or self._tail.endswith(_END)

    def failure(self, limits: Limits) -> StoreError:
        """Return the error that the answer broke off with."""
        for chunk in self._chunks:
            self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        text = self._tail.rpartition(_END)[2] if _MARK not in self._tail else self._tail.split(_MARK)[1]
        message = text.decode(errors="replace").strip()
        start = message.find("Code: ")
        if start < 0 or not code_of(message):
            return EngineUnavailableError("the answer of ClickHouse broke off")
        return failure(_LENGTH_AND_TAG.sub("", message[start:]), "read", limits=limits)
