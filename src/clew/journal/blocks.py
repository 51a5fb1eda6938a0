"""Blocks: one group commit in one Arrow IPC stream, whole in itself, with a checksum over its bytes.

A stream is the schema message, blocks and the end mark; a block is the record batch with all its dictionaries before
it, so any run of blocks behind the schema is a valid stream. The `clew` entry of the batch's custom metadata holds the
xxh3-64 of the block's bytes (its own 16 digits left out), the rows and what was rejected in the same requests.
Finding and checking blocks touches bytes only: nothing follows an offset that may be damaged.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa
from pyarrow import ipc

from clew.codec import checksum_bytes
from clew.journal.files import END
from clew.model import LOGS, RESOURCES, SCHEMA_VERSION, SCOPES, SPANS

SCHEMAS: Mapping[str, pa.Schema] = {
    "spans": SPANS,
    "logs": LOGS,
    "resources": RESOURCES,
    "scopes": SCOPES,
}
VERSION_KEY = b"clew.schema"

_MARK = b"\xff\xff\xff\xff"
_OPENING = b'{"sum":"'
_DIGITS = 16
_HEADER_SCHEMA, _HEADER_DICTIONARY, _HEADER_BATCH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Note:
    """What a block says about itself."""

    rows: int
    before: int
    """Rows of the same stream in the blocks before it."""
    group: int
    """Number of the group commit within the segment."""
    streams: tuple[str, ...]
    """The streams in which the group has a block."""
    rejected: Mapping[str, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the metadata value with an empty checksum."""
        body = {
            "rows": self.rows,
            "before": self.before,
            "group": self.group,
            "streams": self.streams,
            "rejected": dict(self.rejected),
        }
        return _OPENING + b"0" * _DIGITS + b'",' + json.dumps(body, separators=(",", ":")).encode()[1:]

    @staticmethod
    def decode(text: bytes) -> Note:
        """Return the note of a metadata value."""
        body = json.loads(text)
        return Note(body["rows"], body["before"], body["group"], tuple(body["streams"]), body["rejected"])


@dataclass(frozen=True, slots=True)
class Block:
    """A block found in a stream: bytes `[start, end)`. `note` is `None` where it could not be read."""

    start: int
    end: int
    good: bool
    note: Note | None


def _options(compression: str) -> ipc.IpcWriteOptions:
    return ipc.IpcWriteOptions(use_threads=False, compression=None if compression == "none" else compression)


@lru_cache
def opening(stream: str) -> bytes:
    """Return the schema message with which a stream begins; it carries the version of the model."""
    sink = pa.BufferOutputStream()
    schema = SCHEMAS[stream].with_metadata({VERSION_KEY: str(SCHEMA_VERSION).encode()})
    ipc.new_stream(sink, schema).close()
    return bytes(sink.getvalue())[: -len(END)]


@lru_cache
def empty_batch(stream: str) -> pa.RecordBatch:
    """Return a batch without rows: it carries the rejected counts of requests that left nothing else."""
    schema = SCHEMAS[stream]
    return pa.RecordBatch.from_arrays([pa.array([], type=column.type) for column in schema], schema=schema)


def encode(stream: str, batch: pa.RecordBatch, note: Note, compression: str) -> list[memoryview]:
    """Return the bytes of a block in pieces.

    Raises:
        pa.ArrowInvalid: the batch does not have the schema of the stream.
    """
    sink = pa.BufferOutputStream()
    schema = SCHEMAS[stream].with_metadata({VERSION_KEY: str(SCHEMA_VERSION).encode()})
    with ipc.new_stream(sink, schema, options=_options(compression)) as writer:
        writer.write_batch(batch, custom_metadata={b"clew": note.encode()})
    data = memoryview(sink.getvalue()).cast("B")[len(opening(stream)) : -len(END)]
    found = _frame(data, 0)
    if found is None or found[0] != data.nbytes:
        raise pa.ArrowInvalid("the encoded batch is not one block")
    digits = found[1]
    total = _sum(data, 0, digits, data.nbytes)
    return [data[:digits], memoryview(b"%016x" % total), data[digits + _DIGITS :]]


def scan(data: memoryview, stream: str) -> list[Block]:
    """Return the blocks of a stream in order; a bad one stands for everything up to the next good one.

    A tail that is not a whole block is left out: what lies behind the last block's end is torn.
    """
    blocks: list[Block] = []
    opened = _opening_end(data, stream)
    if opened is None:
        opened = _next_good(data, 0)
        if opened is None:
            return [Block(0, data.nbytes, good=False, note=None)] if data.nbytes > len(opening(stream)) else []
        blocks.append(Block(0, opened, good=False, note=None))
    at = opened
    while at < data.nbytes and bytes(data[at : at + len(END)]) != END:
        block = _block(data, at)
        if block is None or not block.good:
            after = _next_good(data, at + 8)
            if after is not None:
                block = Block(at, after, good=False, note=block.note if block else None)
            if block is None:
                break
        blocks.append(block)
        at = block.end
    return blocks


def _opening_end(data: memoryview, stream: str) -> int | None:
    """Return where the schema message ends; `None` when it is not what was written."""
    known = opening(stream)
    if bytes(data[: len(known)]) == known:
        return len(known)
    first = next(_messages(data, 0), None)
    if first is None or first[0] != _HEADER_SCHEMA:
        return None
    try:
        schema = ipc.read_schema(pa.py_buffer(data))
    except (pa.ArrowException, OSError):
        return None
    older = 0 < (schema_version(data) or 0) < SCHEMA_VERSION
    return first[3] if older or schema.equals(SCHEMAS[stream]) else None


def schema_version(data: memoryview) -> int | None:
    """Return the `clew.schema` of a stream, `None` when its opening cannot be read."""
    try:
        metadata = ipc.read_schema(pa.py_buffer(data)).metadata or {}
        return int(metadata.get(VERSION_KEY, b"0"))
    except (pa.ArrowException, OSError, ValueError):
        return None


def batches(stream: str, data: memoryview) -> list[pa.RecordBatch]:
    """Decode a stream whose blocks were all found good; the batches point into its bytes."""
    options = ipc.IpcReadOptions(use_threads=False)
    with ipc.open_stream(pa.BufferReader(pa.py_buffer(data)), options=options) as reader:
        return [batch.cast(SCHEMAS[stream]) if batch.schema != SCHEMAS[stream] else batch for batch in reader]


def _block(data: memoryview, start: int) -> Block | None:
    """Return the block at `start`, good or bad; `None` when no whole block is framed there."""
    found = _frame(data, start)
    if found is None:
        return None
    end, digits, note_end = found
    try:
        text = bytes(data[digits - len(_OPENING) : note_end])
        note = Note.decode(text)
        good = int(text[len(_OPENING) : len(_OPENING) + _DIGITS], 16) == _sum(data, start, digits, end)
    except (ValueError, KeyError, TypeError):
        return Block(start, end, good=False, note=None)
    return Block(start, end, good, note)


def _sum(data: memoryview, start: int, digits: int, end: int) -> int:
    return checksum_bytes(data[digits + _DIGITS : end], checksum_bytes(data[start:digits]))


def _frame(data: memoryview, start: int) -> tuple[int, int, int] | None:
    """Walk the messages of a block: its end, where the digits and the note's end lie; `None` when it is not whole."""
    for header, metadata, body, end in _messages(data, start):
        if header == _HEADER_DICTIONARY:
            continue
        if header != _HEADER_BATCH:
            return None
        at = bytes(data[metadata:body]).find(_OPENING)
        if at < 4:  # noqa: PLR2004 - the length of a flatbuffer string stands before it
            return end, body, body
        at += metadata
        length: int = struct.unpack_from("<I", data, at - 4)[0]
        return end, at + len(_OPENING), min(at + length, body)
    return None


def _messages(data: memoryview, start: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (header type, start of metadata, start of body, end) of the encapsulated messages from `start`."""
    at = start
    while at + 8 <= data.nbytes and data[at : at + 4] == _MARK:
        size: int = struct.unpack_from("<I", data, at + 4)[0]
        metadata, body = at + 8, at + 8 + size
        if size < 8 or body > data.nbytes:  # noqa: PLR2004 - shorter than any message
            return
        try:
            header, length = _message(data[metadata:body])
        except (struct.error, ValueError):
            return
        at = body + length
        if length < 0 or at > data.nbytes:
            return
        yield header, metadata, body, at


def _message(metadata: memoryview) -> tuple[int, int]:
    """Return header type and body length of the flatbuffer `Message` (Arrow format, Message.fbs)."""
    table: int = struct.unpack_from("<I", metadata, 0)[0]
    vtable: int = table - struct.unpack_from("<i", metadata, table)[0]
    if vtable < 0:
        raise ValueError("not a message")
    size = struct.unpack_from("<H", metadata, vtable)[0]

    def slot(index: int) -> int:
        at = 4 + 2 * index
        return int(struct.unpack_from("<H", metadata, vtable + at)[0]) if at < size else 0

    kind, length = slot(1), slot(3)
    return (
        metadata[table + kind] if kind and table + kind < metadata.nbytes else 0,
        struct.unpack_from("<q", metadata, table + length)[0] if length else 0,
    )


def _next_good(data: memoryview, start: int) -> int | None:
    """Return where the next good block begins; blocks lie on multiples of 8."""
    at = -(-start // 8) * 8
    whole = data.obj if isinstance(data.obj, bytes) else bytes(data)
    while (at := whole.find(_MARK, at)) >= 0:
        if at % 8 == 0:
            block = _block(data, at)
            if block is not None and block.good:
                return at
        at += 1
    return None
