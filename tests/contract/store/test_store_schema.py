"""Migrations and the deletion of a trace, on both engines."""

from __future__ import annotations

import threading

import pytest

from clew.model import Scope
from clew.store import (
    ArrowBatches,
    MigrationError,
    SchemaNewerError,
    migrate,
)
from clew.store.delete import delete_trace
from clew.store.leader import Leader
from clew.store.meta import SCHEMA_VERSION_KEY, Meta
from clew.store.migrations import MIGRATIONS, Migration, MigrationKind
from clew.store.tables import BY_NAME


def count(engine, table, where="1"):
    """Return the rows of a table."""
    return engine.query(f"SELECT count() AS n FROM {table} WHERE {where}").table["n"][0].as_py()


def step(version, kind, *statements):
    """Return a migration of fixed statements."""
    return Migration(version, f"step {version}", kind, lambda _: statements)


def test_a_second_migration_finds_nothing_to_do(engine):
    """The version is kept; running it again applies no step."""
    report = migrate(engine)
    assert report.found == report.version == MIGRATIONS[-1].version
    assert report.applied == ()
    assert report.pending == ()


def test_a_newer_schema_is_refused_with_both_versions(engine):
    """Data of a newer Clew is left alone; the error names the version found and the one known."""
    meta = Meta(engine)
    meta.put(SCHEMA_VERSION_KEY, "99")
    known = MIGRATIONS[-1].version
    with pytest.raises(SchemaNewerError, match=rf"99.*up to {known}") as raised:
        migrate(engine)
    assert (raised.value.found, raised.value.known) == (99, known)
    meta.put(SCHEMA_VERSION_KEY, str(MIGRATIONS[-1].version))


def test_rows_from_before_texts_stood_with_their_lengths_stay_readable(engine):
    """A database of version 3 is altered by its start; parts of both kinds are read and merged as one."""

    def insert(key):
        engine.execute(
            "INSERT INTO attr_values (tenant, day, level, key, type, value) "
            f"SELECT 'texts', today(), 'span', '{key}', 'string', concat('value ', toString(number)) FROM numbers(50)"
        )

    def told():
        return engine.query(
            "SELECT key, value FROM attr_values WHERE tenant = 'texts' ORDER BY key, value"
        ).table.to_pylist()

    engine.execute("ALTER TABLE attr_values MODIFY SETTING string_serialization_version = 'with_size_stream'")
    insert("before")
    Meta(engine).put(SCHEMA_VERSION_KEY, "3")
    assert migrate(engine, migrations=MIGRATIONS[:4]).applied == ("texts with their lengths",)
    insert("after")
    apart = told()
    engine.execute("OPTIMIZE TABLE attr_values FINAL")
    assert told() == apart
    assert len(apart) == 100
    made = engine.query("SELECT create_table_query AS made FROM system.tables WHERE name = 'attr_values'").table
    assert "string_serialization_version = 'single_stream'" in made["made"][0].as_py()
    engine.execute("TRUNCATE TABLE attr_values")
    Meta(engine).put(SCHEMA_VERSION_KEY, str(MIGRATIONS[-1].version))


def test_the_last_word_counts_even_when_the_clock_goes_back(engine):
    """A value written with an earlier clock still replaces the older one."""
    Meta(engine, lambda: 10**18).put("clock", "first")
    Meta(engine, lambda: 10**17).put("clock", "second")
    assert Meta(engine).get("clock") == {"clock": "second"}


def test_steps_are_typed_and_a_start_waits_for_light_ones_only(engine):
    """Light steps are done at once, mutations are handed over, backfills wait for `clew migrate`."""
    first, second, third, fourth = (MIGRATIONS[-1].version + n for n in range(1, 5))
    steps = (
        *MIGRATIONS,
        step(first, MigrationKind.LIGHT, "ALTER TABLE attr_keys ADD COLUMN IF NOT EXISTS extra UInt8"),
        step(second, MigrationKind.MUTATION, "ALTER TABLE attr_keys UPDATE extra = 1 WHERE 1"),
        step(third, MigrationKind.BACKFILL, "INSERT INTO clew_meta SELECT 'backfilled', 'yes', now64(9)"),
    )
    started = migrate(engine, migrations=steps)
    assert started.applied == (f"step {first}", f"step {second}")
    assert f"step {third}" in started.pending
    assert Meta(engine).get("backfilled") == {}
    finished = migrate(engine, migrations=steps, wait=True)
    assert finished.applied == (f"step {third}",)
    assert finished.pending == ()
    assert Meta(engine).get("backfilled") == {"backfilled": "yes"}
    with pytest.raises(MigrationError, match=rf"migration {fourth} \(step {fourth}\)"):
        migrate(engine, migrations=(*steps, step(fourth, MigrationKind.LIGHT, "ALTER TABLE nowhere DROP COLUMN x")))
    assert Meta(engine).version() == third
    Meta(engine).put(SCHEMA_VERSION_KEY, str(MIGRATIONS[-1].version))


def test_one_leader_at_a_time(engine):
    """A second leader waits until the first has finished, and passes a dead one after a while."""
    order = []

    def second():
        with Leader(engine):
            order.append("second")

    with Leader(engine):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    Leader(engine, lambda: 0).__enter__()
    with Leader(engine, lambda: 10**15):
        order.append("after a dead one")
    assert order[-1] == "after a dead one"


def test_a_deleted_trace_is_gone_from_every_table(engine, rows, tenant):
    """Every table with a trace id loses that trace and no other; the report counts and says what remains."""
    one, other = b"1" * 16, b"2" * 16
    for table in ("spans", "logs", "span_by_service", "traces", "trace_index"):
        batch = rows(BY_NAME[table].schema, 4, tenant=tenant, trace_id=[one, other, one, other])
        engine.insert(table, ArrowBatches([batch]), token=f"{tenant}/{table}")
    deleted = delete_trace(engine, Scope(tenant), one)
    assert deleted.spans == 2
    assert deleted.rows["logs"] == 2
    assert deleted.rows["trace_index"] >= 1
    assert any("red_1m" in text for text in deleted.remains)
    for table in ("spans", "logs", "span_by_service", "traces", "trace_index"):
        assert count(engine, table, f"tenant = '{tenant}' AND trace_id = '{one.decode()}'") == 0
        assert count(engine, table, f"tenant = '{tenant}' AND trace_id = '{other.decode()}'") >= 1
    assert delete_trace(engine, Scope("somebody else"), other).spans == 0
    assert count(engine, "spans", f"tenant = '{tenant}'") == 2
