"""Filters on any level, narrowed by what the catalogue knows of their keys."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.filters import Filter, FilterScope, Op
from clew.query.levels import settled
from clew.query.plan.placed import Places
from clew.query.search import SearchQuery, find
from clew.query.traceql import parse

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(T0 - S, T0 + 600 * S)


@pytest.fixture
def known(store, kinds):
    """Spans whose keys are on one level, on two, or nowhere in the catalogue."""
    span, event = kinds
    store.insert(
        [
            span(1, 1, T0, attributes=[("text", "x"), ("both", "x"), ("new", "x")]),
            span(2, 1, T0 + 1, attributes=[("text", ["x", "y"]), ("number", 5)], resource=[("both", "x")]),
            span(3, 1, T0 + 2, resource=[("zone", "5")], scope=[("tag", "5")], events=[event("e", [("step", "5")])]),
        ]
    )
    store.catalogue(T0 // S // 86_400, [("log", "new", "string", "x")])
    return store


@pytest.mark.parametrize(
    ("key", "value", "scopes", "traces"),
    [
        ("text", "x", [(FilterScope.SPAN, Op.EQ), (FilterScope.SPAN, Op.READS)], {1}),
        ("text", '["x","y"]', [(FilterScope.SPAN, Op.READS)], {2}),
        ("both", "x", [(FilterScope.ANYWHERE, Op.READS)], {1, 2}),
        ("number", "5", [(FilterScope.SPAN, Op.READS)], {2}),
        ("zone", "5", [(FilterScope.RESOURCE, Op.READS)], {3}),
        ("tag", "5", [(FilterScope.INSTRUMENTATION, Op.READS)], {3}),
        ("step", "5", [(FilterScope.ANYWHERE, Op.READS)], {3}),
        ("new", "x", [(FilterScope.SPAN, Op.EQ), (FilterScope.SPAN, Op.READS)], {1}),
        ("nowhere", "x", [(FilterScope.ANYWHERE, Op.READS)], set()),
    ],
)
def test_a_narrowed_filter_finds_the_same(known, key, value, scopes, traces):
    """The level and the index that answer are the cheapest that are sure; the traces are those of the open filter."""
    given = [Filter(FilterScope.ANYWHERE, key, Op.READS, value)]
    narrow = settled(known.read(), WINDOW, given)
    assert [(item.scope, item.op) for item in narrow] == scopes

    def found(filters):
        query = SearchQuery(filters, WINDOW, of_span=True)
        return {int.from_bytes(one.trace_id, "big") for one in find(known.read(), query, T0 + 600 * S)}

    assert found(narrow) == found(given) == traces


@pytest.mark.parametrize(
    ("text", "placed"),
    [
        ('{ .text = "x" }', '{ span.text = "x" }'),
        ('{ .zone = "5" || .tag = "5" }', '{ resource.zone = "5" || instrumentation.tag = "5" }'),
        ('{ .both = "x" || .step = "5" || .nowhere = 1 }', '{ .both = "x" || .step = "5" || .nowhere = 1 }'),
        (
            "{ .text = .zone } | by(.text) | max(.number) > 1",
            "{ span.text = resource.zone } | by(.text) | max(.number) > 1",
        ),
        ("({ .number > 1 } | count()) > 2", "({ span.number > 1 } | count()) > 2"),
        ("{ .number = 1 } >> { parent.number = nil }", "{ span.number = 1 } >> { parent.span.number = nil }"),
        ('{ .service.name = "unknown_service" }', '{ .service.name = "unknown_service" }'),
    ],
)
def test_unscoped_conditions_ask_the_level_that_has_the_key(known, text, placed):
    """Keys on one level are looked for there, in conditions alone; all others on every level in turn."""
    pipeline = parse(text).root
    found = Places(known.read(), pipeline).pipeline(pipeline)
    assert found == parse(placed).root
