"""The door to ClickHouse: one protocol, an embedded and an HTTP implementation, the same contract tests over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

Param = str | int | float | bool | bytes | Sequence[str] | Sequence[int] | Sequence[float] | Sequence[bytes]
"""A bound query parameter. `bytes` binds as a FixedString; text is escaped in one place in this room."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use; passing a limit raises `QueryLimitError`, which says which one and what to change."""

    timeout_s: float = 30.0
    """Wall time in seconds."""
    max_memory_bytes: int = 2 << 30
    """Memory of the query in bytes."""
    max_rows_to_read: int = 0
    """Rows read from tables; 0 is unlimited."""
    max_result_rows: int = 0
    """Rows returned; 0 is unlimited."""
    max_result_bytes: int = 0
    """Size of the rows returned, in bytes; 0 is unlimited."""
    max_bytes_to_read: int = 0
    """Uncompressed bytes read from tables; 0 is unlimited."""
    max_group_rows: int = 0
    """Different keys of GROUP BY, DISTINCT and IN, and rows of the right side of a JOIN; 0 is unlimited."""
    max_temporary_bytes: int = 0
    """Disk that sorting and grouping may use; 0 is unlimited."""
    take_rows: int = 0
    """Stop after so many rows without an error, as a LIMIT around the query would; 0 takes all."""
    max_threads: int = 2
    """Threads of the query."""
    nice: int = 0
    """Priority of the threads below that of inserts and merges, 0 to 19, where the process may set it and the engine is
    embedded."""
    direct_index: bool = False
    """Take matches of the attribute index from it without reading the column; a part without it fails the query with
    `MISSING_INDEX`."""


@dataclass(frozen=True, slots=True)
class QueryStats:
    """What a query has read."""

    rows: int
    bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query as an Arrow table, and what it read."""

    table: pa.Table
    stats: QueryStats


@dataclass(frozen=True, slots=True)
class ArrowFile:
    """An Arrow IPC stream on disk: a sealed journal segment, inserted as it is."""

    path: Path


@dataclass(frozen=True, slots=True)
class ArrowBatches:
    """Batches in memory, written as one Arrow IPC stream for the insert."""

    batches: Sequence[pa.RecordBatch] = field(default_factory=tuple)


InsertSource = ArrowFile | ArrowBatches


class Engine(Protocol):
    """ClickHouse, wherever it runs. Every method blocks: call it from a worker thread, never on the event loop."""

    def prepare(self) -> None:
        """Make sure that the engine answers and that its database exists; the tables are made by `migrate`.

        Raises:
            EngineUnavailableError: it does not answer.
        """

    def execute(self, sql: str, params: Mapping[str, Param] | None = None, *, timeout_s: float = 60.0) -> None:
        """Run a statement without a result (DDL, OPTIMIZE, ALTER)."""

    def insert(self, table: str, source: InsertSource, *, token: str) -> None:
        """Insert durably, exactly once per `token`: a repeated call with the same token and rows changes nothing.

        Raises:
            EngineUnavailableError: retryable; nothing is known about the rows, so the same call must be made again.
            InsertRefusedError: permanent; the rows can never be stored as they are.
            DiskFullError: retryable once there is room.
        """

    def query(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
    ) -> Result:
        """Run a SELECT; `{name:Type}` placeholders are bound from `params`."""

    def stream(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
        told: Callable[[QueryStats], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run a SELECT and yield its batches as they come; closing the iterator cancels the query.

        `told` gets what the query has read so far: from the embedded engine with every batch, from a server only what
        it knew before the first.
        """

    def cancel(self, query_id: str) -> None:
        """End the query with this id if it still runs; harmless otherwise. Callable from any thread."""

    def close(self) -> None:
        """Release the engine; safe twice."""
