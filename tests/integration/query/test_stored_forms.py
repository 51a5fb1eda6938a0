"""What the stored form of spans must not change: typed maps, promoted resources, the index of items, copies."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.plan.explain import explain
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.plan.metrics import metrics
from clew.query.plan.series import MetricsAsk
from clew.query.traceql import parse

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(T0 - 1, T0 + 3600 * S)
LONG = "x" * 69
MIXED = ('{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"v"}]}}',)
VALUES = {
    "int": 0, "float": 0.0, "text": "", "bool": False, "one": 1, "ints": [1, 2], "floats": [0.5, 2.5],
    "bools": [True, False], "texts": ["v", "w"], "no": [], "mixed": MIXED, "v": "v",
}  # fmt: skip
"""Spans that are named for the value of their attribute `k`."""


@pytest.fixture(scope="module")
def store(make_store, kinds):
    """One trace per span, so that each is found alone."""
    span, event = kinds
    store = make_store()
    spans = [
        span(0, 1, 0, name="none"),
        *(span(0, 1, 0, name=name, attributes=[("k", value)]) for name, value in VALUES.items()),
        span(0, 1, 0, name="resource", resource=[("k", "v")]),
        span(0, 1, 0, name="event", events=[event("e", [("k", "x")]), event("e", [("k", "v"), ("n", 2)])]),
        span(0, 1, 0, name="link", links=[event("", [("k", "v"), ("n", 0.5)])]),
        span(0, 1, 0, name="scope", scope=[("k", "v")]),
        span(0, 1, 0, name="both", attributes=[("k", 1)], resource=[("k", "v")]),
        span(0, 1, 0, name="nested", events=[event("e", [("k", "x")])], links=[event("", [("k", "v")])]),
        span(0, 1, 0, name="a", attributes=[("a", "b=c"), ("l", LONG + "y")]),
        span(0, 1, 0, name="a=b", attributes=[("a=b", "c"), ("l", LONG + "z")]),
        *(span(0, 1, 0, name=f"s {text}", attributes=[("s", text)]) for text in ("ab", "cd", "abx", "xcd", "AB")),
    ]
    for number, one in enumerate(spans):
        one.trace, one.start = number + 1, T0 + number * S
    store.insert(spans)
    return store


ON_SPAN = {*VALUES, "both"}
NUMBERS = {"int", "float", "one", "both", "ints", "floats"}
CASES = {
    # a map gives its default where it has no key
    "span.k = 0": {"int", "float"},
    "span.k < 1": {"int", "float", "floats"},
    "span.k > -1s": NUMBERS,
    'span.k = ""': {"text"},
    'span.k < "a"': {"text"},
    "span.k = false": {"bool", "bools"},
    "span.k = true": {"bools"},
    "!(span.k = 0) && span.k != nil": ON_SPAN - {"int", "float"},
    # absent, or of another type
    'span.k != "v"': {"text", "no"},
    "span.k != 1": {"int", "float", "floats"},
    'span.k != "v" && span.k != 1': set(),
    "span.k = nil && name !~ `s .*|a.*`": {"none", "resource", "event", "link", "scope", "nested"},
    '!(span.k = "v") && span.k = nil && name = "none"': {"none"},
    "!span.k": {"bool"},
    # elements
    "span.k = 2": {"ints"},
    "span.k > 2": {"floats"},
    'span.k = "w"': {"texts"},
    'span.k =~ "[vw]"': {"v", "texts"},
    'span.k !~ "[vw]"': {"text", "no"},
    # the first level that has the key decides, whatever its type
    '.k = "v"': {"v", "texts", "resource", "event", "link", "scope"},
    ".k = 1": {"one", "ints", "both"},
    '!(.k = "v") && .k != nil': ON_SPAN - {"v", "texts"} | {"nested"},
    # resources and scopes stand in tables of their own
    'resource.k = "v"': {"resource", "both"},
    'resource.k != "v"': set(),
    '!(resource.k = "v") && resource.k != nil': set(),
    '!(resource.k = "v") && name =~ "no.*"': {"none", "no"},
    'instrumentation.k = "v"': {"scope"},
    'resource.k = "v" && span.k = 1': {"both"},
    # the index of items
    'span.a = "b=c"': {"a"},
    'span."a=b" = "c"': {"a=b"},
    'span.a != "x"': {"a"},
    f'span.l = "{LONG}y"': {"a"},
    f'span.l = "{LONG}"': set(),
    f'span.l != "{LONG}y"': {"a=b"},
    # events and links have types, and conditions hold on one of them
    "event.n = 2": {"event"},
    'event.n = 2 && event.k = "x"': set(),
    'event.k != "v"': {"event", "nested"},
    "link.n < 1": {"link"},
    'event.k = "x" && link.k = "v"': {"nested"},
    # patterns match the whole, alternatives too
    'span.s =~ "ab|cd"': {"s ab", "s cd"},
    'span.s =~ "a.|c."': {"s ab", "s cd"},
    'span.s =~ "(?i)ab"': {"s ab", "s AB"},
    'span.s !~ "ab|cd"': {"s abx", "s xcd", "s AB"},
    'span.s !~ "a.*|.*d"': {"s AB"},
}


def names(answer):
    """Return the names of the spans of a search."""
    return {one.name for trace in answer.data.traces for each in trace.spansets for one in each.spans}


@pytest.mark.parametrize("where", CASES)
def test_a_condition_means_the_same_wherever_it_is_tested(store, where):
    """A condition alone, judged over whole traces and in series lets the same spans pass."""
    ask = Ask(WINDOW, 100)
    for text in (f"{{ {where} }}", f"{{ {where} }} && {{ }}"):
        assert names(find(store.read(), parse(text), ask, WINDOW.to_ns)) - {""} == CASES[where], text
    series = metrics(
        store.read(), parse(f"{{ {where} }} | count_over_time() by (name)"), MetricsAsk(WINDOW, S, instant=True)
    ).data.series
    assert {one.labels["name"] for one in series} == CASES[where]


@pytest.mark.parametrize(
    ("where", "used"),
    [
        ('resource.service.name =~ "svc|other"', "service IN"),
        ('name =~ "text|float"', "name IN"),
        ('span.s =~ "ab|cd"', "items"),
        ('instrumentation.k =~ "v|w"', "scope_id IN"),
    ],
)
@pytest.mark.parametrize("wrapped", ["{{ {} }}", "{{ {} }} >> {{ }}", "{{ {} }} | count_over_time() by (span.s)"])
def test_plain_alternatives_are_no_patterns(store, where, used, wrapped):
    """Texts with bars between are looked up like texts, so that columns and the index of items narrow the scan."""
    sql = " ".join(one.sql for one in explain(store.read(), parse(wrapped.format(where)), Ask(WINDOW), T0).data.steps)
    assert used in sql
    assert "match(" not in sql


@pytest.mark.parametrize("pattern", ["(", r"(a)\\1", "(?=a)", "x.*" * 1500, "(?:a{1000}){1000}"])
def test_a_pattern_that_the_engine_cannot_take_is_refused_before_it_reads(store, pattern):
    """What RE2 does not know, what is too long and what would grow too large is an error of the query."""
    for text in ('{ span.s =~ "%s" }', '{ span.s !~ "%s" } | count() > 0'):
        with pytest.raises(InvalidQueryError):
            find(store.read(), parse(text % pattern), Ask(WINDOW), WINDOW.to_ns)
    with pytest.raises(InvalidQueryError):
        metrics(store.read(), parse(f'{{ span.s =~ "{pattern}" }} | rate()'), MetricsAsk(WINDOW, S, instant=True))


def test_copies_count_once_and_twins_and_changed_spans_do_not(make_store, kinds):
    """A span that was sent again counts once; a client and a server with one id are two, as are spans that differ.

    Spans are the same when trace, id, kind, start, service and name are.
    """
    span, _ = kinds
    store = make_store()
    client = span(1, 7, T0, 0, 5, "a", "call", 3, attributes=[("k", 1)])
    server = span(1, 7, T0, 0, 5, "b", "call", 2, attributes=[("k", 1)])
    changed = span(1, 8, T0, 7, 5, "b", "work", 1)
    renamed = span(1, 8, T0, 7, 5, "b", "play", 1)
    for some in ([client, server, changed], [client, server], [client, renamed]):
        store.insert(some)
    for text in ("{ }", "{ } | count() = 4", "{ span.k = 1 || true }"):
        answer = find(store.read(), parse(text), Ask(WINDOW, spans_per_spanset=9), WINDOW.to_ns)
        (trace,) = answer.data.traces
        assert (trace.spansets[0].matched, trace.spans) == (4, 4), text
    series = metrics(store.read(), parse("{ span:id != nil } | count_over_time()"), MetricsAsk(WINDOW, S, instant=True))
    assert series.data.series[0].values == [4]


def test_a_root_that_never_came_has_no_name(make_store, kinds):
    """Within a query its service and name are empty texts; the rows say that it is missing."""
    span, _ = kinds
    store = make_store()
    store.insert([span(1, 2, T0, 1, name="lost"), span(2, 1, T0 + S, name="", service="a")])

    def found(where):
        return [one.trace_id[-1] for one in find(store.read(), parse(f"{{ {where} }}"), Ask(WINDOW), T0).data.traces]

    assert found('rootServiceName = "" && rootName = ""') == [1]
    assert found('rootName = ""') == [2, 1]
    assert found('rootServiceName != ""') == [2]
    lost = find(store.read(), parse("{ name = `lost` }"), Ask(WINDOW), T0).data.traces[0]
    assert (lost.root_service, lost.root_name) == (None, None)
