"""Conditions on one span: the cheapest way to the traces that have such a span, and that every way finds the same."""

from __future__ import annotations

import time

import pytest

from clew.model import Kind
from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.filters import Op
from clew.query.plan.spanwise import Contains, OneOf, Reads, joined, with_span
from clew.query.traceql.ast import Attribute, Binary, FieldOp, Intrinsic, Level, Name, Static, Unary, UnaryOp

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(T0, T0 + 1200 * S)
SERVICE = Attribute(Level.RESOURCE, "service.name")
SHOP = Binary(FieldOp.EQ, SERVICE, Static("shop"))
SERVER = Binary(FieldOp.EQ, Intrinsic(Name.KIND), Static(Kind.SERVER))


def reads(key, text, level=Level.ANY):
    """Return that an attribute reads so."""
    return Reads(key=key, text=text, level=level)


@pytest.fixture
def known(store, kinds):
    """Traces in several windows, and a catalogue of their keys."""
    span, event = kinds
    store.insert(
        [
            span(1, 1, T0, service="shop", kind=2, attributes=[("text", "x"), ("both", "y")]),
            span(2, 1, T0 + 900 * S, service="shop", kind=2, attributes=[("text", "z"), ("late", "x")]),
            span(3, 1, T0 + S, service="bill", resource=[("both", "x"), ("late", "x")]),
            span(4, 1, T0 - S, service="shop", kind=2),
            span(4, 2, T0 + 2 * S, service="bill", events=[event("a", [("n", 1)]), event("b", [("n", 2)])]),
        ]
    )
    rows = [("span", "text"), ("span", "both"), ("resource", "both"), ("span", "late")]
    store.catalogue(T0 // S // 86_400, [(level, key, "string", "x") for level, key in rows])
    return store


def asked(known, where, limit=10):
    """Return the traces found and the statements that found them."""
    read = known.read()
    ran = read.record()
    found = with_span(read, where, WINDOW, limit, T0 + 1200 * S)
    return [int.from_bytes(one.trace_id, "big") for one in found], [one.sql for one in ran]


def test_plain_conjunctions_go_the_way_of_filters(known):
    """Service and kind are answered by the table of services, texts of spans by the attribute index."""
    found, ran = asked(known, joined(FieldOp.AND, [SHOP, SERVER]))
    assert found == [2, 1]
    assert any("FROM span_by_service" in sql for sql in ran)
    exactly = Reads(key="text", text="x", level=Level.ANY, op=Op.EQ)
    for where in (reads("text", "x"), reads("text", "x", Level.SPAN), exactly):
        found, ran = asked(known, joined(FieldOp.AND, [SHOP, where]))
        assert found == [1]
        assert any("has(items, " in sql for sql in ran)


def test_a_key_on_both_levels_is_looked_for_on_both(known):
    """Only what the catalogue knows on one level alone is looked for there alone."""
    assert asked(known, reads("both", "x"))[0] == [3]
    assert asked(known, Unary(UnaryOp.NOT, reads("both", "x")))[0] == [2, 1, 4]
    assert asked(known, Unary(UnaryOp.NOT, reads("late", "x")))[0] == [1, 4]


def test_every_way_finds_the_same_page(known):
    """A condition alone and the same as one of two alternatives give the same traces, newest first, up to the limit."""
    for where, expected in ((SHOP, [2, 1]), (Static(value=True), [2, 3, 1, 4]), (reads("text", "z"), [2])):
        never = Contains(of=Intrinsic(Name.NAME), pattern="nothing has this")
        either = joined(FieldOp.OR, [never, where])
        for limit in (1, 2, 10):
            assert asked(known, where, limit)[0] == expected[:limit]
            assert asked(known, either, limit)[0] == expected[:limit]


def test_a_quantifier_binds_one_event_however_its_condition_is_composed(known):
    """Within it all comparisons are of one event, in alternatives and negations too."""
    number = Attribute(Level.EVENT, "n")
    name = Intrinsic(Name.EVENT_NAME)

    def event(op, field, value):
        return Binary(op, field, Static(value))

    first = joined(FieldOp.AND, [event(FieldOp.EQ, name, "a"), event(FieldOp.EQ, number, 2)])
    second = joined(FieldOp.OR, [event(FieldOp.EQ, name, "c"), event(FieldOp.GT, number, 1)])
    third = joined(FieldOp.AND, [event(FieldOp.MATCH, name, "a|b"), Unary(UnaryOp.NOT, event(FieldOp.EQ, number, 2))])
    found = [asked(known, OneOf(level=Level.EVENT, where=one))[0] for one in (first, second, third)]
    assert found == [[], [4], [4]]


def test_what_no_statement_can_hold_is_refused(known):
    """A condition beyond the length of a statement is an error of the query, not of the engine."""
    parts = [
        OneOf(
            level=Level.EVENT, where=Binary(FieldOp.EQ, Attribute(Level.EVENT, f"a{one}"), Attribute(Level.SPAN, "b"))
        )
        for one in range(400)
    ]
    with pytest.raises(InvalidQueryError, match="too complex"):
        asked(known, joined(FieldOp.OR, parts))
