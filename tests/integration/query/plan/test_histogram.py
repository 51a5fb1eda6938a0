"""Counts over time of searches about which whole traces decide, counted and estimated."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Total, Window
from clew.query.errors import InvalidQueryError
from clew.query.plan import histogram as counts
from clew.query.plan.histogram import histogram
from clew.query.traceql import parse

S = 10**9
T0 = (time.time_ns() // (3600 * S) - 3) * 3600 * S
WINDOW = Window(T0, T0 + 3600 * S - 1)


@pytest.fixture(scope="module")
def traces(make_store, kinds):
    """Six hundred traces, six seconds apart; each has a client below its root, every third of which failed."""
    span, event = kinds
    store, link = make_store(), event(trace_id=bytes(15) + bytes([7]), span_id=1)
    spans = []
    for number in range(600):
        start = T0 + number * 6 * S
        spans += [
            span(number + 1, 1, start, kind=2, name="root"),
            span(number + 1, 2, start + S, 1, kind=3, status=0 if number % 3 else 2, links=[link]),
            span(number + 1, 3, start + 7200 * S, 1, kind=3),
        ]
    store.insert(spans)
    return store


def counted(store, text):
    """Return the answer, and what it adds up to."""
    found = histogram(store.read(), parse(text), WINDOW, 60)
    return found, sum(found.data.total), sum(found.data.errors)


@pytest.mark.parametrize(
    ("text", "total", "errors"),
    [
        ("{ kind = client }", 600, 200),
        ("{ kind = client } || { kind = server }", 1200, 200),
        ("{ kind = client && duration + 1 > 0 }", 600, 200),
        ("{ kind = server } >> { kind = client }", 600, 200),
        ("{ kind = client } !> { kind = client }", 600, 200),
        ("{ !(kind = client) }", 600, 0),
        ("{ kind = server } && { status = error }", 400, 200),
        ("{ } | by(kind) | count() > 1", 600, 200),
        ("{ status = error } | select(name) | sort(duration)", 200, 200),
        ('{ } ~> { name = "root" }', 1, 0),
        ('({ } ~> { name = "root" } | count()) > 0', 1, 0),
        ("{ kind = producer } > { kind = client }", 0, 0),
    ],
)
def test_every_search_is_counted(traces, text, total, errors):
    """Spans count that are in a spanset and start in the range; partners outside it count for the verdict."""
    found, all_, failed = counted(traces, text)
    assert (all_, failed) == (total, errors)
    assert found.meta.total == Total(total, exact=True)
    assert found.meta.sampled is None
    assert len(found.data.start_ms) == 60


def test_counts_of_many_traces_are_estimates_that_say_so(traces, monkeypatch):
    """From a random part of the traces come counts near the true ones, the share, and an interval that holds them."""
    monkeypatch.setattr(counts, "MOST_TRACES", 200)
    found, total, errors = counted(traces, "{ kind = server } >> { kind = client }")
    assert found.meta.sampled is not None
    assert found.meta.sampled.rate == pytest.approx(1 / 3)
    assert found.meta.sampled.ci == (600.0, 600.0)  # every trace has one
    assert (total, not found.meta.total.exact) == (600, True)
    found, total, errors = counted(traces, "{ kind = server } >> { kind = client && span:childCount = 0 } | by(status)")
    assert 120 <= errors <= 290
    found, total, _ = counted(traces, "{ kind = server } >> { status = error && span:childCount = 0 }")
    low, high = found.meta.sampled.ci if found.meta.sampled else (total, total)
    assert low <= total <= high
    assert 120 <= total <= 290


def test_a_budget_of_spans_ends_the_counting_early(traces, monkeypatch):
    """When the spans of the first traces use up the budget, the rest is estimated from these."""
    monkeypatch.setattr(counts, "MOST_SPANS", 450)
    monkeypatch.setattr(counts, "BATCH_TRACES", 100)
    found, total, _ = counted(traces, "{ kind = server } >> { kind = client }")
    assert found.meta.sampled is not None
    assert found.meta.sampled.rate == pytest.approx(1 / 6)
    assert total == 600


def test_series_cannot_be_counted(traces):
    """A query that gives series is refused with the way to ask for them."""
    with pytest.raises(InvalidQueryError):
        counted(traces, "{ } | rate()")
