"""Random traces, random TraceQL: the planner's answer equals that of a plain evaluator."""

from __future__ import annotations

import os
from collections import Counter

import pytest
import traceql_evaluator as plain
import traceql_searches as searches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traceql_spans import PHASES, T0, S, make_spans, plain_span

from clew.query.answer import Total, Window
from clew.query.errors import InvalidQueryError
from clew.query.plan import find as plan_find
from clew.query.plan import led as plan_led
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.plan.histogram import histogram
from clew.query.plan.links import has_links
from clew.query.plan.walk import mentioned
from clew.query.traceql import parse, print_query
from clew.query.traceql.ast import Query, Sort
from clew.query.traceql.text import print_expression as text

WINDOW = Window(T0 - S, T0 + 20_000 * S)
windows = st.one_of(
    st.just(WINDOW),
    st.builds(
        lambda low, width: Window(T0 + low * S, T0 + (low + width) * S),
        st.integers(-10, 2800),
        st.sampled_from([0, 60, 700, 6000]),
    ),
)
"""Each edge lies in the first hour of the spans or behind all of them: a trace that has its matches on one side of an
edge and is silent for more than an hour across it is not looked for on the other side."""


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the strategies, which nobody prints
@pytest.mark.parametrize(
    ("merged", "led"),
    [(False, False), (True, False), (False, True)],
    ids=["as inserted", "after a final merge", "with one part in the lead"],
)
def test_searches_equal_a_plain_evaluator(make_store, kinds, monkeypatch, merged, led):
    """Every page walk over random data gives the spansets of a plain evaluator, newest trace first."""
    if led:
        monkeypatch.setattr(plan_led, "APART", 1e12)  # whatever it costs
        monkeypatch.setattr(plan_find, "READ_AHEAD", 0)
    examples = int(os.environ.get("CLEW_EXAMPLES", "6"))

    some_questions = st.lists(st.tuples(searches.search, windows), min_size=20, max_size=20)

    @settings(
        max_examples=examples // 2 if merged else examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), some_questions, st.sampled_from([1, 2, 100]))
    def check(given_spans, questions, limit):
        spans, again = given_spans
        store = make_store()
        half = len(spans) // 2
        for part in (spans[:half], spans[half:], again):
            if part:
                store.insert(part)
        if merged:
            for table in ("spans", "trace_index", "resources", "scopes", "span_by_service"):
                store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
        for one, window in questions:
            _walk(store, one, spans, limit, _fair(one, window))

    check()


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_counts_equal_a_plain_evaluator(make_store, kinds):
    """The counts of a search over time are those of the spans that a plain evaluator finds, failed ones apart."""
    some_questions = st.lists(st.tuples(searches.pipeline, windows), min_size=20, max_size=20)

    @settings(
        max_examples=int(os.environ.get("CLEW_EXAMPLES", "6")) // 2,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), some_questions)
    def check(given_spans, questions):
        spans, _ = given_spans
        store = make_store()
        store.insert(spans)
        for one, window in questions:
            _count(store, one, spans, _fair(one, window))

    check()


def _query(pipeline):
    """Return a query as it is read from its text; one that its checks refuse is asked as it is."""
    made = Query(pipeline)
    try:
        return parse(print_query(made))
    except InvalidQueryError:
        return made


def _too_complex(error):
    """Random arithmetic can grow into a statement that is too long for the engine; nothing else may be refused."""
    assert "too complex" in error.detail or "after by()" in error.detail, error.detail


def _count(store, pipeline, spans, window):
    found = plain.evaluate(pipeline, [plain_span(one) for one in spans]).values()
    hits = {id(span): span for sets in found for one in sets for span in one.spans}.values()
    inside = [one for one in hits if window.from_ns <= one.start <= window.to_ns]
    try:
        answer = histogram(store.read(), _query(pipeline), window, 50)
    except InvalidQueryError as error:
        _too_complex(error)
        return
    step = answer.data.step_ms * 10**6
    assert answer.meta.sampled is None
    assert answer.meta.total == Total(len(inside), exact=True), print_query(Query(pipeline))
    for numbers, counted in ((answer.data.total, inside), (answer.data.errors, [x for x in inside if x.status == 2])):
        want = Counter(one.start // step * step // 10**6 for one in counted)
        assert {at: n for at, n in zip(answer.data.start_ms, numbers, strict=True) if n} == want, print_query(
            Query(pipeline)
        )


def _fair(pipeline, window):
    """Return the window, or one of all spans for links: their left side is looked for in the range alone."""
    return WINDOW if has_links(pipeline.stages) else window


def _overlaps(spans, window):
    first, last = min(one.start for one in spans), max(one.start + one.duration for one in spans)
    return first <= window.to_ns and last >= window.from_ns


def _walk(store, pipeline, spans, limit, window):
    want = plain.evaluate(pipeline, [plain_span(one) for one in spans])
    inside = {number: [one for one in spans if one.trace == number] for number in want}
    want = {number: sets for number, sets in want.items() if _overlaps(inside[number], window)}
    starts = {number: min(one.start for one in spans if one.trace == number) for number in want}
    got, cursor = [], None
    query, told = _query(pipeline), print_query(Query(pipeline))
    while True:
        ask = Ask(window, limit, 100, cursor)
        try:
            answer = find(store.read(), query, ask, T0 + 86_400 * S)
        except InvalidQueryError as error:
            _too_complex(error)
            return
        got += answer.data.traces
        cursor = answer.data.cursor
        if cursor is None:
            break
    order = sorted(((start, number) for number, start in starts.items()), reverse=True)
    last = pipeline.stages[-1]
    if isinstance(last, Sort):
        order.sort(key=lambda one: plain.sort_key(last, want[one[1]]), reverse=last.descending)
    assert [(one.start_ns, int.from_bytes(one.trace_id, "big")) for one in got] == order, told
    assert answer.meta.total == Total(len(want), exact=True)
    shown = {text(one): one for one in mentioned(query.root)}
    linked = has_links(pipeline.stages)  # then fields of the left side are of spans elsewhere
    for one in got:
        sets = want[int.from_bytes(one.trace_id, "big")]
        made = sorted(((_keys(each), each) for each in one.spansets), key=lambda pair: pair[0])
        plainly = sorted(((_plain_keys(each), each) for each in sets), key=lambda pair: pair[0])
        assert [keys for keys, _ in made] == [keys for keys, _ in plainly], told
        for (_, found), (_, each) in zip(made, plainly, strict=True):
            assert found.matched == len(each.spans), told
            names = zip(found.attributes, each.attributes.values(), strict=True)  # constants in names are computed
            _same(found.attributes, dict(names), told)
            by_start = {span.start: span for span in each.spans}
            for span in found.spans:
                values = {name: plain.value(of, by_start[span.start_ns], {}) for name, of in shown.items()}
                _same(
                    span.attributes,
                    {
                        name: value
                        for name, value in values.items()
                        if _shown(value) and (name in span.attributes or not linked)
                    },
                    told,
                )


def _shown(value):
    return value is not None and value is not plain.OTHER


def _keys(found):
    return sorted((one.span_id, one.kind, one.start_ns) for one in found.spans)


def _plain_keys(one):
    return sorted((each.span_id, each.kind, each.start) for each in one.spans)


def _same(got, want, told):
    """Compare named values with their types; sums of floats may be put together in another order."""
    assert got.keys() == want.keys(), told
    for name, value in want.items():
        if isinstance(value, float) and isinstance(got[name], float) and name.startswith(("sum(", "avg(")):
            assert got[name] == pytest.approx(value, rel=1e-9, nan_ok=True), (told, name)
        else:
            assert plain.typed(got[name]) == plain.typed(value), (told, name)
