"""The embedded engine and its directory; each test has one of its own."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from clew.config import StorageConfig
from clew.model import SPANS
from clew.store import (
    ArrowBatches,
    BackupError,
    DirectoryInUseError,
    DiskFullError,
    EmbeddedConfig,
    EmbeddedEngine,
    EngineUnavailableError,
    MigrationOptions,
    SchemaNewerError,
    migrate,
)
from clew.store.backup import backup, restore
from clew.store.meta import SCHEMA_VERSION_KEY, Meta
from clew.store.migrations import MIGRATIONS
from clew.store.open import open_engine
from clew.store.tables import BY_NAME


def count(engine, table, where="1"):
    """Return the rows of a table."""
    return engine.query(f"SELECT count() AS n FROM {table} WHERE {where}").table["n"][0].as_py()


DERIVED = ("traces", "edges_1m", "exceptions", "shapes")


def content(engine, table):
    """Return the rows of a table as sorted text."""
    return sorted(engine.query(f"SELECT formatRow('TSV', *) AS row FROM {table}").table["row"].to_pylist())


def test_a_second_engine_on_a_directory_is_told_who_has_it(tmp_path):
    """The error names the process and the way out; after a close the directory is free."""
    first = EmbeddedEngine(tmp_path)
    with pytest.raises(DirectoryInUseError, match=f"process {os.getpid()}") as raised:
        EmbeddedEngine(tmp_path)
    assert raised.value.pid == os.getpid()
    assert "--data-dir" in raised.value.hint
    first.close()
    first.close()
    EmbeddedEngine(tmp_path).close()


def test_a_token_is_known_after_close_and_reopen(tmp_path, rows, tenant):
    """A retry after a restart changes nothing, in plain and in folding tables."""
    for _ in range(3):
        engine = EmbeddedEngine(tmp_path)
        migrate(engine)
        for table in ("spans", "trace_index"):
            batch = rows(BY_NAME[table].schema, 20, tenant=tenant)
            engine.insert(table, ArrowBatches([batch]), token=f"{tenant}/{table}")
        assert count(engine, "spans") == 20
        wanted = sum(range(1, 21))
        assert engine.query("SELECT sum(spans) AS n FROM trace_index").table["n"][0].as_py() == wanted
        engine.close()


def test_a_full_disk_is_an_error_that_may_be_retried(tmp_path, rows, tenant):
    """Without room an insert raises and stores nothing; what is there stays readable, and with room it works again."""
    engine = EmbeddedEngine(tmp_path)
    migrate(engine)
    batch = ArrowBatches([rows(SPANS, 10, tenant=tenant)])
    engine.insert("spans", batch, token="first")
    engine.close()
    engine = EmbeddedEngine(tmp_path, EmbeddedConfig(keep_free_bytes=1 << 60))
    with pytest.raises(DiskFullError) as raised:
        engine.insert("spans", batch, token="second")
    assert raised.value.retryable
    assert count(engine, "spans") == 10
    engine.execute("ALTER TABLE logs DROP PARTITION '2026-01-01'")
    engine.close()
    engine = EmbeddedEngine(tmp_path)
    engine.insert("spans", batch, token="second")
    assert count(engine, "spans") == 20
    engine.close()


def test_a_closed_engine_says_so(tmp_path):
    """A call after close raises the retryable error instead of hanging or crashing."""
    engine = EmbeddedEngine(tmp_path)
    engine.close()
    with pytest.raises(EngineUnavailableError, match="closed"):
        engine.query("SELECT 1")


def test_an_unreadable_directory_is_refused_with_its_name(tmp_path):
    """Files that are no data of the engine give an error with a hint, and free the lock."""
    (tmp_path / "data").write_text("not a directory")
    for _ in range(2):
        with pytest.raises(EngineUnavailableError) as raised:
            EmbeddedEngine(tmp_path)
        assert str(tmp_path) in raised.value.hint


def test_a_directory_with_blanks_and_signs_works(tmp_path):
    """The path of the data is nowhere part of a pattern or an option."""
    engine = EmbeddedEngine(tmp_path / "a b & {c} <d>")
    migrate(engine)
    assert count(engine, "spans") == 0
    engine.close()


def test_threads_use_the_engine_side_by_side(tmp_path):
    """Many threads query at once and each gets its own answer."""
    engine = EmbeddedEngine(tmp_path)

    def ask(n):
        return [engine.query("SELECT {n:UInt32} + number AS v FROM numbers(3)", {"n": n}).table["v"][0].as_py()] * 3

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(100)))
    assert [answer[0] for answer in answers] == list(range(100))
    engine.close()


def test_configuration_names_the_engine(tmp_path):
    """`open_engine` gives the engine of the configuration; the HTTP one sends nothing before its first call."""
    embedded = open_engine(StorageConfig(), tmp_path)
    assert embedded.kind == "embedded"
    assert (tmp_path / "engine" / "engine.lock").exists()
    embedded.close()
    http = open_engine(StorageConfig(engine="http", url="http://127.0.0.1:1"), tmp_path)
    assert http.kind == "http"
    http.close()


def test_a_backup_and_its_increment_restore_into_an_empty_directory(tmp_path, rows, tenant):
    """Every row comes back, settled ones as they were, from a full backup and an increment; nothing is overwritten."""
    backups = tmp_path / "backups"
    config = EmbeddedConfig(backup_dirs=(backups,))
    source = EmbeddedEngine(tmp_path / "source", config)
    migrate(source, options=MigrationOptions())
    for number, table in enumerate(BY_NAME):
        batch = rows(BY_NAME[table].schema, 50, **({"tenant": tenant} if table != "clew_meta" else {}))
        source.insert(table, ArrowBatches([batch]), token=f"{number}")
    full = backup(source, backups / "full")
    source.insert("spans", ArrowBatches([rows(SPANS, 10, tenant=tenant)]), token="later")
    for table in DERIVED:
        source.insert(table, ArrowBatches([rows(BY_NAME[table].schema, 7, tenant="later")]), token=f"later-{table}")
    increment = backup(source, backups / "later", base=full.path)
    assert 0 < increment.bytes < full.bytes
    wanted = {table: count(source, table) for table in BY_NAME}
    derived = {table: content(source, table) for table in DERIVED}
    assert all(derived.values())
    with pytest.raises(BackupError, match="exists"):
        backup(source, full.path)
    with pytest.raises(BackupError, match="not allowed"):
        backup(source, tmp_path / "elsewhere")
    with pytest.raises(BackupError, match="holds tables"):
        restore(source, full.path)
    source.close()
    target = EmbeddedEngine(tmp_path / "target", config)
    assert restore(target, increment.path) == MIGRATIONS[-1].version
    assert {table: count(target, table) for table in BY_NAME} == wanted
    assert {table: content(target, table) for table in DERIVED} == derived
    assert count(target, "traces", "tenant = 'later'") == 7
    assert migrate(target).applied == ()
    target.close()


def test_a_backup_of_a_newer_schema_is_refused(tmp_path):
    """A restore checks the version first and leaves the directory empty."""
    config = EmbeddedConfig(backup_dirs=(tmp_path / "backups",))
    source = EmbeddedEngine(tmp_path / "source", config)
    migrate(source)
    Meta(source).put(SCHEMA_VERSION_KEY, "99")
    backup(source, tmp_path / "backups" / "newer")
    source.close()
    target = EmbeddedEngine(tmp_path / "target", config)
    with pytest.raises(SchemaNewerError):
        restore(target, tmp_path / "backups" / "newer")
    assert count(target, "system.tables", "database = currentDatabase()") == 0
    target.close()
