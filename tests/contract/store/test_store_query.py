from __future__ import annotations

import itertools
import threading

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.store import Limits, QueryCancelledError, QueryError, QueryLimitError
from clew.store.errors import ClewError

SLOW = "SELECT sum(sleepEachRow(0.01)) AS s FROM numbers(100000) SETTINGS max_block_size = 10"
ENDLESS = "SELECT number FROM numbers(100000000000)"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SETUP = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one(engine, sql, params=None, **options):
    """Return the value of one expression."""
    return engine.query(f"SELECT {sql} AS v", params, **options).table["v"][0].as_py()


@SETUP
@given(TEXT)
def test_any_text_binds_as_itself(engine, text):
    """Backslashes, quotes, tabs, newlines, NUL and every other character reach the engine as they are."""
    assert one(engine, "hex({x:String})", {"x": text}) == text.encode().hex().upper()


@SETUP
@given(st.lists(TEXT, max_size=5))
def test_any_list_of_texts_binds_as_itself(engine, texts):
    """The elements of an array are escaped by the same rule."""
    got = one(engine, "arrayMap(v -> hex(v), {x:Array(String)})", {"x": texts})
    assert got == [text.encode().hex().upper() for text in texts]


@SETUP
@given(st.binary(min_size=16, max_size=16))
def test_any_id_binds_as_itself(engine, value):
    """The sixteen bytes of a trace id bind as a FixedString, alone and in an array."""
    assert one(engine, "hex({x:FixedString(16)})", {"x": value}) == value.hex().upper()
    assert one(engine, "arrayMap(v -> hex(v), {x:Array(FixedString(16))})", {"x": [value]}) == [value.hex().upper()]


@SETUP
@given(st.integers(0, 2**64 - 1), st.floats(allow_nan=False), st.booleans())
def test_any_number_binds_as_itself(engine, whole, real, flag):
    """Integers up to 2^64-1, floats with infinities, and booleans keep their value."""
    got = engine.query(
        "SELECT {a:UInt64} AS a, {b:Float64} AS b, {c:Bool} AS c, {d:Array(UInt64)} AS d",
        {"a": whole, "b": real, "c": flag, "d": [whole]},
    ).table.to_pylist()[0]
    assert got == {"a": whole, "b": real, "c": flag, "d": [whole]}


def test_results_are_arrow_with_words_as_dictionaries(engine):
    """Words come as dictionaries, ids as fixed bytes, nanoseconds as UTC timestamps."""
    got = engine.query(
        "SELECT toLowCardinality('a') AS w, toFixedString('ab', 2) AS f, toDateTime64('2026-01-01', 9, 'UTC') AS t"
    ).table
    assert pa.types.is_dictionary(got.schema.field("w").type)
    assert got.schema.field("f").type == pa.binary(2)
    assert got.schema.field("t").type == pa.timestamp("ns", tz="UTC")


def test_a_result_without_rows_keeps_its_columns(engine):
    """An empty answer still has its schema."""
    got = engine.query("SELECT number AS n FROM numbers(10) WHERE n > 10").table
    assert got.num_rows == 0
    assert got.column_names == ["n"]


def test_a_result_says_what_it_read(engine):
    """Rows, bytes and time of a query are known."""
    stats = engine.query("SELECT sum(number) AS s FROM numbers(100000)").stats
    assert stats.rows == 100_000
    assert stats.bytes == 800_000
    assert stats.elapsed_s > 0


@pytest.mark.parametrize(
    ("limits", "sql", "kind", "limit"),
    [
        (Limits(timeout_s=0.2), SLOW, "time", 0.2),
        (Limits(max_memory_bytes=20_000_000), "SELECT groupArray(number) AS g FROM numbers(9000000)", "memory", 2e7),
        (Limits(max_rows_to_read=10), "SELECT count() AS n FROM numbers(1000) WHERE number % 3 = 1", "rows", 10),
        (Limits(max_result_rows=10), "SELECT number FROM numbers(1000)", "result", 10),
    ],
)
def test_a_limit_ends_a_query_and_says_which(engine, limits, sql, kind, limit):
    """Passing a limit raises an error with its kind, its value and what to change; nothing is cut silently."""
    for run in (lambda: engine.query(sql, limits=limits), lambda: list(engine.stream(sql, limits=limits))):
        with pytest.raises(QueryLimitError) as raised:
            run()
        assert (raised.value.kind, raised.value.limit) == (kind, limit)
        assert raised.value.hint
        assert not raised.value.retryable


def test_a_query_is_cancelled_from_another_thread(engine, tenant):
    """Cancel ends a running query at once, with the error that says so."""
    raised: list[ClewError] = []

    def run():
        try:
            engine.query(SLOW, query_id=f"slow-{tenant}")
        except ClewError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    for _ in itertools.takewhile(lambda _: thread.is_alive(), range(200)):
        engine.cancel(f"slow-{tenant}")
        thread.join(0.05)
    assert not thread.is_alive()
    assert isinstance(raised[0], QueryCancelledError)
    assert engine.query("SELECT 1 AS n").table["n"][0].as_py() == 1


def test_a_stream_is_cancelled_between_its_batches(engine, tenant):
    """Cancel ends a stream that is being read."""
    batches = engine.stream(ENDLESS, query_id=f"stream-{tenant}")
    next(batches)
    engine.cancel(f"stream-{tenant}")
    with pytest.raises(QueryCancelledError):
        for _ in batches:
            pass


def test_cancelling_nothing_is_harmless(engine):
    """An id that no query has, and a text that is no id, are ignored."""
    engine.cancel("nobody")
    engine.cancel("a'b\\")


def test_a_stream_gives_all_rows_in_batches(engine):
    """The batches of a stream hold the whole result, in order."""
    batches = list(engine.stream("SELECT number AS n FROM numbers(300000) ORDER BY n"))
    assert len(batches) > 1
    assert [v for batch in batches for v in batch["n"].to_pylist()] == list(range(300_000))


def test_a_stream_without_rows_is_empty(engine):
    """No rows, no error."""
    assert sum(batch.num_rows for batch in engine.stream("SELECT 1 AS n WHERE 0")) == 0


def test_a_closed_stream_frees_its_query(engine):
    """Closing the iterator ends the query on the engine."""
    batches = engine.stream(ENDLESS)
    next(batches)
    batches.close()
    sql = (
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%numbers(100000000000)%' AND query NOT LIKE '%x%'"
    )
    for _ in range(200):
        if engine.query(sql).table["n"][0].as_py() == 0:
            return
    pytest.fail("the query still runs")


def test_an_error_in_the_middle_of_a_stream_is_raised(engine):
    """Batches that came before an error do not look like the whole answer."""
    batches = engine.stream("SELECT throwIf(number = 2500000) AS t, number FROM numbers(3000000)")
    with pytest.raises(QueryError, match="throwIf") as raised:
        for _ in batches:
            pass
    assert raised.value.engine_code == 395


def test_answers_stay_whole_after_queries_that_did_not_end(engine, tenant):
    """After a closed stream, a cancelled one, one that failed and a limit, the next answers lack no row."""
    for number in range(6):
        closed = engine.stream(ENDLESS)
        next(closed)
        closed.close()
        cancelled = engine.stream(ENDLESS, query_id=f"{tenant}-{number}")
        next(cancelled)
        engine.cancel(f"{tenant}-{number}")
        with pytest.raises(QueryCancelledError):
            list(cancelled)
        with pytest.raises(QueryError):
            list(engine.stream("SELECT throwIf(number = 2500000) AS t, number FROM numbers(3000000)"))
        with pytest.raises(QueryLimitError):
            engine.query(SLOW, limits=Limits(timeout_s=0.05))
        for _ in range(4):
            assert one(engine, "7") == 7
            assert sum(batch.num_rows for batch in engine.stream("SELECT number FROM numbers(200000)")) == 200_000


def test_queries_run_beside_an_open_stream(engine):
    """A reader that holds a stream does not block the others, nor itself."""
    batches = engine.stream(ENDLESS)
    next(batches)
    assert one(engine, "1") == 1
    assert next(batches).num_rows > 0
    batches.close()


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT * FROM nowhere", "SELECT {x:UInt8} AS x"])
def test_a_wrong_statement_is_a_query_error(engine, sql):
    """What the engine refuses is raised with its number and is not retryable."""
    with pytest.raises(QueryError) as raised:
        engine.query(sql)
    assert raised.value.engine_code > 0
    assert not raised.value.retryable


def test_statements_of_a_query_keep_their_own_settings(engine):
    """A SETTINGS clause of the statement stands beside the limits."""
    sql = "SELECT getSetting('max_block_size') AS v SETTINGS max_block_size = 77"
    assert engine.query(sql).table["v"][0].as_py() == 77
