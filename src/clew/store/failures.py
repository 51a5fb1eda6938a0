"""From ClickHouse's error numbers to this room's errors: the one place that decides what may be retried."""

from __future__ import annotations

import re
from typing import Literal

from clew.store.engine import Limits
from clew.store.errors import (
    DiskFullError,
    EngineUnavailableError,
    InsertRefusedError,
    LimitKind,
    QueryCancelledError,
    QueryError,
    QueryLimitError,
    StoreError,
)

Action = Literal["insert", "read", "execute"]

_CODE = re.compile(r"Code: (\d+)\.")
_NO_SPACE = re.compile(r"no space left on device|ENOSPC|errno: 28\b|not enough space", re.IGNORECASE)

TIMEOUT = frozenset({159, 160})
"""TIMEOUT_EXCEEDED, TOO_SLOW."""
MEMORY = frozenset({241})
"""MEMORY_LIMIT_EXCEEDED."""
ROWS = frozenset({158})
"""TOO_MANY_ROWS."""
BYTES = frozenset({307})
"""TOO_MANY_BYTES."""
RESULT = frozenset({396})
"""TOO_MANY_ROWS_OR_BYTES."""
GROUPS = frozenset({191})
"""SET_SIZE_LIMIT_EXCEEDED: of DISTINCT, IN and JOIN; GROUP BY says TOO_MANY_ROWS."""
CANCELLED = frozenset({394, 735})
"""QUERY_WAS_CANCELLED, QUERY_WAS_CANCELLED_BY_CLIENT."""
MISSING_INDEX = 43
"""ILLEGAL_TYPE_OF_ARGUMENT: also what a direct read of the text index says of a part that does not have it yet."""
NO_SPACE = frozenset({243})
"""NOT_ENOUGH_SPACE."""
UNAVAILABLE = frozenset(
    {
        3,  # UNEXPECTED_END_OF_FILE of a socket
        24,  # CANNOT_WRITE_TO_OSTREAM
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
        76,  # CANNOT_OPEN_FILE, also of too many open files
        198,  # DNS_ERROR
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        203,  # NO_FREE_CONNECTION
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        225,  # NO_ZOOKEEPER
        236,  # ABORTED
        242,  # TABLE_IS_READ_ONLY
        252,  # TOO_MANY_PARTS
        279,  # ALL_CONNECTION_TRIES_FAILED
        285,  # TOO_FEW_LIVE_REPLICAS
        319,  # UNKNOWN_STATUS_OF_INSERT
        425,  # SYSTEM_ERROR
        439,  # CANNOT_SCHEDULE_TASK
        473,  # DEADLOCK_AVOIDED
        516,  # AUTHENTICATION_FAILED: a password is corrected without losing what waits
        999,  # KEEPER_EXCEPTION
    }
)


def code_of(message: str) -> int:
    """Return ClickHouse's number in an error text, 0 when there is none."""
    found = _CODE.search(message)
    return int(found.group(1)) if found else 0


def failure(message: str, action: Action, *, limits: Limits | None = None, code: int | None = None) -> StoreError:
    """Return the error that a text of ClickHouse stands for.

    Args:
        message: the whole text.
        action: what was tried; out of memory may be retried for an insert and is a limit for a query.
        limits: those of the query, to name the one that was passed.
        code: the number when it came beside the text.
    """
    number = code_of(message) if code is None else code
    text = message.strip()
    if number in NO_SPACE or _NO_SPACE.search(text):
        return DiskFullError(text)
    if number in UNAVAILABLE:
        return EngineUnavailableError(text)
    if action == "insert":
        if number in MEMORY | TIMEOUT | CANCELLED or number == 0:
            return EngineUnavailableError(text)
        return InsertRefusedError(text)
    return _query_failure(text, number, limits or Limits())


def _query_failure(text: str, number: int, limits: Limits) -> StoreError:
    if number in CANCELLED:
        return QueryCancelledError(text, engine_code=number)
    passed = _passed(text, number, limits)
    if passed is None:
        return QueryError(text, engine_code=number)
    kind, limit = passed
    return QueryLimitError(text, kind=kind, limit=limit, engine_code=number)


def _passed(text: str, number: int, limits: Limits) -> tuple[LimitKind, float] | None:
    """Return which limit a query has passed, and its value."""
    if number in GROUPS or (number in ROWS and "GROUP BY" in text):
        return "groups", limits.max_group_rows
    size = limits.max_result_bytes if "max bytes" in text else limits.max_result_rows
    kinds: tuple[tuple[frozenset[int], LimitKind, float], ...] = (
        (TIMEOUT, "time", limits.timeout_s),
        (MEMORY, "memory", limits.max_memory_bytes),
        (ROWS, "rows", limits.max_rows_to_read),
        (BYTES, "bytes", limits.max_bytes_to_read),
        (RESULT, "result", size),
    )
    return next(((kind, limit) for numbers, kind, limit in kinds if number in numbers), None)
