"""ClickHouse behind one `Engine` protocol: embedded (chdb) or over HTTP, with the tables, migrations and retention.

Arrow batches and sealed journal segments come in, Arrow tables go out. `migrate` makes the tables, `clew.store.tables`
says what the writer must send to each.
"""

from clew.store.embedded import EmbeddedEngine
from clew.store.embedded_config import EmbeddedConfig
from clew.store.engine import ArrowBatches, ArrowFile, Engine, Limits, Param, QueryStats, Result
from clew.store.errors import (
    BackupError,
    DirectoryInUseError,
    DiskFullError,
    EngineUnavailableError,
    InsertRefusedError,
    MigrationError,
    QueryCancelledError,
    QueryError,
    QueryLimitError,
    SchemaNewerError,
    StoreError,
)
from clew.store.items import indexed_item
from clew.store.migrate import MigrationReport, migrate
from clew.store.migrations import MigrationOptions

__all__ = [
    "ArrowBatches",
    "ArrowFile",
    "BackupError",
    "DirectoryInUseError",
    "DiskFullError",
    "EmbeddedConfig",
    "EmbeddedEngine",
    "Engine",
    "EngineUnavailableError",
    "InsertRefusedError",
    "Limits",
    "MigrationError",
    "MigrationOptions",
    "MigrationReport",
    "Param",
    "QueryCancelledError",
    "QueryError",
    "QueryLimitError",
    "QueryStats",
    "Result",
    "SchemaNewerError",
    "StoreError",
    "indexed_item",
    "migrate",
]
