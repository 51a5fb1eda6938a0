"""What the tables promise, on the embedded engine: merges, indexes, views."""

from __future__ import annotations

import pyarrow as pa
import pytest

from clew.model import SPANS
from clew.store import ArrowBatches, indexed_item
from clew.store.histogram import quantile_expression
from clew.store.tables import BY_NAME, NO_ROOT_NS, RED_1M, RED_SERVICE_1M, TABLES, TRACE_INDEX


def run(engine, sql, params=None):
    """Return the rows of a query."""
    return engine.query(sql, params).table.to_pylist()


def explain(engine, sql):
    """Return the text of EXPLAIN with its indexes."""
    return "\n".join(row["explain"] for row in run(engine, f"EXPLAIN indexes = 1 {sql}"))


@pytest.mark.parametrize(
    "table", [table for table in TABLES if table.engine != "MergeTree"], ids=lambda table: table.name
)
def test_a_merge_changes_no_answer(embedded, tenant, rows, table):
    """The aggregates of every folding table are the same before and after its parts are merged."""
    counted = ", ".join(
        f"{'sumMap' if function == 'sumMap' else function}({column}) AS {column}"
        for column, function in table.aggregates.items()
    )
    keys = table.order.strip("()")
    where = "WHERE tenant = {t:String} " if "tenant" in table.schema.names else ""
    sql = f"SELECT {keys}{', ' + counted if counted else ''} FROM {table.name} {where}GROUP BY {keys} ORDER BY {keys}"
    for number in range(3):
        columns = {"tenant": tenant} if where else {}
        embedded.insert(table.name, ArrowBatches([rows(table.schema, 9, **columns)]), token=f"{tenant}/{number}")
    params = {"t": tenant} if where else None
    before = run(embedded, sql, params)
    embedded.execute(f"OPTIMIZE TABLE {table.name} FINAL")
    assert run(embedded, sql, params) == before
    assert run(embedded, f"SELECT count() AS n FROM {table.name} {where}", params)[0]["n"] == len(before)


def test_rollups_add_up(embedded, tenant, rows):
    """Two inserts of one minute give the sum of counts and of every bucket of the histogram."""
    for schema, name in ((RED_1M, "red_1m"), (RED_SERVICE_1M, "red_service_1m")):
        batch = rows(schema, 1, tenant=tenant, n=5, hist=[[(4, 2.0), (9, 3.0)]])
        for token in ("a", "b"):
            embedded.insert(name, ArrowBatches([batch]), token=f"{tenant}/{name}/{token}")
        for _ in range(2):
            got = run(embedded, f"SELECT sum(n) AS n, sumMap(hist) AS h FROM {name} WHERE tenant = '{tenant}'")[0]
            assert got["n"] == 10
            assert dict(got["h"]) == {4: 4.0, 9: 6.0}
            embedded.execute(f"OPTIMIZE TABLE {name} FINAL")


def test_the_earliest_root_stands_for_the_trace(embedded, tenant, rows, noon_s):
    """Of several roots the earliest wins with all its fields, whichever comes last; a row without root never does."""
    roots = [(noon_s + 5, "late"), (noon_s + 1, "early"), (None, "")]
    for start, name in roots:
        nanos = NO_ROOT_NS if start is None else start * 10**9
        root = pa.scalar(nanos, pa.timestamp("ns", tz="UTC"))
        value = {"start": root.as_py(), "span_id": 1, "service": f"{name} service", "name": name, "duration": 3}
        batch = rows(TRACE_INDEX, 1, tenant=tenant, root=[value])
        embedded.insert("trace_index", ArrowBatches([batch]), token=f"{tenant}/{name}")
    for _ in range(2):
        got = run(embedded, f"SELECT min(root) AS root FROM trace_index WHERE tenant = '{tenant}' GROUP BY trace_id")
        assert got[0]["root"]["name"] == "early"
        assert got[0]["root"]["service"] == "early service"
        embedded.execute("OPTIMIZE TABLE trace_index FINAL")


@pytest.fixture(scope="module")
def merged(embedded, rows):
    """Spans with attributes and arrays, merged, so that the attribute index is built."""
    attributes = [[("k", f"v{n}"), ("url.full", "https://x"), ("long", "x" * 200)] for n in range(5000)]
    arrays = [[("tags", ["red", f"tag{n}"])] for n in range(5000)]
    batch = rows(SPANS, 5000, tenant="indexed", attr_str=attributes, arr_str=arrays)
    embedded.insert("spans", ArrowBatches([batch]), token="indexed")
    embedded.execute("OPTIMIZE TABLE spans FINAL")
    return embedded


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("has(items, 'k=v17')", "Name: ix_items"),
        ("has(items, 'k=v17') AND attr_str['k'] = 'v17' AND duration > 3", "Name: ix_items"),
        ("hasAny(items, ['k=v17', 'k=v18'])", "Name: ix_items"),
        ("duration > 5000000000", "Name: ix_duration"),
        ("start < toDateTime64('2001-01-01', 9, 'UTC')", "Name: ix_start"),
        ("bucket >= toDateTime('2030-01-01')", "MinMax"),
        ("bucket = toDateTime('2026-01-01') AND trace_id = toFixedString('a', 16)", "PrimaryKey"),
    ],
)
def test_spans_are_found_by_index(merged, where, index):
    """Each condition that searches rely on is answered with its index, and the engine says so."""
    text = explain(merged, f"SELECT trace_id FROM spans WHERE tenant = 'indexed' AND {where}")
    assert index.lower() in text.lower().replace("min-max", "minmax"), text


def test_traces_of_a_time_are_found_by_index(embedded, rows):
    """Traces that end after a point in time are found with the index over their ends, in parts of one file."""
    batch = rows(TRACE_INDEX, 5, tenant="ends")
    embedded.insert("trace_index", ArrowBatches([batch]), token="ends")
    embedded.execute("OPTIMIZE TABLE trace_index FINAL")
    later = "last >= toDateTime64('2100-01-01', 9, 'UTC')"
    text = explain(embedded, f"SELECT trace_id FROM trace_index WHERE tenant = 'ends' AND {later}")
    assert "Name: ix_last" in text, text
    kept = "SELECT DISTINCT part_type FROM system.parts WHERE table = 'trace_index' AND active"
    assert [row["part_type"] for row in run(embedded, kept)] == ["Compact"]


def test_other_tables_are_found_by_their_keys(embedded, rows):
    """Trace ids, services, operations and catalogue entries are found by primary key."""
    conditions = {
        "trace_index": ("trace_id = toFixedString('a', 16)", "trace_id"),
        "span_by_service": ("service = 'a' AND start > toDateTime64('2026-01-01', 9, 'UTC')", "start"),
        "red_1m": ("service = 'a' AND minute > toDateTime('2026-01-01')", "minute"),
        "red_service_1m": ("service = 'a' AND minute > toDateTime('2026-01-01')", "minute"),
        "logs": ("bucket = toDateTime('2026-01-01') AND trace_id = toFixedString('a', 16)", "trace_id"),
        "resources": ("resource_id = 5", "resource_id"),
        "scopes": ("scope_id = 5", "scope_id"),
        "attr_keys": ("level = 'span' AND key = 'a'", "key"),
        "attr_values": ("level = 'span' AND key = 'a'", "key"),
    }
    for table, (where, key) in conditions.items():
        embedded.insert(table, ArrowBatches([rows(BY_NAME[table].schema, 5, tenant="keys")]), token=f"keys/{table}")
        text = explain(embedded, f"SELECT * FROM {table} WHERE tenant = 'a' AND {where}")
        keys = text.split("PrimaryKey")[1].split("Condition")[0]
        assert "tenant" in keys, table
        assert key in keys, table


def test_items_hold_scalars_and_array_elements_but_nothing_unbounded(merged):
    """A pair is found in `items` exactly when `indexed_item` says that it is there."""
    found = run(merged, "SELECT items FROM spans WHERE tenant = 'indexed' AND has(items, 'k=v17')")
    assert sorted(found[0]["items"]) == ["k=v17", "tags=red", "tags=tag17"]
    assert indexed_item("k", "v17") == "k=v17"
    assert indexed_item("url.full", "https://x") is None
    assert indexed_item("long", "x" * 200) is None


def test_quantiles_in_sql_follow_the_histogram(embedded):
    """The SQL of a quantile gives the middle of the bucket that holds the rank."""
    hist = "map(toInt16(-1), 1., toInt16(40), 8., toInt16(80), 1.)"
    for rank, wanted in ((0.05, 0.0), (0.5, 2 ** (39.5 / 4)), (0.99, 2 ** (79.5 / 4))):
        got = run(embedded, f"SELECT {quantile_expression('h', str(rank))} AS q FROM (SELECT {hist} AS h)")[0]["q"]
        assert got == pytest.approx(wanted)
    empty = "CAST(map(), 'Map(Int16, Float64)')"
    assert run(embedded, f"SELECT {quantile_expression('h', '0.5')} AS q FROM (SELECT {empty} AS h)")[0]["q"] == 0


def test_the_usual_view_shows_spans_with_their_resource(embedded, tenant, rows):
    """`otel_traces` has hex ids, names of kinds and statuses, and attributes of all types as text."""
    for table in ("spans", "resources", "scopes"):
        schema = BY_NAME[table].schema
        fixed = {name: 7 for name in ("resource_id", "scope_id") if name in schema.names}
        typed = {"attr_str": [[("s", "x")]], "attr_int": [[("i", 5)]], "attr_bool": [[("b", True)]]}
        ids = {"span_id": 255, "kind": 2, "status": 2} if table == "spans" else {}
        batch = rows(schema, 1, tenant=tenant, **fixed, **typed, **ids)
        embedded.insert(table, ArrowBatches([batch]), token=f"{tenant}/{table}")
    got = run(embedded, "SELECT * FROM otel_traces WHERE Tenant = {t:String}", {"t": tenant})[0]
    assert got["SpanId"] == "00000000000000ff"
    assert len(got["TraceId"]) == 32
    assert (got["SpanKind"], got["StatusCode"]) == ("Server", "Error")
    for column in ("SpanAttributes", "ResourceAttributes"):
        assert {"s": "x", "i": "5", "b": "true"}.items() <= dict(got[column]).items()
