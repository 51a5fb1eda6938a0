from __future__ import annotations

import time

import pytest

from clew.query.answer import Total, Window
from clew.query.conjunction import parse
from clew.query.plan.find import find as plan_find
from clew.query.plan.found import Ask
from clew.query.search import plan, search
from clew.query.traceql.parse import parse as parse_query
from clew.store.housekeeping import parts_without_index

S = 10**9
T0 = (time.time_ns() // (600 * S) - 144) * 600 * S


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """Thirty traces, one a minute, each a root of `shop` and a child of `db`; every fifth child fails."""
    span, event = kinds
    store = make_store()
    spans = []
    for n in range(30):
        start = T0 + n * 60 * S
        failed = n % 5 == 0
        spans += [
            span(
                n + 1, 1, start, duration=2 * S, service="shop", name="GET /", kind=2,
                resource=[("zone", "a" if n % 2 else "b")],
            ),
            span(
                n + 1, 2, start + S, 1, S // 2, "db", "SELECT", 3,
                status=2 if failed else 0,
                attributes=[("rows", n), ("table", "users" if n % 3 else "carts")],
                events=[event("exception", [("exception.type", "Timeout")])] if failed else [],
            ),
        ]  # fmt: skip
    store.insert(spans)
    return store


def find(store, text, *, limit=100, first=T0 - 3600 * S, last=T0 + 3600 * S, cursor=None, now=T0 + 7200 * S):
    """Return a page of a search."""
    query = plan(parse(text), Window(first, last), limit, cursor)
    return search(store.read(), query, now)


def ids(answer):
    """Return the trace numbers of a page."""
    return [int(row.trace_id, 16) for row in answer.data.traces]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ }", list(range(30, 0, -1))),
        ('{ resource.service.name = "db" && status = error }', [26, 21, 16, 11, 6, 1]),
        ('{ resource.service.name = "shop" && status = error }', []),
        ("{ span.rows >= 28 }", [30, 29]),
        ('{ span.table = "carts" && status = error }', [16, 1]),
        ('{ event.exception.type = "Timeout" && kind = client && duration = 500ms }', [26, 21, 16, 11, 6, 1]),
        ('{ resource.zone = "a" && name = "GET /" && .zone != "b" }', list(range(30, 0, -2))),
        ('{ rootName = "GET /" && traceDuration > 1s && span.rows = 3 }', [4]),
        ('{ rootName = "POST" }', []),
        ("{ traceDuration > 3s }", []),
    ],
)
def test_filters_hold_on_one_span_and_results_are_newest_first(shop, text, expected):
    """A conjunction selects traces with a span that passes all of it, ordered by trace start."""
    answer = find(shop, text)
    assert ids(answer) == expected
    assert answer.meta.total == Total(len(expected), exact=True)
    assert answer.data.cursor is None


def test_row(shop):
    """A row holds the whole trace's bounds, counts, services and the spans that matched."""
    row = find(shop, '{ resource.service.name = "db" && status = error }', limit=1).data.traces[0]
    assert row.trace_id == f"{26:032x}"
    assert (row.start_ns, row.duration_ns, row.root_service, row.root_name) == (
        T0 + 25 * 60 * S,
        2 * S,
        "shop",
        "GET /",
    )
    assert (row.spans, row.errors, row.root_received) == (2, 1, True)
    assert [(one.service, one.spans, one.errors) for one in row.services] == [("db", 1, 1), ("shop", 1, 0)]
    assert row.matched.count == 1
    matched = row.matched.spans[0]
    assert (matched.span_id, matched.name, matched.kind, matched.status) == (f"{2:016x}", "SELECT", "client", "error")
    assert matched.start_ns == row.start_ns + S


def test_paging_neither_loses_nor_repeats(shop):
    """Cursors lead through all results, each once, and the total counts what was shown before."""
    seen, cursor, totals = [], None, []
    while True:
        answer = find(shop, '{ resource.service.name = "shop" }', limit=7, cursor=cursor)
        seen += ids(answer)
        totals.append(answer.meta.total)
        cursor = answer.data.cursor
        if cursor is None:
            break
    assert seen == list(range(30, 0, -1))
    assert totals[-1] == Total(30, exact=True)
    assert all(total.value <= 30 for total in totals)


@pytest.mark.parametrize("text", ['{ name = "hit" }', '{ name = "hit" } | count() > 0', '{ name = "hit" } && { }'])
def test_paging_keeps_a_trace_that_is_silent_for_long_across_the_end_of_a_page(store, kinds, text):
    """A trace within the range that starts before a page and matches more than an hour after it is on a later page."""
    span, _ = kinds
    for one in (
        span(1, 1, T0, name="early"),
        span(1, 2, T0 + 5400 * S, name="hit"),
        span(2, 3, T0 + 5000 * S, name="hit"),
        span(3, 4, T0 + 4900 * S, name="hit"),
    ):
        store.insert([one])
    seen, totals, cursor = [], [], None
    while True:
        ask = Ask(Window(T0, T0 + 6000 * S), 1, 3, cursor)
        answer = plan_find(store.read(), parse_query(text), ask, T0 + 7200 * S)
        seen += [int.from_bytes(one.trace_id, "big") for one in answer.data.traces]
        totals.append(answer.meta.total)
        cursor = answer.data.cursor
        if cursor is None:
            break
    assert seen == [2, 3, 1]
    assert totals[-1] == Total(3, exact=True)


def test_a_trace_over_an_edge_counts_whole(store, kinds):
    """A trace that overlaps the window is found by a span that lies outside it, before or after."""
    span, _ = kinds
    edge = T0 + 600 * S
    store.insert(
        [
            span(1, 1, edge - 900 * S, duration=1000 * S, name="early", service="a"),
            span(2, 1, edge + 5 * S, duration=S, name="inside", service="a"),
            span(2, 2, edge + 900 * S, 1, duration=S, name="late", service="a"),
            span(3, 1, edge - 900 * S, duration=S, name="early", service="a"),
            span(4, 1, edge + 300 * S, duration=S, name="late", service="a"),
        ]
    )
    window = {"first": edge, "last": edge + 60 * S}
    for text in ('{ name = "%s" }', '{ resource.service.name = "a" && name = "%s" }'):
        assert ids(find(store, text % "early", **window)) == [1]
        assert ids(find(store, text % "late", **window)) == [2]
    assert ids(find(store, "{ }", **window)) == [2, 1]


def test_a_span_sent_twice_is_shown_once(store, kinds):
    """Identical spans count once and the meta says how many there were."""
    span, _ = kinds
    store.insert([span(1, 1, T0), span(1, 2, T0, 1)])
    store.insert([span(1, 2, T0, 1)])
    answer = find(store, '{ name = "op" }')
    assert (answer.data.traces[0].spans, answer.data.traces[0].matched.count) == (2, 2)
    assert answer.meta.duplicates == 1


def test_a_trace_without_root(store, kinds):
    """A missing root is not guessed."""
    span, _ = kinds
    store.insert([span(1, 2, T0, 1)])
    row = find(store, "{ }").data.traces[0]
    assert (row.root_received, row.root_name, row.root_service) == (False, None, None)


def test_what_the_index_of_items_cannot_tell_is_looked_up(store, kinds):
    """Keys with an equals sign, long values and lists are found exactly, too, where the index alone may decide."""
    span, _ = kinds
    long = "x" * 64
    values = [
        ("a", "b=c"), ("a=b", "c"), ("a", long), ("a", long + "y"), ("a", ["b", "c"]), ("a", "b"), ("b", "b"),
    ]  # fmt: skip
    for number, pair in enumerate(values, 1):
        store.insert([span(number, 1, T0 + number * S, attributes=[pair])])
    store.engine.execute("OPTIMIZE TABLE spans FINAL")
    assert parts_without_index(store.read().query) == []
    for text, expected in (
        ('{ span.a = "b=c" }', [1]),
        ('{ span."a=b" = "c" }', [2]),
        (f'{{ span.a = "{long}" }}', [3]),
        (f'{{ span.a = "{long}y" }}', [4]),
        ('{ span.a = "b" }', [6, 5]),
        ('{ span.a = "c" }', [5]),
        ('{ span.a =~ "b|b=c" }', [6, 5, 1]),
        ('{ span.a != "b" }', [4, 3, 1]),
    ):
        assert ids(find(store, text)) == expected, text
        answer = plan_find(store.read(), parse_query(text), Ask(Window(T0, T0 + 60 * S)), T0 + 7200 * S)
        assert [int.from_bytes(one.trace_id, "big") for one in answer.data.traces] == expected, text


def test_matched_spans_are_those_of_the_scan_where_it_knows_all(store, kinds):
    """Twins, copies, spans outside the range and very many hits are counted and shown as if each were tested again."""
    span, _ = kinds
    hit = [("a", "x")]
    store.insert(
        [
            span(1, 1, T0 + S, kind=3, attributes=hit), span(1, 1, T0 + S, kind=2), span(1, 2, T0 + 2 * S),
            span(1, 3, T0 + 3 * S, attributes=hit), span(1, 3, T0 + 3 * S, attributes=hit),
            span(2, 1, T0 - 900 * S, attributes=hit), span(2, 2, T0 + 5 * S, attributes=hit),
            span(3, 1, T0 + 50 * S, attributes=hit), span(3, 2, T0 + 900 * S, attributes=hit),
            *(span(4, n, T0 + n, attributes=[("a", "z")]) for n in range(1, 151)),
            *(span(5, n // 2, T0 + n // 2, attributes=[("a", "y")]) for n in range(2, 142)),
        ]
    )  # fmt: skip
    store.engine.execute("OPTIMIZE TABLE spans FINAL")
    for first, last in ((T0, T0 + 60 * S), (T0 - 3600 * S, T0 + 3600 * S)):
        answer = find(store, '{ span.a = "x" }', first=first, last=last)
        found = {int(row.trace_id, 16): (row.matched.count, row.matched.spans[0].kind) for row in answer.data.traces}
        assert found == {1: (2, "client"), 2: (2, "internal"), 3: (2, "internal")}
    for value, count in (("y", 70), ("z", 150)):
        assert find(store, f'{{ span.a = "{value}" }}').data.traces[0].matched.count == count


def test_a_status_is_found_whatever_number_it_is(store, kinds):
    """The column of the status narrows the search for integers, and hides neither floats nor lists equal to it."""
    span, _ = kinds
    key = "http.response.status_code"
    for number, value in enumerate((200, 200.0, [404, 200], [200.0], 404, "200"), 1):
        store.insert([span(number, 1, T0 + number * S, attributes=[(key, value)])])
    for text in (f"{{ span.{key} = 200 }}", f"{{ .{key} = 200 }}", f"{{ span.{key} = 200 && name != nil }}"):
        answer = plan_find(store.read(), parse_query(text), Ask(Window(T0, T0 + 60 * S)), T0 + 7200 * S)
        assert [int.from_bytes(one.trace_id, "big") for one in answer.data.traces] == [4, 3, 2, 1], text


def test_tenants_are_apart(store, make_store, kinds):
    """A search sees its own tenant's traces alone, resources included."""
    span, _ = kinds
    other = make_store()
    store.insert([span(1, 1, T0, service="mine", resource=[("zone", "x")])])
    other.insert([span(2, 1, T0, service="other", resource=[("zone", "x")])])
    assert ids(find(store, '{ resource.zone = "x" }')) == [1]
    assert ids(find(store, "{ }")) == [1]
