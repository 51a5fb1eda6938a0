"""The life of the rows: retention by age and by size, housekeeping."""

from __future__ import annotations

import datetime as dt

import pytest

from clew.model import LOGS, SPANS
from clew.store import ArrowBatches, Limits, QueryError, migrate
from clew.store.failures import MISSING_INDEX
from clew.store.housekeeping import (
    has_attribute_index,
    materialize_indexes,
    missing_indexes,
    parts_without_index,
    set_attribute_index,
)
from clew.store.retention import enforce_disk_budget, reconcile_ttl
from clew.store.usage import disk_usage, partitions

DAY_S = 86_400


def count(engine, table, where="1"):
    """Return the rows of a table."""
    return engine.query(f"SELECT count() AS n FROM {table} WHERE {where}").table["n"][0].as_py()


def test_the_attribute_index_is_added_and_dropped_as_configured(embedded):
    """Setting the option changes the table only when it differs."""
    assert has_attribute_index(embedded)
    assert not set_attribute_index(embedded, wanted=True)
    assert set_attribute_index(embedded, wanted=False)
    assert not has_attribute_index(embedded)
    assert set_attribute_index(embedded, wanted=True)
    assert has_attribute_index(embedded)


def spans_of(rows, tenant, day_s, rows_per_day=200):
    """Return the spans of one day."""
    times = {"bucket": day_s, "start": day_s * 10**9}
    return ArrowBatches([rows(SPANS, rows_per_day, tenant=tenant, **times)])


def test_ttl_follows_the_configuration(empty_tables, rows, tenant, noon_s):
    """A changed retention changes the tables and the dates of existing parts; an equal one changes nothing."""
    engine = empty_tables
    engine.insert("spans", spans_of(rows, tenant, noon_s), token=tenant)
    assert reconcile_ttl(engine, traces_days=30, red_days=90) == ()
    assert reconcile_ttl(engine, traces_days=45, red_days=90) == (
        "spans", "logs", "resources", "scopes", "trace_index", "span_by_service", "attr_keys", "attr_values",
        "traces",
    )  # fmt: skip
    migrate(engine, wait=True)
    found = engine.query(
        "SELECT toUnixTimestamp(delete_ttl_info_max) AS at FROM system.parts WHERE table = 'spans' AND active"
    ).table.to_pylist()
    assert {row["at"] // DAY_S - noon_s // DAY_S for row in found} == {45}
    assert reconcile_ttl(engine, traces_days=45, red_days=90) == ()
    assert reconcile_ttl(engine, traces_days=30, red_days=60) != ()
    assert reconcile_ttl(engine, traces_days=30, red_days=90) == (
        "red_1m", "red_service_1m", "shapes", "edges_1m", "exceptions",
    )  # fmt: skip


def test_rows_beyond_the_retention_are_gone_after_a_merge(empty_tables, rows, tenant, noon_s):
    """A part whose day is over its time is dropped whole."""
    engine = empty_tables
    engine.insert("spans", spans_of(rows, tenant, noon_s - 400 * DAY_S), token=tenant)
    engine.execute("OPTIMIZE TABLE spans FINAL")
    assert count(engine, "spans") == 0


def test_the_oldest_day_goes_first_and_the_newest_never(empty_tables, rows, tenant, noon_s):
    """Over the budget whole days go from all tables, oldest first; what was dropped is counted."""
    engine = empty_tables
    for back in range(4):
        day = noon_s - back * DAY_S
        engine.insert("spans", spans_of(rows, tenant, day), token=f"{tenant}/{back}")
        logs = rows(LOGS, 50, tenant=tenant, bucket=day, time=day * 10**9)
        engine.insert("logs", ArrowBatches([logs]), token=f"{tenant}/{back}")
    sizes = partitions(engine)
    assert [part.day for part in sizes] == sorted(part.day for part in sizes)
    whole = sum(part.bytes for part in sizes)
    oldest = sum(part.bytes for part in sizes if part.day == sizes[0].day)
    assert enforce_disk_budget(engine, whole).days == ()
    dropped = enforce_disk_budget(engine, whole - 1)
    assert dropped.days == (sizes[0].day,)
    assert (dropped.spans, dropped.logs, dropped.bytes) == (200, 50, oldest)
    rest = enforce_disk_budget(engine, 0)
    assert len(rest.days) == 2
    assert count(engine, "spans") == 200
    assert count(engine, "logs") == 50


def test_usage_names_tables_days_and_what_is_left(empty_tables, rows, tenant, noon_s):
    """The report adds up, and the days left follow from the budget and the rate of full days."""
    engine = empty_tables
    today = dt.date(1970, 1, 1) + dt.timedelta(days=noon_s // DAY_S)
    for back in (1, 2):
        engine.insert("spans", spans_of(rows, tenant, noon_s - back * DAY_S), token=f"{tenant}/{back}")
    sizes = partitions(engine)
    used = sum(part.bytes for part in sizes)
    report = disk_usage(engine, max_bytes=used * 6, today=today)
    by_table = {table.table: table for table in report.tables}
    assert report.bytes == used
    assert report.free_bytes > 0
    assert by_table["spans"].rows == 400
    assert by_table["spans"].newest == today - dt.timedelta(days=1)
    assert by_table["logs"].oldest is None
    assert report.days_left == pytest.approx(used * 5 / (used / 2))
    assert disk_usage(engine, max_bytes=None, today=today - dt.timedelta(days=90)).days_left is None


def test_housekeeping_indexes_parts_that_no_merge_visits(empty_tables, rows, tenant, noon_s):
    """A part older than an hour without the attribute index gets it; younger ones are left to merges."""
    engine = empty_tables
    engine.insert("spans", spans_of(rows, tenant, noon_s, 2000), token=tenant)
    assert missing_indexes(engine, older_than_s=3600) == []
    later = lambda: int(engine.query("SELECT toUnixTimestamp(now()) AS t").table["t"][0].as_py() + 4000) * 10**9  # noqa: E731
    assert [day.rows for day in missing_indexes(engine, now=later)] == [2000]
    done = materialize_indexes(engine, now=later, wait=True)
    assert done is not None
    assert done.rows == 2000
    assert missing_indexes(engine, now=later) == []
    assert materialize_indexes(engine, now=later) is None


def test_matches_are_read_from_the_index_where_every_part_has_it(empty_tables, rows, noon_s):
    """A direct read gives every match, names the parts that lack the index, and never loses their rows silently."""
    engine, direct = empty_tables, Limits(direct_index=True)
    sql = "SELECT span_id FROM spans WHERE has(items, 'k=v') ORDER BY span_id"

    def insert(first):
        fixed = {"bucket": noon_s, "start": noon_s * 10**9, "attr_str": [[("k", "v")]] * 50, "service": "s"}
        batch = rows(SPANS, 50, tenant="direct", span_id=list(range(first, first + 50)), **fixed)
        engine.insert("spans", ArrowBatches([batch]), token=f"direct/{first}")

    engine.execute("SYSTEM STOP MERGES spans")
    insert(1)
    insert(51)
    engine.execute("SYSTEM START MERGES spans")
    engine.execute("OPTIMIZE TABLE spans FINAL")
    engine.execute("SYSTEM STOP MERGES spans")
    assert parts_without_index(lambda sql, params: engine.query(sql, params).table) == []
    plan = "\n".join(
        row["explain"] for row in engine.query(f"EXPLAIN actions = 1 {sql}", limits=direct).table.to_pylist()
    )
    assert "__text_index_ix_items" in plan, plan
    assert engine.query(sql, limits=direct).table["span_id"].to_pylist() == list(range(1, 101))
    insert(101)
    (young,) = parts_without_index(lambda sql, params: engine.query(sql, params).table)
    with pytest.raises(QueryError) as caught:
        engine.query(sql, limits=direct)
    assert caught.value.engine_code == MISSING_INDEX
    rest = sql.replace("ORDER", f"AND _part != '{young}' ORDER")
    assert engine.query(rest, limits=direct).table["span_id"].to_pylist() == list(range(1, 101))
    assert engine.query(sql).table["span_id"].to_pylist() == list(range(1, 151))
    engine.execute("SYSTEM START MERGES spans")
