"""The columnar payload of a trace: x-spancols blocks, the same columns as an Arrow stream, and as JSON.

A stream is a sequence of blocks, each after its length in four little-endian bytes. A block is `SCP1`, the length of
its header in four little-endian bytes, the header (JSON, padded with spaces), then the columns, little-endian, each at
a multiple of eight bytes from the first byte of the block (`off`). Types: u8, u16, u32, f64, and b8 for the eight bytes
of a span id in the order of its hex form.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.query.answer import Answer
from clew.query.read import Read
from clew.query.trace import Trace, load, trace_meta

SPANCOLS = "application/x-spancols"
ARROW = "application/vnd.apache.arrow.stream"
MAGIC = b"SCP1"
FIRST_ROWS = 2000
BLOCK_ROWS = 32_768
MAX_U16 = 65_535
STATUS_SHIFT = 3

Array = npt.NDArray[np.generic]
TYPES = {"<u1": "u8", "|u1": "u8", "<u2": "u16", "<u4": "u32", "<f8": "f64", ">u8": "b8"}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns as plain lists."""

    rows: int
    total: int
    gen: str
    t0: int
    words: dict[str, list[str]]
    columns: dict[str, list[Any]]


def payload(trace: Trace, *, ids: bool) -> dict[str, Array]:
    """Return the columns of the payload: all but the ids, or the ids alone."""
    if ids:
        return {"id": trace.span_id.astype(">u8")}
    return {
        "depth": np.minimum(trace.tree.depth, MAX_U16).astype("<u2"),
        "start": trace.start.astype("<f8"),
        "dur": trace.duration.astype("<f8"),
        "service": _narrow(trace.service, len(trace.services)),
        "name": _narrow(trace.name, len(trace.names)),
        "kst": (trace.kind | (trace.status << STATUS_SHIFT)).astype("u1"),
        "flags": trace.flags.astype("<u2"),
    }


def _narrow(indexes: Array, size: int) -> Array:
    return indexes.astype("<u2" if size <= MAX_U16 else "<u4")


def blocks(read: Read, trace_id: str, *, ids: bool) -> Iterator[bytes]:
    """Yield the blocks of a trace, a small one first."""
    trace = load(read, trace_id)
    columns = payload(trace, ids=ids)
    at = 0
    while at < trace.rows:
        end = min(at + (BLOCK_ROWS if at else FIRST_ROWS), trace.rows)
        words = {} if ids or at else {"service": trace.services, "name": trace.names}
        yield block({name: values[at:end] for name, values in columns.items()}, trace, at, words)
        at = end


def block(columns: dict[str, Array], trace: Trace, offset: int, words: dict[str, list[str]]) -> bytes:
    """Return one block with its length before it. The dictionaries stand in the first block only."""
    described: list[dict[str, Any]] = []
    head: dict[str, Any] = {
        "v": 1,
        "rows": len(next(iter(columns.values()))),
        "offset": offset,
        "total": trace.rows,
        "gen": trace.gen,
        "t0": str(trace.t0),
        "dict": words,
        "cols": described,
    }
    buffers = [values.tobytes() for values in columns.values()]
    for (name, values), buffer in zip(columns.items(), buffers, strict=True):
        described.append({"name": name, "type": TYPES[values.dtype.str], "off": 0, "len": len(buffer)})
    size = 0
    text = b""
    while True:  # offsets have digits, so the header's size follows from itself
        at = 8 + size
        for column in described:
            column["off"] = at
            at += (column["len"] + 7) & ~7
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) <= size:
            break
        size = (len(text) + 8) & ~7
    body = b"".join(buffer + bytes(-len(buffer) % 8) for buffer in buffers)
    whole = MAGIC + struct.pack("<I", size) + text.ljust(size) + body
    return struct.pack("<I", len(whole)) + whole


def arrow_stream(read: Read, trace_id: str, *, ids: bool) -> Iterator[bytes]:
    """Yield the same columns as one Arrow IPC stream, for notebooks."""
    trace = load(read, trace_id)
    columns = payload(trace, ids=ids)
    arrays: dict[str, pa.Array] = {}
    for name, values in columns.items():
        words = {"service": trace.services, "name": trace.names}.get(name)
        if name == "id":
            arrays[name] = _raw_ids(values)
        elif words is None:
            arrays[name] = pa.array(values)
        else:
            arrays[name] = pa.DictionaryArray.from_arrays(pa.array(values.astype(np.int32)), pa.array(words, pa.utf8()))
    table = pa.table(arrays).replace_schema_metadata({"t0": str(trace.t0), "gen": trace.gen})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=BLOCK_ROWS)
    data = sink.getbuffer()
    for at in range(0, len(data), 1 << 20):
        yield bytes(data[at : at + (1 << 20)])


def _raw_ids(values: Array) -> pa.Array:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(values), [None, pa.py_buffer(values.tobytes())])


def columns(read: Read, trace_id: str, *, ids: bool) -> Answer[Columns]:
    """Return the columns as lists."""
    trace = load(read, trace_id)
    lists: dict[str, list[Any]] = {}
    for name, values in payload(trace, ids=ids).items():
        lists[name] = [f"{one:016x}" for one in values.tolist()] if name == "id" else values.tolist()
    words = {} if ids else {"service": trace.services, "name": trace.names}
    meta = trace_meta(read, trace, trace.rows)
    return Answer(Columns(trace.rows, trace.rows, trace.gen, trace.t0, words, lists), meta)
