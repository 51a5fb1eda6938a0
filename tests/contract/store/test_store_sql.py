"""SQL of people over both engines: the same answers, the same gate."""

from __future__ import annotations

import pytest

from clew.model import SPANS, Scope
from clew.query.answer import Window
from clew.query.errors import InvalidQueryError, QueryGateError
from clew.query.memo import Memo
from clew.query.read import Control, Read
from clew.query.sql.dialect import parse
from clew.query.sql.explain import explain
from clew.query.sql.formats import FORMATS
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, pieces, rows
from clew.query.sql.verify import verify
from clew.store import ArrowBatches, Limits, QueryLimitError


@pytest.fixture
def read(engine, rows, tenant, noon_s):
    """A read of a tenant with thirty spans, beside another tenant's."""
    for name, count in ((tenant, 30), (f"{tenant}-other", 7)):
        batch = rows(SPANS, count, tenant=name, bucket=noon_s, start=noon_s * 10**9)
        engine.insert("spans", ArrowBatches([batch]), token=f"{name}/sql")
    return Read(engine, Scope(tenant), Limits(), Control(engine, tenant), Memo())


def query(sql, noon_s, limit=100):
    """Return a query over the day of the rows."""
    return SqlQuery(sql, Window((noon_s - 86_400) * 10**9, (noon_s + 86_400) * 10**9), ranged=False, limit=limit)


def test_rows_of_one_tenant(read, noon_s):
    """A query answers from its tenant alone, with types, range and what was read."""
    answer = rows(read, query("SELECT count() AS n, max(start) AS last, now() > last AS past FROM spans", noon_s))
    assert values_of(answer.data.table)[0][0] == 30
    assert [one.type for one in answer.data.columns] == ["UInt64", "DateTime64(9, 'UTC')", "UInt8"]
    assert answer.meta.window is not None
    assert answer.meta.scanned.rows >= 30


def test_every_format_streams(read, noon_s):
    """Each format comes in pieces."""
    for form in FORMATS:
        assert b"".join(pieces(read, query("SELECT span_id, attributes FROM spans", noon_s), form))


def test_the_gates_hold(read, noon_s, tenant):
    """Both gates refuse, whatever way the text comes to the engine."""
    with pytest.raises(InvalidQueryError):
        rows(read, query("SELECT * FROM system.tables", noon_s))
    told = read.query("EXPLAIN AST SELECT name FROM spans AS s").column(0).to_pylist()
    with pytest.raises(QueryGateError):
        verify(parse("SELECT name FROM spans"), told, tenant)


def test_limits_are_named(read, noon_s):
    """A limit that is passed says which one."""
    small = Read(read._engine, read.scope, Limits(max_group_rows=5), read._control, read.memo)
    with pytest.raises(QueryLimitError) as caught:
        rows(small, query("SELECT span_id, count() FROM spans GROUP BY span_id", noon_s))
    assert caught.value.kind == "groups"


def test_what_a_query_would_read(read, noon_s):
    """The preview tells the rows that the indexes leave, without reading them."""
    found = explain(read, query("SELECT name FROM spans WHERE start > '2020-01-01 00:00:00'", noon_s)).data
    assert found.rows >= 30
    assert any(one.table == "spans" for one in found.tables)
    assert "tenant" in found.sql
