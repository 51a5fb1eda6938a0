"""Searches that would take too much end with what they have, and searches see spans that come late."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Total, Truncated, Window
from clew.query.cursor import parse_cursor
from clew.query.errors import InvalidQueryError
from clew.query.hunt import Hunt, Quest, SpentError
from clew.query.plan.find import JudgedScan, find, source
from clew.query.plan.found import Ask
from clew.query.plan.histogram import histogram
from clew.query.plan.judge import Judge
from clew.query.plan.metrics import metrics
from clew.query.plan.necessity import formula
from clew.query.plan.series import MetricsAsk
from clew.query.plan.spots import spots
from clew.query.scan import Scan
from clew.query.traceql import parse
from clew.store import Limits

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(T0, T0 + 3600 * S)
NOW = T0 + 3600 * S


def ask(**more):
    """Return a question over all traces."""
    return Ask(WINDOW, **more)


def names(answer):
    """Return the spans of an answer."""
    return sorted(one.name for trace in answer.data.traces for each in trace.spansets for one in each.spans)


@pytest.fixture
def crowd(store, kinds):
    """Sixty traces of thirty spans."""
    span, _ = kinds
    store.insert(
        [
            span(number, one, T0 + number * 30 * S + one, min(one - 1, 1), name=f"op{one}")
            for number in range(1, 61)
            for one in range(1, 31)
        ]
    )
    return store


def test_a_hostile_search_ends_with_a_reason(crowd):
    """Where a limit ends a search, the answer says so and its count is a lower bound."""
    query = parse('{ span:childCount = 29 && name != "op2" }')
    whole = find(crowd.read(), query, ask(limit=100), NOW)
    assert whole.meta.total == Total(60, exact=True)
    cut = find(crowd.read(Limits(max_rows_to_read=1000)), query, ask(limit=40), NOW)
    assert cut.meta.truncated is not None
    assert cut.meta.truncated.reason
    assert cut.meta.truncated.hint
    assert not cut.meta.total.exact
    found = [one.trace_id for one in cut.data.traces]
    assert found == [one.trace_id for one in whole.data.traces][: len(found)]


class Tired(JudgedScan):
    """A source that may decide once."""

    decided = False

    def decide(self, traces):
        """Decide, or be spent."""
        if self.decided:
            raise SpentError(Truncated("one decision is enough", 1, "go on with the cursor"))
        self.decided = True
        return super().decide(traces)


def test_the_page_behind_an_early_end_goes_on_where_it_ended(crowd):
    """However early searches end, their pages together hold every answer once, in order."""
    pipeline = parse('{ span:childCount = 29 && trace:id =~ ".*[048c]" }').root
    found, cursor, ended = [], None, 0
    while True:
        read = crowd.read()
        judge = Judge(read, pipeline, 3)
        hunt = Hunt(read, Quest(WINDOW, 20, cursor), Tired(Scan(read, []), judge))
        for _ in hunt.windows(NOW):
            if hunt.full:
                break
        page = hunt.page()
        found += [int.from_bytes(one.trace_id, "big") for one in judge.answers(page.traces)]
        ended += page.truncated is not None
        if page.cursor is None:
            break
        cursor = parse_cursor(page.cursor)
    assert found == [number for number in range(60, 0, -1) if number % 4 == 0]
    assert ended > 0


def test_a_statement_that_is_too_long_is_refused(crowd):
    """Arithmetic that grows beyond what the engine takes is an error that says what to do."""
    text = " + ".join(f"event.k{number} * event.l{number}" for number in range(60))
    with pytest.raises(InvalidQueryError) as refused:
        find(crowd.read(), parse("{ " + text + " > 0 }"), ask(), NOW)
    assert refused.value.hint


def test_spans_that_come_late_count(store, kinds):
    """A trace is evaluated whole, whatever parts its spans came in, also spans outside the range."""
    span, _ = kinds
    store.insert([span(1, 1, T0 + S, name="root")])
    query = parse('{ name = "root" } >> { name = "leaf" }')
    assert names(find(store.read(), query, ask(), NOW)) == []
    store.insert([span(1, 3, T0 + 3 * S, 2, name="leaf")])
    assert names(find(store.read(), query, ask(), NOW)) == []
    store.insert([span(1, 2, T0 + 2 * S, 1, name="middle")])
    assert names(find(store.read(), query, ask(), NOW)) == ["leaf"]
    narrow = Ask(Window(T0, T0 + S + 1))
    assert names(find(store.read(), query, narrow, NOW)) == ["leaf"]
    store.insert([span(1, 3, T0 + 3 * S, 2, name="leaf")])
    answer = find(store.read(), query, ask(), NOW)
    assert (names(answer), answer.meta.duplicates) == (["leaf"], 1)


def test_the_cheapest_source_is_scanned(crowd):
    """A conjunction keeps its own way, an indexed value drives what it stands in, the rest is a formula."""

    def scanned(text):
        read = crowd.read()
        pipeline = parse(text).root
        found = source(read, pipeline, formula(pipeline), Judge(read, pipeline), WINDOW)
        return type(getattr(found, "scan", found)).__name__

    assert scanned('{ span.x = "v" && name = "a" }') == "FilterScan"
    assert scanned('{ span.x = "v" } >> { name = "a" }') == "Scan"
    assert scanned('{ span.x = "v" && (name = "a" || kind = server) }') == "Scan"
    assert scanned('{ kind = client } >> { name = "a" }') == "LedScan"
    assert scanned('{ kind = client } || { name = "a" }') == "FormulaScan"
    assert scanned("{ } | count() > 2") == "Scan"
    assert scanned('{ span.x = "v" || span.y = "w" && name = "b" }') == "FormulaScan"
    assert scanned('{ span.x = "v" || span.y = "w" }') == "UnionScan"
    assert scanned('{ span.x = "v" } || { span.y = "w" && name != "b" }') == "UnionScan"


def series(store, text):
    """Return the series of a function over a search."""
    return metrics(store.read(), parse(f"{text} | rate()"), MetricsAsk(WINDOW, 60 * S))


WAYS = {
    "search": lambda store, text: find(store.read(), parse(text), ask(), NOW),
    "counts": lambda store, text: histogram(store.read(), parse(text), WINDOW, 10),
    "series": series,
    "one trace": lambda store, text: spots(store.read(), f"{1:032x}", parse(text)),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_the_engine_takes_no_more_is_an_error_of_the_query(crowd, way):
    """A condition of too many parts is refused with a reason, whatever is asked with it."""
    with pytest.raises(InvalidQueryError, match="too complex to be evaluated") as caught:
        WAYS[way](crowd, "{ .a" + " ^ .b" * 12 + " > 1 }")
    assert caught.value.line == 1
    assert caught.value.hint


def test_several_attributes_without_scope_compute_together(store, kinds):
    """An attribute that may lie on five levels makes no statement too long."""
    span, _ = kinds
    store.insert(
        [span(1, 1, T0, attributes=[("a", 1), ("b", 2)]), span(1, 2, T0 + 1, 1, name="c", attributes=[("c", 3)])]
    )
    query = parse("{ parent.a + parent.b * .c > 6 && .c + parent.b = 5 }")
    assert names(find(store.read(), query, ask(), NOW)) == ["c"]
