from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, rows
from clew.query.sql.views import VIEWS
from clew.store import Limits, QueryLimitError

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
CROSS = """SELECT sum(cityHash64(a.span_id, b.span_id, c.span_id, d.span_id, e.span_id, f.span_id))
    FROM spans a, spans b, spans c, spans d, spans e, spans f"""


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """Twenty traces of two spans, every fifth failed, beside another tenant with the same traces."""
    span, event = kinds
    store, other = make_store(), make_store()
    for number in range(1, 21):
        start = T0 + number * 10 * S
        root = span(
            number,
            number * 2,
            start,
            duration=number * 10**6,
            service="web",
            name="GET /cart",
            kind=2,
            attributes=[
                ("http.route", "/cart"),
                ("http.response.status_code", 500 if number % 5 == 0 else 200),
                ("user", f"u{number % 3}"),
                ("share", 0.5),
                ("vip", number % 2 == 0),
                ("tags", ["a", "b"]),
            ],
            resource=[("host.name", f"h{number % 2}")],
            status=2 if number % 5 == 0 else 0,
            events=[event("exception", [("exception.type", "E")])],
        )
        child = span(number, number * 2 + 1, start + 5, parent=number * 2, duration=10**5, service="db", name="SELECT")
        store.insert([root, child])
        other.insert([span(number, 7, start, service="secret", name="hidden")])
    return store


def ask(store, sql, *, limit=1000, ranged=False, limits=None, window=None):
    """Return the answer to a query over the last day."""
    now = time.time_ns()
    query = SqlQuery(sql, window or Window(now - 86_400 * S, now), ranged, limit)
    return rows(store.read(limits), query)


def values(store, sql, **more):
    """Return the rows of a query as JSON has them."""
    return values_of(ask(store, sql, **more).data.table)


def test_counts_by_service(shop):
    """A query sees the spans of its own tenant, grouped as ClickHouse groups."""
    assert values(shop, "SELECT service, count() AS n FROM spans GROUP BY service ORDER BY service") == [
        ["db", 20],
        ["web", 20],
    ]


def test_columns_for_people(shop):
    """Ids are hex, kinds and statuses are words, durations come in two units, attributes of any type as text."""
    sql = """SELECT trace_id, span_id, parent_id, kind, status, is_error, is_root, duration, duration_ms, http_route,
        attributes['http.response.status_code'], attributes['user'], attributes['share'], attributes['vip'],
        attributes['tags'], attributes['none'], resource_attributes['host.name'], event_names
        FROM spans WHERE service = 'web' ORDER BY start LIMIT 1"""
    assert values(shop, sql) == [
        [
            f"{1:032x}", f"{2:016x}", "", "server", "unset", False, True, 1_000_000, 1.0, "/cart", "200", "u1", "0.5",
            "false", '["a","b"]', "", "h1", ["exception"],
        ]
    ]  # fmt: skip


def test_single_attributes_equal_the_map(shop):
    """Reading one key gives what the whole map holds under it, whichever way the query names the view."""
    keys = ("http.route", "http.response.status_code", "user", "share", "vip", "tags", "none")
    for key in keys:
        sql = f"""SELECT countIf(s.attributes['{key}'] != m[1]) FROM
            (SELECT *, mapValues(mapFilter((k, v) -> k = '{key}', attributes)) AS m FROM spans) AS s"""
        assert values(shop, sql) == [[0]]
        joined = f"""SELECT count() FROM spans AS a JOIN spans AS b ON a.span_id = b.span_id AND a.trace_id = b.trace_id
            WHERE a.attributes['{key}'] = b.attributes['{key}']"""
        assert values(shop, joined) == [[40]]


def test_every_column_of_every_view_can_be_read(shop):
    """Each documented column exists and has the type that is documented."""
    for view in VIEWS.values():
        names = ", ".join(f'"{one.name}"' for one in view.columns)
        described = ask(shop, f"SELECT {names} FROM {view.name} LIMIT 3").data.columns
        plain = [one.type.replace("LowCardinality(String)", "String") for one in described]
        assert plain == [one.type.replace("LowCardinality(String)", "String") for one in view.columns], view.name
        assert ask(shop, f"SELECT * FROM {view.name}").data.columns


def test_traces_and_red(shop):
    """`traces` has one row per trace, `red` adds up to the same spans."""
    assert values(shop, "SELECT count(), sum(spans), sum(errors), any(root_service) FROM traces") == [
        [20, 40, 4, "web"]
    ]
    assert values(shop, "SELECT sum(spans), sum(errors) FROM red WHERE service = 'web'") == [[20, 4]]


def test_joins_unions_and_windows(shop):
    """CTEs, subqueries, joins, unions, arrays and window functions work."""
    sql = """
        WITH slow AS (SELECT trace_id, duration_ms FROM spans WHERE duration_ms > 15 AND service = 'web')
        SELECT * FROM (
            SELECT t.root_name, count() AS n, max(slow.duration_ms) AS worst
            FROM slow JOIN traces AS t ON t.trace_id = slow.trace_id GROUP BY t.root_name
            UNION ALL
            SELECT e, count(), 0 FROM spans ARRAY JOIN event_names AS e GROUP BY e
        ) ORDER BY n
    """
    assert values(shop, sql) == [["GET /cart", 5, 20.0], ["exception", 20, 0.0]]
    ranked = """SELECT service, duration_ms, row_number() OVER (PARTITION BY service ORDER BY duration DESC) AS r
        FROM spans QUALIFY r = 1 ORDER BY service LIMIT 1 BY service LIMIT 5"""
    assert values(shop, ranked) == [["db", 0.1, 1], ["web", 20.0, 1]]


def test_a_trace_by_its_id_is_found_at_any_age(shop, kinds):
    """A query for one trace id has no range of time."""
    span, _ = kinds
    old = T0 - 20 * 86_400 * S
    shop.insert([span(0xABC, 1, old)])
    answer = ask(shop, f"SELECT start FROM spans WHERE trace_id = '{0xABC:032x}'")
    assert (answer.data.table.num_rows, answer.meta.window) == (1, None)


def test_the_default_range_is_told(shop):
    """Without a word about time the default range holds, and the meta says which."""
    window = Window(T0, T0 + 101 * S)
    answer = ask(shop, "SELECT count() FROM spans", window=window)
    assert (values_of(answer.data.table), answer.meta.window) == ([[20]], window)
    timed = ask(shop, "SELECT count() FROM spans WHERE start >= '2020-01-01 00:00:00'", window=window)
    assert timed.meta.window is None
    assert values_of(timed.data.table)[0][0] >= 40
    asked = ask(shop, "SELECT count() FROM spans WHERE start >= '2020-01-01 00:00:00'", window=window, ranged=True)
    assert (values_of(asked.data.table), asked.meta.window) == ([[20]], window)


def test_a_cut_answer_says_so(shop):
    """More rows than asked for are marked as cut, with what was read."""
    answer = ask(shop, "SELECT span_id FROM spans", limit=7)
    assert answer.data.table.num_rows == 7
    assert answer.meta.truncated.limit == 7
    assert not answer.meta.total.exact
    assert answer.meta.scanned.rows >= 40
    assert ask(shop, "SELECT span_id FROM spans LIMIT 7", limit=7).meta.truncated is None


def test_limits_name_themselves(shop):
    """Each limit ends a query with its kind and what to change."""
    bombs = {
        "time": (CROSS, Limits(timeout_s=0.3)),
        "groups": ("SELECT arrayJoin(range(100000)) AS x, count() FROM spans GROUP BY x", Limits(max_group_rows=1000)),
        "result": ("SELECT repeat(span_id, 10000) FROM spans", Limits(max_result_bytes=1 << 20)),
        "memory": ("SELECT groupArray(x) FROM (SELECT arrayJoin(range(9000000)) AS x FROM spans)",
                   Limits(max_memory_bytes=128 << 20)),
        "rows": ("SELECT count() FROM spans", Limits(max_rows_to_read=5)),
    }  # fmt: skip
    for kind, (sql, limits) in bombs.items():
        with pytest.raises(QueryLimitError) as caught:
            ask(shop, sql, limits=limits)
        assert caught.value.kind == kind
        assert caught.value.hint


def test_errors_point_at_the_text(shop):
    """A wrong name is shown where it stands, with what was meant, and without Clew's own tables."""
    sql = "SELECT servce, count() FROM spans GROUP BY 1"
    with pytest.raises(InvalidQueryError) as caught:
        ask(shop, sql)
    assert sql[caught.value.start : caught.value.end] == "servce"
    assert "service" in caught.value.hint
    assert "tenant" not in caught.value.detail
