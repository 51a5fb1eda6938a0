from __future__ import annotations

import pyarrow as pa
import pytest

from clew.model import LOGS, RESOURCES, SCOPES, SPANS
from clew.store import ArrowBatches, ArrowFile, InsertRefusedError
from clew.store.tables import SPAN_BY_SERVICE, TRACE_INDEX

DAY_NS = 86_400 * 10**9


def count(engine, table, tenant):
    """Return the rows of a tenant."""
    sql = f"SELECT count() AS n FROM {table} WHERE tenant = {{t:String}}"
    return engine.query(sql, {"t": tenant}).table["n"][0].as_py()


@pytest.mark.parametrize(
    ("table", "schema"), [("spans", SPANS), ("logs", LOGS), ("resources", RESOURCES), ("scopes", SCOPES)]
)
def test_every_column_comes_back_as_it_was_sent(engine, tenant, rows, table, schema):
    """A batch of the model, with lists of structs and maps of words, is read back value for value."""
    sent = rows(schema, 13, tenant=tenant)
    engine.insert(table, ArrowBatches([sent]), token=f"{tenant}/{table}")
    names = []
    for field in schema:
        nested = pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type)
        names += [f"`{field.name}.{part.name}`" for part in field.type.value_type] if nested else [f"`{field.name}`"]
    key = next(name for name in ("span_id", "resource_id", "scope_id") if name in schema.names)
    got = engine.query(
        f"SELECT {', '.join(names)} FROM {table} WHERE tenant = {{t:String}} ORDER BY {key}", {"t": tenant}
    ).table
    for field in schema:
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            for part in field.type.value_type:
                wanted = [[item[part.name] for item in row] for row in sent[field.name].to_pylist()]
                assert got[f"{field.name}.{part.name}"].to_pylist() == wanted, (field.name, part.name)
            continue
        wanted = sent[field.name]
        if field.type == pa.timestamp("s", tz="UTC"):
            wanted = wanted.cast(pa.int64())
        assert got[field.name].to_pylist() == wanted.to_pylist(), field.name


def test_a_repeated_token_changes_nothing(engine, tenant, rows):
    """The same rows under the same token are stored once; under another token they are stored again."""
    batch = rows(SPANS, 5, tenant=tenant)
    for token in ("one", "one", "two"):
        engine.insert("spans", ArrowBatches([batch]), token=f"{tenant}/{token}")
    assert count(engine, "spans", tenant) == 10


def test_a_repeated_token_keeps_sums_and_a_merge_keeps_them_too(engine, tenant, rows):
    """A retried rollup counts once, before and after the merge of its parts."""
    batch = rows(TRACE_INDEX, 3, tenant=tenant, spans=7)
    for token in ("one", "one", "two"):
        engine.insert("trace_index", ArrowBatches([batch]), token=f"{tenant}/{token}")
    sql = "SELECT sum(spans) AS n FROM trace_index WHERE tenant = {t:String}"
    assert engine.query(sql, {"t": tenant}).table["n"][0].as_py() == 42
    engine.execute("OPTIMIZE TABLE trace_index FINAL")
    assert engine.query(sql, {"t": tenant}).table["n"][0].as_py() == 42
    assert count(engine, "trace_index", tenant) == 3


def test_a_file_of_many_batches_becomes_one_part(engine, tenant, rows, stream_file, tmp_path):
    """A segment with a new dictionary in every batch is inserted by path as one part, words intact."""
    services = [f"service {n}" for n in range(20)]
    batches = [rows(SPAN_BY_SERVICE, 50, tenant=tenant, service=name) for name in services]
    path = stream_file(tmp_path / "a {strange} name.arrow", *batches)
    before = parts(engine, "span_by_service")
    engine.insert("span_by_service", ArrowFile(path), token=f"{tenant}/file")
    assert parts(engine, "span_by_service") - before <= 1
    got = engine.query(
        "SELECT service, count() AS n FROM span_by_service WHERE tenant = {t:String} GROUP BY service", {"t": tenant}
    ).table.to_pylist()
    assert {row["service"]: row["n"] for row in got} == dict.fromkeys(services, 50)


def parts(engine, table):
    """Return the active parts of a table."""
    sql = "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = {t:String} AND active"
    return engine.query(sql, {"t": table}).table["n"][0].as_py()


def test_spans_of_120_days_go_into_one_insert(engine, tenant, rows, noon_s):
    """More than a hundred partitions in one insert are accepted, and a retry of it changes nothing."""
    engine.execute("ALTER TABLE spans MODIFY TTL toDate(bucket) + toIntervalDay(500)")
    days = [noon_s - 86_400 * n for n in range(120)]
    batch = rows(SPANS, 120, tenant=tenant, bucket=days, start=[day * 10**9 for day in days])
    for _ in range(2):
        engine.insert("spans", ArrowBatches([batch]), token=f"{tenant}/days")
    assert count(engine, "spans", tenant) == 120


def test_a_torn_stream_is_refused_whole(engine, tenant, rows, stream_file, tmp_path):
    """A segment cut in the middle raises the permanent error and leaves no row, not even of its whole batches."""
    path = stream_file(tmp_path / "torn.arrow", rows(SPANS, 400, tenant=tenant), rows(SPANS, 400, tenant=tenant))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InsertRefusedError) as raised:
        engine.insert("spans", ArrowFile(path), token=f"{tenant}/torn")
    assert not raised.value.retryable
    assert count(engine, "spans", tenant) == 0


def test_rows_without_a_tenant_are_refused(engine, rows):
    """A batch that lacks the tenant column, or has an empty one, never falls to some other tenant."""
    batch = rows(SPANS, 3, tenant="")
    for sent in (batch, batch.drop_columns(["tenant"])):
        with pytest.raises(InsertRefusedError):
            engine.insert("spans", ArrowBatches([sent]), token="no tenant")
    assert count(engine, "spans", "") == 0


def test_missing_columns_take_defaults_and_unknown_ones_are_skipped(engine, tenant, rows):
    """A segment of an older model inserts by name."""
    batch = rows(SPANS, 3, tenant=tenant).drop_columns(["peer", "marks"])
    batch = batch.append_column(pa.field("of_tomorrow", pa.int64()), pa.array([1, 2, 3]))
    engine.insert("spans", ArrowBatches([batch]), token=f"{tenant}/older")
    got = engine.query("SELECT peer, marks FROM spans WHERE tenant = {t:String}", {"t": tenant}).table
    assert got["peer"].to_pylist() == ["", "", ""]
    assert got["marks"].to_pylist() == [0, 0, 0]


def test_an_unknown_table_is_a_permanent_error(engine, rows):
    """An insert that can never work is not retried."""
    with pytest.raises(InsertRefusedError, match="nowhere"):
        engine.insert("nowhere", ArrowBatches([rows(SPANS, 1)]), token="nowhere")
