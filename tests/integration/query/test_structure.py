"""Traces whose structure is not known for sure are named in the meta of every answer that holds them."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from traceql_spans import PHASES, T0, S, make_spans

from clew.codec import Encoding
from clew.query.answer import Incomplete, Window
from clew.query.export import export
from clew.query.match import match
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.plan.rows import page
from clew.query.plan.spots import spots
from clew.query.spancols import columns
from clew.query.summary import summary
from clew.query.traceql import parse

BEGIN = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(BEGIN, BEGIN + 3600 * S)
NOW = BEGIN + 3600 * S
REASONS = {
    1: (),
    2: ("no_root", "missing_parent"),
    3: ("missing_parent",),
    4: ("shared_id",),
    5: ("missing_parent",),
    6: (),
    7: ("no_root", "missing_parent"),
}


@pytest.fixture(scope="module")
def traces(make_store, kinds):
    """Seven: whole, no root, a missing parent, three spans of one id, a cycle, twins of Zipkin, a cycle alone."""
    span, _ = kinds
    store = make_store()

    def at(trace, number):
        return BEGIN + trace * 60 * S + number

    spans = [
        span(1, 1, at(1, 1)), span(1, 2, at(1, 2), 1),
        span(2, 2, at(2, 2), 1), span(2, 3, at(2, 3), 2),
        span(3, 1, at(3, 1)), span(3, 3, at(3, 3), 2),
        span(4, 1, at(4, 1)), *(span(4, 2, at(4, n), 1) for n in (2, 3, 4)),
        span(5, 1, at(5, 1)), span(5, 2, at(5, 2), 3), span(5, 3, at(5, 3), 2),
        span(6, 1, at(6, 1), kind=3), span(6, 1, at(6, 2), kind=2), span(6, 2, at(6, 3), 1),
        span(7, 2, at(7, 2), 3), span(7, 3, at(7, 3), 2),
    ]  # fmt: skip
    store.insert(spans)
    store.insert([spans[0]])  # sent twice: no gap
    return store


def told(meta):
    """Return the reasons per trace of a meta."""
    return {int(one.trace_id, 16): one.reasons for one in meta.incomplete}


WANTED = {trace: reasons for trace, reasons in REASONS.items() if reasons}


@pytest.mark.parametrize("text", ["{ }", "{ } | count() > 1", "{ } && { duration >= 0 }", "{ } | sort(duration)"])
def test_searches_name_the_traces_of_their_page(traces, text):
    """Conjunctions and everything else mark the same traces, those of the page alone."""
    assert told(page(traces.read(), parse(text), Ask(WINDOW), NOW).meta) == WANTED
    first = page(traces.read(), parse(text), Ask(WINDOW, limit=1), NOW)
    assert set(told(first.meta)) <= {int(row.trace_id, 16) for row in first.data.traces}


@pytest.mark.parametrize("trace", sorted(REASONS))
def test_answers_about_one_trace_say_it(traces, trace):
    """Summary, columns, matches and the export agree with searches."""
    trace_id, reasons = f"{trace:032x}", REASONS[trace]
    want = (Incomplete(trace_id, reasons),) if reasons else ()
    assert summary(traces.read(), trace_id, NOW).meta.incomplete == want
    assert columns(traces.read(), trace_id, ids=True).meta.incomplete == want
    assert match(traces.read(), trace_id, [], "").meta.incomplete == want
    assert spots(traces.read(), trace_id, parse("{ } >> { }")).meta.incomplete == want
    assert export(traces.read(), trace_id, Encoding.PROTOBUF).gaps == reasons


def test_every_span_without_a_parent_is_a_root(store, kinds):
    """A link that is marked child_of makes no child; the earliest root names the trace, numbers go on across roots."""
    span, event = kinds
    other = event("", [("opentracing.ref_type", "child_of")], 0, (9).to_bytes(16, "big"), 9)
    store.insert(
        [
            span(1, 5, BEGIN + 5, name="later", service="b"),
            span(1, 7, BEGIN + 1, name="linked", service="a", links=[other]),
            span(1, 2, BEGIN + 1, name="first", service="a"),
            span(1, 8, BEGIN + 6, 5, name="child"),
        ]
    )

    def found(text):
        (trace,) = find(store.read(), parse(text), Ask(WINDOW, spans_per_spanset=9), NOW).data.traces
        return trace, {one.name: one.attributes for each in trace.spansets for one in each.spans}

    trace, roots = found("{ nestedSetParent < 0 } | select(nestedSetLeft, nestedSetRight)")
    assert (trace.root_service, trace.root_name) == ("a", "first")
    assert {name: (one["nestedSetLeft"], one["nestedSetRight"]) for name, one in roots.items()} == {
        "first": (1, 2), "linked": (3, 4), "later": (5, 8),
    }  # fmt: skip
    assert set(found("{ name = `later` } ~ { }")[1]) == {"first", "linked"}
    assert set(found("{ rootName = `first` && name = `child` }")[1]) == {"child"}


def test_the_children_of_twins(store, kinds):
    """A server under an id that a client and a server share is the client's child, any other the server's."""
    span, _ = kinds
    store.insert(
        [
            span(1, 1, BEGIN, name="call", kind=3),
            span(1, 1, BEGIN + 1, name="serve", kind=2),
            span(1, 2, BEGIN + 2, 1, name="inner", kind=1),
            span(1, 3, BEGIN + 3, 1, name="next", kind=2),
        ]
    )

    def found(text):
        traces = find(store.read(), parse(text), Ask(WINDOW, spans_per_spanset=9), NOW).data.traces
        return {one.name for trace in traces for each in trace.spansets for one in each.spans}

    assert found("{ name = `call` } > { }") == {"serve", "next"}
    assert found("{ name = `serve` } > { }") == {"inner"}
    assert found("{ parent.name = `serve` }") == {"inner"}
    assert found("{ name = `inner` } ~ { }") == set()
    assert found("{ span:childCount = 2 }") == {"call"}


def test_roots_are_roots_whatever_the_rest(make_store, kinds):
    """`nestedSetParent < 0` decided by the row is the same as by the numbers: also for shared ids and twins."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(make_spans(kinds))
    def check(given_spans):
        spans, again = given_spans
        for one in spans[::2]:  # ids that many share
            one.span_id = one.span_id % 3 + 1
        store = make_store()
        store.insert([*spans, *again])
        window = Window(T0 - S, T0 + 20_000 * S)
        roots = sorted((one.trace, one.span_id, one.start) for one in spans if one.parent == 0)
        for text in (
            "nestedSetParent < 0",
            "nestedSetParent + 0 < 0",
            "!(nestedSetParent >= 0)",
            "0 > nestedSetParent",
        ):
            found = find(store.read(), parse(f"{{ {text} }}"), Ask(window, 100, 100), T0 + 86_400 * S).data.traces
            hits = [
                (int.from_bytes(one.trace_id, "big"), span.span_id, span.start_ns)
                for one in found
                for each in one.spansets
                for span in each.spans
            ]
            assert sorted(hits) == roots, text

    check()
