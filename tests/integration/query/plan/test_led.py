"""Searches for traces that must have several things, the rarest of which leads."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.plan import led
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.plan.led import Part, leader, weight
from clew.query.plan.necessity import Some, formula
from clew.query.traceql import parse

S = 10**9
T0 = (time.time_ns() // (600 * S) - 30) * 600 * S
WINDOW = Window(T0, T0 + 6000 * S)
RARE, COMMON = (Some(parse(text).root.stages[0].where) for text in ('{ span.x = "rare" }', "{ kind = server }"))


@pytest.fixture(scope="module")
def traces(make_store, kinds):
    """A hundred traces a minute apart, whose third span comes 25 minutes after the first; every tenth has an error."""
    span, _ = kinds
    store = make_store()
    spans = []
    for number in range(1, 101):
        start = T0 + number * 60 * S
        spans += [
            span(number, 1, start, name="root", kind=2),
            span(number, 2, start + S, 1, status=2 if number % 10 == 0 else 0),
            span(number, 3, start + 1500 * S, 1, name="late", attributes=[("x", "v" * 100 if number % 20 else "rare")]),
        ]
    store.insert(spans)
    return store


def asked(store, text, **more):
    """Return the numbers of the traces found, and the phases of the statements that ran."""
    read = store.read()
    ran = read.record()
    found = find(read, parse(text), Ask(WINDOW, **more), T0 + 9000 * S)
    assert found.meta.truncated is None
    return [int.from_bytes(one.trace_id, "big") for one in found.data.traces], [one.phase for one in ran]


@pytest.mark.parametrize("apart", [0.0, 1e12], ids=["together", "one part in the lead"])
def test_hits_in_different_windows_belong_together(traces, monkeypatch, apart):
    """Whoever leads, a trace is found whose parts lie in different windows, newest first, page by page."""
    monkeypatch.setattr(led, "APART", apart)
    text = '{ status = error } && { name = "late" }'
    assert asked(traces, text)[0] == list(range(100, 0, -10))
    assert asked(traces, text, limit=3)[0] == [100, 90, 80]
    assert asked(traces, '{ kind = server } && { span.x != "" && name = "late" && span.x !~ "v+" }')[0] == [
        100, 80, 60, 40, 20,
    ]  # fmt: skip


def test_a_sample_is_taken_once_and_only_when_the_first_window_does_not_fill_the_page(traces):
    """Frequent answers cost no sample; rare ones cost one."""
    rare = '{ status = error } && { span.x !~ "v+" && name = "late" }'
    assert asked(traces, rare)[1].count("how rare each part is") == 1
    assert "how rare each part is" not in asked(traces, "{ kind = server } && { kind = internal }", limit=1)[1]


def test_the_part_leads_that_costs_least():
    """A rare and cheap part leads; where all parts are frequent they are read together."""
    assert leader([Part(COMMON, 1e6, 1.0), Part(RARE, 3.0, 20.0)], 1e7) is RARE
    assert leader([Part(COMMON, 3.0, 1.0), Part(RARE, 0.0, 20.0)], 1e7) is COMMON
    assert leader([Part(COMMON, 1e6, 1.0), Part(RARE, 1e6, 1.0)], 1e7) is None
    assert leader([Part(COMMON, 0.0, 1.0), Part(RARE, 0.0, 1.0)], 0.0) is None


def test_attributes_cost_more_than_columns():
    """What a part costs follows from the columns that its fields stand in, each once."""

    def of(text):
        return weight(formula(parse(text).root))

    assert of("{ kind = server && duration > 1s && duration < 2s }") == 2.0
    assert of('{ resource.service.name = "a" && span.x = "b" }') == 21.0
    assert of('{ event:name = "a" }') == of('{ event.a = "a" }') > of('{ span.a = "a" }')
