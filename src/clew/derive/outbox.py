"""Keeps one result on disk from before its first insert until after its last, so that a crash repeats it exactly.

What is inserted adds to sums, so a result must be inserted whole and once. The file holds the very batches and their
token; inserting them again with that token changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from clew.derive.errors import OutboxError
from clew.model import Scope
from clew.store.delete import Deleted, delete_trace
from clew.store.engine import ArrowBatches, Engine
from clew.store.errors import InsertRefusedError

_NAME = "settled"
_DRAFT = "settled.new"
ORDER = ("edges_1m", "exceptions", "shapes", "traces")
"""Order of the inserts; the traces come last, since they say that the rest is done."""


class Outbox:
    """One result at a time in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / _NAME

    def put(
        self, token: str, tables: Mapping[str, pa.RecordBatch], *, delete: tuple[Scope, bytes] | None = None
    ) -> None:
        """Keep a result durably.

        Args:
            token: unlike that of any other result.
            tables: rows by table.
            delete: a trace to delete after the inserts.

        Raises:
            OutboxError: it cannot be written; nothing is kept.
        """
        parts = {name: _stream(tables[name]) for name in ORDER if name in tables}
        head: dict[str, Any] = {"token": token, "tables": {name: part.size for name, part in parts.items()}}
        if delete is not None:
            head["delete"] = [delete[0].tenant, delete[1].hex()]
        draft = self._directory / _DRAFT
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(json.dumps(head).encode() + b"\n")
                for part in parts.values():
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            self._sync()
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise OutboxError(self._path, error.strerror or str(error)) from error

    def deliver(self, engine: Engine) -> Deleted | None:
        """Insert what is kept and forget it; returns what was deleted with it.

        Raises:
            StoreError: an insert failed; what is kept stays, and the same call may be made again. What the engine
                refuses for good is set aside under another name.
            OutboxError: the file cannot be read.
        """
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutboxError(self._path, error.strerror or str(error)) from error
        line, _, rest = raw.partition(b"\n")
        head = json.loads(line)
        at = 0
        for name, size in head["tables"].items():
            batches = list(pa.ipc.open_stream(pa.py_buffer(rest[at : at + size])))
            try:
                engine.insert(name, ArrowBatches(batches), token=f"settle/{head['token']}/{name}")
            except InsertRefusedError:
                self._path.replace(self._directory / f"refused-{head['token']}")
                raise
            at += size
        deleted = None
        if "delete" in head:
            tenant, trace_id = head["delete"]
            deleted = delete_trace(engine, Scope(tenant), bytes.fromhex(trace_id))
        self._path.unlink()
        self._sync()
        return deleted

    def _sync(self) -> None:
        fd = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _stream(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()
