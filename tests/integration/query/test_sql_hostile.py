from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError, QueryGateError
from clew.query.sql.dialect import parse, write
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, rows
from clew.query.sql.verify import verify
from clew.store import QueryError
from clew.store.tables import BY_NAME

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S

REFUSED = [
    # other tables
    "SELECT * FROM system.tables",
    "SELECT * FROM `system`.`tables`",
    'SELECT * FROM "system"."one"',
    "SELECT * FROM `system.tables`",
    "SELECT * FROM system . tables",
    "SELECT * FROM /* spans */ system.numbers",
    "SELECT * FROM default.spans",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM trace_index",
    "SELECT * FROM attr_values",
    "SELECT * FROM clew_meta",
    "SELECT * FROM span_by_service",
    "SELECT * FROM SPANS",
    "SELECT * FROM spans AS s, system.tables AS t",
    "SELECT * FROM spans JOIN trace_index USING (trace_id)",
    "SELECT * FROM spans WHERE trace_id IN (SELECT hex(trace_id) FROM trace_index)",
    "SELECT (SELECT any(tenant) FROM trace_index)",
    "SELECT 1 UNION ALL SELECT tenant FROM trace_index",
    "(SELECT 1) EXCEPT (SELECT 1 FROM system.one)",
    "WITH a AS (SELECT * FROM trace_index) SELECT * FROM a",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "WITH a AS (SELECT * FROM a) SELECT * FROM a",
    "WITH spans AS (SELECT 1) SELECT * FROM spans",
    "WITH resources AS (SELECT 'x' AS tenant) SELECT * FROM spans",
    "WITH trace_index AS (SELECT 1) SELECT * FROM traces",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM system.processes))",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM system.users)",
    "SELECT 1 FROM spans WHERE 1 = ANY (SELECT 1 FROM system.one)",
    "SELECT 1 FROM spans ORDER BY (SELECT count() FROM system.tables)",
    "SELECT 1 FROM spans LIMIT (SELECT count() FROM system.tables)",
    # names that the engine takes for tables
    "SELECT 1 WHERE ('x', 1) IN trace_index",
    "SELECT 1 WHERE 1 IN spans",
    "SELECT 1 WHERE 1 IN (spans)",
    "SELECT 1 WHERE 1 NOT IN system.one",
    "SELECT 1 WHERE 1 GLOBAL IN spans",
    "SELECT 1 WHERE 1 IN `spans`",
    "SELECT in(1, spans)",
    "SELECT `in`(1, spans)",
    "SELECT globalIn(1, spans), nullIn(1, spans)",
    "SELECT 1 WHERE 1 IN numbers(10)",
    "SELECT 1 WHERE 1 IN format(CSV, '1')",
    "WITH [1] AS a SELECT 1 IN a",
    "SELECT joinGet('spans', 'name', 1)",
    "SELECT joinGetOrNull('spans', 'name', 1)",
    "SELECT dictGet('d', 'a', 1), dictHas('d', 1)",
    "SELECT hasColumnInTable('system', 'tables', 'name')",
    # table functions
    "SELECT * FROM numbers(10)",
    "SELECT * FROM NUMBERS(10)",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM url('http://localhost', CSV)",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM merge('default', '.*')",
    "SELECT * FROM executable('x', CSV, 'a String')",
    "SELECT * FROM view(SELECT * FROM system.one)",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
    "SELECT * FROM values('a UInt8', 1)",
    "SELECT * FROM VALUES (1)",
    "SELECT * FROM generateRandom('a UInt8')",
    "SELECT * FROM input('a UInt8')",
    "SELECT * FROM format(CSV, '1')",
    "SELECT * FROM mergeTreeIndex(currentDatabase(), spans)",
    "SELECT * FROM s3('http://x/y')",
    "SELECT * FROM sqlite('/x', 't')",
    "SELECT * FROM python('x')",
    "SELECT * FROM Python(x)",
    "SELECT * FROM loop(spans)",
    "SELECT * FROM zeros(10) AS spans",
    "SELECT * FROM spans JOIN numbers(10) AS n ON 1",
    "SELECT * FROM null('a UInt8')",
    # functions
    "SELECT file('/etc/hostname')",
    "SELECT FILE('/etc/hostname')",
    "SELECT `file`('/etc/hostname')",
    "SELECT \"file\"('/etc/hostname')",
    "SELECT file/**/('/etc/hostname')",
    "SELECT (file('/etc/hostname'))",
    "SELECT [file('/etc/hostname')]",
    "SELECT arrayMap(x -> file(x), ['/etc/hostname'])",
    "SELECT CASE WHEN 1 THEN file('/etc/hostname') END",
    "SELECT count() FROM spans HAVING file('/etc/hostname') != ''",
    "SELECT 1 FROM spans ORDER BY file('/etc/hostname')",
    "SELECT 1 FROM spans LIMIT length(file('/etc/hostname'))",
    "SELECT sum(length(file('/etc/hostname'))) OVER ()",
    "SELECT 1 FROM spans ARRAY JOIN [file('/etc/hostname')] AS x",
    "SELECT toString(file('/etc/hostname'))::String",
    "SELECT hostName(), version(), currentDatabase(), user()",
    "SELECT currentUser()",
    "SELECT currentUser",
    "SELECT USER",
    "SELECT 1 FROM spans WHERE current_database = 'x'",
    "SELECT getSetting('max_threads')",
    "SELECT getServerSetting('x'), getMacro('x'), serverUUID(), queryID(), tcpPort()",
    "SELECT sleep(3), sleepEachRow(1)",
    "SELECT throwIf(1)",
    "SELECT showCertificate()",
    "SELECT getClientHTTPHeader('cookie')",
    "SELECT initializeAggregation('uniqState', 1)",
    "SELECT addressToLine(1), demangle('x')",
    "SELECT catboostEvaluate('/x', 1)",
    "SELECT filesystemAvailable()",
    "SELECT rand(), generateUUIDv4(), randomString(1000000000)",
    "SELECT fuzzBits('a', 0.5)",
    "SELECT encrypt('aes-128-ecb', 'a', 'b')",
    "SELECT evalMLMethod(1, 2), aiGenerateContent('x')",
    "SELECT formatRow('CSV', 1)",
    "SELECT blockNumber(), rowNumberInAllBlocks(), neighbor(1, 1), runningAccumulate(1)",
    "SELECT indexHint(1), identity(1), ignore(1)",
    "SELECT sumState(duration), uniqStateIf(duration, 1) FROM spans",
    "SELECT sumResample(0, 1000000000, 1)(duration, duration) FROM spans",
    "SELECT nosuchfunction(1)",
    # transformers
    "SELECT * APPLY(file) FROM spans",
    "SELECT COLUMNS('name') APPLY(file) FROM spans",
    "SELECT COLUMNS('name') APPLY file FROM spans",
    "SELECT * EXCEPT (name) APPLY (x -> file(x)) FROM spans",
    # parameters
    "SELECT {p:String}",
    "SELECT {tenant:String}",
    "SELECT * FROM {t:Identifier}",
    "SELECT {p:Identifier} FROM spans",
    "SELECT ?, $1",
    "SELECT @@version",
    "SELECT @x",
    # clauses
    "SELECT * FROM spans FINAL",
    "SELECT * FROM spans SAMPLE 1/10",
    "SELECT * FROM spans PREWHERE 1",
    "SELECT * FROM spans SETTINGS max_execution_time = 0",
    "SELECT * FROM (SELECT * FROM spans SETTINGS max_threads = 64)",
    "SELECT 1 UNION ALL SELECT 2 SETTINGS readonly = 0",
    "SELECT * FROM spans FORMAT CSV",
    "SELECT * FROM spans FORMAT Null SETTINGS max_threads = 1",
    "SELECT * FROM spans INTO OUTFILE '/tmp/x'",
    "SELECT * FROM spans INTO OUTFILE '/tmp/x' FORMAT CSV",
    "SELECT * INTO x FROM spans",
    "SELECT * FROM spans FOR UPDATE",
    "SELECT * FROM spans OFFSET 1 ROWS FETCH FIRST 1 ROWS ONLY SETTINGS x = 1",
    # other statements
    "",
    ";",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE spans",
    "DROP TABLE spans",
    "INSERT INTO spans SELECT * FROM spans",
    "ALTER TABLE spans DELETE WHERE 1",
    "CREATE TABLE x (a UInt8) ENGINE = Memory",
    "CREATE TABLE x ENGINE = Memory AS SELECT 1",
    "TRUNCATE TABLE spans",
    "OPTIMIZE TABLE spans FINAL",
    "KILL QUERY WHERE 1",
    "BACKUP TABLE spans TO Disk('x', 'y')",
    "RESTORE TABLE spans FROM Disk('x', 'y')",
    "SYSTEM SHUTDOWN",
    "SET max_threads = 1",
    "USE system",
    "SHOW TABLES",
    "DESCRIBE spans",
    "EXPLAIN SELECT 1",
    "EXPLAIN ESTIMATE SELECT * FROM spans",
    "EXISTS TABLE spans",
    "CHECK TABLE spans",
    "ATTACH TABLE x",
    "DETACH TABLE spans",
    "RENAME TABLE spans TO x",
    "GRANT ALL ON *.* TO default",
    "DELETE FROM spans WHERE 1",
    "UPDATE spans SET name = ''",
    "BEGIN TRANSACTION",
    "EXECUTE AS x SELECT 1",
    "PARALLEL WITH SELECT 1",
    "VALUES (1)",
    # other tenants
    "SELECT tenant FROM spans",
    "SELECT s.tenant FROM spans AS s",
    "SELECT spans.tenant FROM spans",
    "SELECT _part FROM spans",
    "SELECT _table, _database FROM spans",
    "SELECT _partition_id, _part_offset FROM spans",
    "SELECT * FROM otel_traces WHERE Tenant = 'x'",
    "SELECT resource_id FROM spans",
    "SELECT bucket FROM spans",
    # spellings
    "SELECT * FROM \uff53ystem.tables",
    "SELECT * FROM system\u200b.tables",
    "SELECT * FROM system\u00a0.\u00a0tables",
    "SELECT * FROM spans\u0000, system.tables",
    'SELECT 1 AS "a\\", 2 AS " FROM system.tables --"',
    "SELECT 1 AS `a\\`, 2 AS ` FROM system.tables --`",
    "SELECT $$a$$, $x$ FROM system.tables $x$, 1 FROM system.tables",
    "SELECT 1 # \n FROM system.tables",
    "SELECT 1 #! FROM x \n FROM system.tables",
    "SELECT x'61', b'1' FROM system.tables",
    "SELECT '" + "a" * 70_000 + "'",
    "SELECT " + "(" * 500 + "1" + ")" * 500,
    "SELECT " + "f(" * 300 + "1" + ")" * 300,
    "SELECT " + "-" * 30_000 + "1 FROM system.tables",
    "SELECT " + "NOT " * 15_000 + "1",
    "SELECT " + " + ".join(["1"] * 15_000) + " FROM system.tables",
]


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """Two tenants, one span each; the second has a secret."""
    span, _ = kinds
    store, other = make_store(), make_store()
    store.insert([span(1, 1, T0, service="mine", attributes=[("k", "mine")])])
    other.insert([span(1, 1, T0, service="theirs", attributes=[("k", "secret")], resource=[("r", "secret")])])
    return store


def answer(store, sql):
    """Return the rows of a query over the last day."""
    now = time.time_ns()
    return values_of(
        rows(store.read(), SqlQuery(sql, Window(now - 86_400 * S, now), ranged=False, limit=1000)).data.table
    )


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: ascii(sql[:60]))
def test_a_hostile_query_is_refused(shop, sql):
    """Whatever reads or calls anything but what is documented ends with an error that says what to do instead."""
    with pytest.raises((InvalidQueryError, QueryGateError)) as caught:
        answer(shop, sql)
    assert caught.value.detail
    assert caught.value.hint
    assert "secret" not in caught.value.detail


READS = [
    "SELECT service FROM spans",
    "SELECT DISTINCT service FROM spans AS theirs",
    "SELECT x.service FROM (SELECT * FROM spans AS spans) AS x",
    "SELECT service FROM spans WHERE 1 = 1 OR 1 = 1",
    "SELECT service FROM spans UNION ALL SELECT service FROM logs",
    "SELECT a.service FROM spans AS a FULL JOIN spans AS b ON a.trace_id = b.trace_id WHERE b.service != 'x'",
    "SELECT a.service FROM spans AS a CROSS JOIN spans AS b",
    "SELECT service FROM spans WHERE trace_id IN (SELECT trace_id FROM traces)",
    "SELECT service FROM spans WHERE trace_id = '00000000000000000000000000000001'",
    "SELECT ServiceName FROM otel_traces",
    "SELECT root_service FROM traces",
    "SELECT service FROM red",
    "WITH t AS (SELECT service FROM spans) SELECT service FROM t",
    """WITH RECURSIVE t AS (SELECT service, 1 AS n FROM spans UNION ALL SELECT service, n + 1 FROM t WHERE n < 3)
    SELECT DISTINCT service FROM t""",
    "SELECT (SELECT any(service) FROM spans)",
    "SELECT arrayJoin(groupArray(service)) FROM spans",
    "SELECT service FROM spans QUALIFY row_number() OVER () = 1",
    "SELECT max(service) OVER () FROM spans",
    "SELECT replaceOne(attributes['k'], 'mine', service) FROM spans",
    "SELECT service FROM spans WHERE resource_attributes['r'] != 'x'",
]


@pytest.mark.parametrize("sql", READS)
def test_a_query_sees_its_own_tenant_alone(shop, sql):
    """However a view is reached, its rows are those of the tenant."""
    assert {row[0] for row in answer(shop, sql)} == {"mine"}


TEXTS = ["it's", "a\\", "\\'", "tab\tnew\nline", '"`', "-- x", "/* x */", "; DROP", "é\u200bß", "{p:String}", "%_?"]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_what_they_are(shop, text):
    """A literal reaches the engine as it was written, whatever signs it has."""
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    assert answer(shop, f"SELECT hex({quoted}) FROM spans") == [[text.encode().hex().upper()]]


def explained(store, sql):
    """Return how the engine reads a text."""
    return store.read().query(f"EXPLAIN AST {sql}").column(0).to_pylist()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM spans AS s",
        "SELECT name FROM spans AS s WHERE s.tenant != {tenant:String}",
        "SELECT name FROM spans AS s WHERE s.tenant = {tenant:String} OR 1",
        "SELECT name FROM spans AS s WHERE s.tenant = s.tenant",
        "SELECT name FROM spans AS s WHERE NOT (s.tenant = {tenant:String})",
        "SELECT s.name FROM spans AS s, spans AS t WHERE s.tenant = {tenant:String}",
        """SELECT name FROM spans AS s LEFT JOIN resources AS r ON r.resource_id = s.resource_id
        WHERE s.tenant = {tenant:String}""",
        "SELECT name FROM spans AS s WHERE s.tenant = {tenant:String} AND name IN clew_meta",
        "SELECT file(name) FROM spans AS s WHERE s.tenant = {tenant:String}",
        "SELECT name FROM spans AS s WHERE s.tenant = {tenant:String} SETTINGS max_threads = 1",
        "SELECT * APPLY(file) FROM spans AS s WHERE s.tenant = {tenant:String}",
        "SELECT name FROM spans AS s, numbers(10) AS n WHERE s.tenant = {tenant:String}",
    ],
)
def test_the_second_gate_stands_alone(shop, sql):
    """Even if the first gate let a text through, the engine's own reading of it is refused."""
    with pytest.raises(QueryGateError):
        verify(parse("SELECT name FROM spans"), explained(shop, sql), shop.scope.tenant)


def test_what_is_written_is_what_is_checked():
    """Comments and odd spacing do not reach the engine."""
    assert write(parse("SELECT/*a*/1 -- b\n AS   x")) == "SELECT 1 AS x"


def test_no_view_leaks_a_column_of_the_store(shop):
    """`*` shows documented columns alone, never the tenant or a column that only the store knows."""
    for view in ("spans", "traces", "logs", "edges", "red", "otel_traces"):
        now = time.time_ns()
        query = SqlQuery(f"SELECT * FROM {view}", Window(0, now), ranged=False, limit=1)
        names = {one.name.lower() for one in rows(shop.read(), query).data.columns}
        assert not names & {"tenant", "bucket", "resource_id", "scope_id", "marks", "end_raw"}
    assert "spans" in BY_NAME


def test_the_engine_would_have_done_it(shop):
    """The refused calls are no idle fear: without the gate the engine reads files."""
    try:
        found = shop.engine.query("SELECT file('/etc/hostname') AS f").table.num_rows
    except QueryError:
        pytest.fail("the engine refuses by itself: the gate may be simpler")
    assert found == 1
