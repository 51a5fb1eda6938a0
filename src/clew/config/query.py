"""What one query may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clew.config.section import Bytes, Section


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
    """Queries that may wait; beyond it a request gets 503."""
