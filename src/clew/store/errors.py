"""What can go wrong between Clew and ClickHouse.

StoreError
+-- EngineUnavailableError   the engine cannot be reached or is overloaded; the same call may be made again
+-- InsertRefusedError       these rows can never be stored as they are
+-- DiskFullError            no room; retryable once there is
+-- QueryError               the engine refuses the statement
|   +-- QueryLimitError      time, memory, rows, bytes, groups or the size of the result
|   +-- QueryCancelledError
+-- DirectoryInUseError      another process has the data directory
+-- SchemaNewerError         the data was written by a newer Clew
+-- MigrationError           a step of the schema failed
+-- BackupError              a backup or restore cannot be done
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from clew.model.errors import ClewError


class StoreError(ClewError):
    """Root of this room's errors."""

    code = "store_failed"
    http_status = 500
    grpc_status = "INTERNAL"


class EngineUnavailableError(StoreError):
    """The engine cannot be reached, is overloaded or out of memory; nothing is known about the effect."""

    code = "engine_unavailable"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
    hint = "Clew tries again by itself; see `clew status` for how long this has lasted."


class InsertRefusedError(StoreError):
    """The engine refuses these rows for good."""

    code = "insert_refused"
    hint = "The segment is set aside in quarantine; after the cause is removed run `clew journal retry`."


class DiskFullError(StoreError):
    """There is no room for the rows."""

    code = "disk_full"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
    hint = "Free space on the volume of data_dir, or lower storage.max_bytes or storage.retention_days."


class QueryError(StoreError):
    """The engine refuses a statement."""

    code = "query_failed"

    def __init__(self, detail: str, *, engine_code: int = 0, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.engine_code = engine_code
        """ClickHouse's number of the error, 0 when it gave none."""


LimitKind = Literal["time", "memory", "rows", "bytes", "groups", "result"]

_LIMIT_HINTS: dict[LimitKind, str] = {
    "time": "Narrow the time range, add a filter on service or an attribute, or raise query.timeout_s.",
    "memory": "Narrow the time range, add a filter, or raise query.max_memory_bytes.",
    "rows": "Narrow the time range, add a filter on service or an attribute, or raise query.max_rows_to_read.",
    "bytes": "Narrow the time range, read fewer columns, or raise query.sql.max_bytes_to_read.",
    "groups": "Group, join or compare by something with fewer different values, or raise query.sql.max_group_rows.",
    "result": "Return fewer or smaller rows, or raise query.sql.max_result_bytes.",
}


class QueryLimitError(QueryError):
    """A query passed one of its limits and was ended."""

    code = "query_limit"
    http_status = 422
    grpc_status = "RESOURCE_EXHAUSTED"

    def __init__(self, detail: str, *, kind: LimitKind, limit: float, engine_code: int = 0) -> None:
        super().__init__(detail, engine_code=engine_code, hint=_LIMIT_HINTS[kind])
        self.kind: LimitKind = kind
        self.limit = limit
        """The limit in seconds, bytes, rows or keys."""


class QueryCancelledError(QueryError):
    """A query was ended on request."""

    code = "query_cancelled"
    http_status = 499
    grpc_status = "CANCELLED"


class DirectoryInUseError(StoreError):
    """Another process holds the data directory."""

    code = "directory_in_use"
    http_status = 503
    grpc_status = "UNAVAILABLE"

    def __init__(self, path: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path} is in use by {owner}",
            hint="Stop that process, talk to it with --url, or choose another directory with --data-dir.",
        )
        self.path = path
        self.pid = pid


class SchemaNewerError(StoreError):
    """The data directory was written by a newer Clew."""

    code = "schema_newer"
    http_status = 503
    grpc_status = "FAILED_PRECONDITION"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the data has schema version {found}, this Clew knows versions up to {known}",
            hint="Install the Clew that wrote the data, or restore an older backup into an empty directory.",
        )
        self.found = found
        self.known = known


class MigrationError(StoreError):
    """A step of the schema failed; the steps before it are kept and the next start goes on from there."""

    code = "migration_failed"

    def __init__(self, version: int, name: str, cause: str) -> None:
        super().__init__(f"migration {version} ({name}) failed: {cause}")
        self.version = version
        self.name = name


class BackupError(StoreError):
    """A backup or a restore cannot be done as asked."""

    code = "backup_failed"
    http_status = 409
    grpc_status = "FAILED_PRECONDITION"
