"""Backup and restore of the whole database, full or as what changed since another backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clew.store.engine import Engine
from clew.store.errors import BackupError, QueryError, SchemaNewerError
from clew.store.meta import Meta
from clew.store.migrations import MIGRATIONS
from clew.store.params import literal

_TIMEOUT_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup as it lies on disk."""

    path: Path
    files: int
    bytes: int
    """Size of the files of this backup; an incremental one does not count those of its base."""


def backup(engine: Engine, path: Path, *, base: Path | None = None) -> BackupReport:
    """Write a backup to a new directory; ingest goes on meanwhile.

    Rows that come in while it runs may be in some tables of it and not in others; the journal is not part of it.

    Args:
        engine: whose database.
        path: a directory that does not exist, inside a directory allowed for backups.
        base: an earlier backup; only what changed since is written, and a restore needs both.

    Raises:
        BackupError: the path exists, is not allowed, or the base is missing.
    """
    if path.exists():
        raise BackupError(f"{path} exists", hint="Choose a new directory; a backup is never overwritten.")
    settings = f" SETTINGS base_backup = File({literal(str(base))})" if base else ""
    _run(engine, f"BACKUP DATABASE {_database(engine)} TO File({literal(str(path))}){settings}")
    files = [file for file in path.rglob("*") if file.is_file()]
    return BackupReport(path, len(files), sum(file.stat().st_size for file in files))


def restore(engine: Engine, path: Path) -> int:
    """Bring a backup into an empty database; returns its schema version.

    Raises:
        BackupError: the database holds tables, or the backup cannot be read.
        SchemaNewerError: the backup was written by a newer Clew; nothing is kept.
    """
    if _tables(engine):
        raise BackupError(
            "the database holds tables already",
            hint="Restore into an empty data directory: choose another with --data-dir.",
        )
    database = _database(engine)
    source = f"FROM File({literal(str(path))})"
    _run(engine, f"RESTORE TABLE {database}.clew_meta {source}")
    version, known = Meta(engine).version(), MIGRATIONS[-1].version
    engine.execute("DROP TABLE clew_meta SYNC")
    if version > known:
        raise SchemaNewerError(version, known)
    _run(engine, f"RESTORE DATABASE {database} {source}")
    return version


def _database(engine: Engine) -> str:
    name = engine.query("SELECT currentDatabase() AS name").table["name"][0].as_py()
    return f"`{name}`"


def _tables(engine: Engine) -> int:
    found = engine.query("SELECT count() AS n FROM system.tables WHERE database = currentDatabase()")
    return int(found.table["n"][0].as_py())


def _run(engine: Engine, sql: str) -> None:
    try:
        engine.execute(sql, timeout_s=_TIMEOUT_S)
    except QueryError as error:
        raise BackupError(
            error.detail,
            hint="Use a directory below one of storage.backup_dirs; if none is set, below engine/backups in data_dir.",
        ) from error
