"""What one query may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clew.config.section import Bytes, Section


class SqlConfig(Section):
    """Further limits of SQL that people write."""

    default_range_s: Annotated[float, Field(gt=0)] = 86_400.0
    """How far back a query reads that says nothing about time, in seconds."""
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    """Most rows of one answer as JSON."""
    max_result_bytes: Annotated[Bytes, Field(ge=1 << 20)] = 1 << 30
    """Size of the rows that one query returns."""
    max_bytes_to_read: Annotated[Bytes, Field(ge=0)] = 0
    """Uncompressed bytes that one query may read from tables; 0 is unlimited."""
    max_group_rows: Annotated[int, Field(ge=1)] = 1_000_000
    """Different keys of one GROUP BY, DISTINCT or IN, and rows of the right side of one JOIN."""
    max_temporary_bytes: Annotated[Bytes, Field(ge=1 << 20)] = 1 << 30
    """Disk that sorting and grouping may use."""


class QueryConfig(Section):
    """Limits of reading; a query beyond one says which and what to change."""

    timeout_s: Annotated[float, Field(gt=0)] = 30.0
    """Wall time of one query."""
    max_memory_bytes: Annotated[Bytes, Field(ge=64 << 20)] = 2 << 30
    """Memory of one query."""
    max_rows_to_read: Annotated[int, Field(ge=0)] = 0
    """Rows that one query may read from tables; 0 is unlimited."""
    readers: Annotated[int, Field(ge=1, le=64)] = 3
    """Queries that run at once."""
    queue: Annotated[int, Field(ge=0)] = 64
    """Queries that may wait; beyond it a request gets 503, or 429 when its tenant waits for most."""
    max_per_tenant: Annotated[int, Field(ge=0)] = 0
    """Queries of one tenant that run at once; 0: all readers, all but one when tokens of several tenants exist."""
    max_per_token: Annotated[int, Field(ge=0)] = 0
    """Queries of one token that run at once; 0 sets no limit."""
    sql: SqlConfig = SqlConfig()
    """SQL that people write."""
