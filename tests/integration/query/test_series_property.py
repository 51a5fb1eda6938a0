"""Random traces, random metrics queries: the series equal those of a plain evaluator, from rollups and from spans."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
import traceql_evaluator as plain
import traceql_searches as searches
import traceql_series as series
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traceql_spans import PHASES, T0, S, make_spans, plain_span

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration
from clew.query.plan.grid import grid
from clew.query.plan.links import has_links
from clew.query.plan.metrics import metrics
from clew.query.plan.series import MetricsAsk
from clew.query.traceql import parse, print_query
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldOp,
    Filter,
    Intrinsic,
    Level,
    MetricsBinary,
    MetricsCall,
    MetricsFn,
    MetricsPipeline,
    Name,
    Pipeline,
    Query,
    Static,
    Threshold,
    TopK,
)
from clew.query.traceql.lower import is_local
from clew.query.traceql.text import print_expression as text

QUANTILES = (0.0, 0.5, 0.9, 1.0)
FUNCTIONS = [one for one in MetricsFn if one is not MetricsFn.COMPARE]
COUNTS = {MetricsFn.RATE, MetricsFn.COUNT}
TABLES = ("spans", "trace_index", "resources", "scopes", "span_by_service", "red_1m", "red_service_1m")
measured = st.one_of(searches.attribute, searches.number_name)


@st.composite
def calls(draw, functions=FUNCTIONS):
    """A function with what it is of and grouped by."""
    fn = draw(st.sampled_from(functions))
    of = None if fn in COUNTS else draw(searches.field if fn is MetricsFn.COUNT_DISTINCT else measured)
    by = tuple(draw(st.lists(searches.field, max_size=3, unique_by=text)))
    return MetricsCall(fn, of, QUANTILES if fn is MetricsFn.QUANTILE else (), by)


SERVICE = Attribute(Level.RESOURCE, "service.name")
ROLLED = [SERVICE, Intrinsic(Name.NAME), Intrinsic(Name.KIND), Intrinsic(Name.STATUS)]
ROLLED_FILTERS = [
    Static(value=True),
    Binary(FieldOp.EQ, SERVICE, Static("shop")),
    Binary(FieldOp.MATCH, SERVICE, Static("shop|db")),
    Binary(FieldOp.NE, Intrinsic(Name.NAME), Static("x")),
    Binary(FieldOp.MATCH, Intrinsic(Name.NAME), Static("[A-Z].*")),
    Binary(FieldOp.LT, Intrinsic(Name.NESTED_PARENT), Static(0)),
    Binary(FieldOp.NE, Intrinsic(Name.NESTED_PARENT), Static(-1)),
]
NEVER_THERE = Binary(FieldOp.EQ, Attribute(Level.SPAN, "missing"), Static(None))
"""True for every span, and nothing that a rollup knows."""


@st.composite
def rolled_calls(draw):
    """A function that a rollup may answer."""
    fn = draw(st.sampled_from([one for one in FUNCTIONS if one is not MetricsFn.COUNT_DISTINCT]))
    of = None if fn in COUNTS else Intrinsic(Name.DURATION)
    by = tuple(draw(st.lists(st.sampled_from(ROLLED), max_size=3, unique=True)))
    return MetricsCall(fn, of, QUANTILES if fn is MetricsFn.QUANTILE else (), by)


windows = st.builds(
    lambda low, width, step: MetricsAsk(Window(T0 + low * S, T0 + (low + width) * S), step * S, exemplars=3),
    st.sampled_from([-1, 0, 60, 61, 3000]),
    st.sampled_from([1, 600, 5400, 20_000]),
    st.sampled_from([60, 100, 3600]),
)
"""Ranges and steps; some are whole minutes."""


EVERYTHING = MetricsAsk(Window(T0 - S, T0 + 20_000 * S), 3600 * S, exemplars=3)


def _twins_at_most(given_spans):
    """Leave at most two spans of an id: with more, a trace has no numbers, yet a span without a parent is a root."""
    spans, again = given_spans
    seen: dict[Any, int] = {}
    kept = []
    for one in spans:
        key = (one.trace, one.span_id)
        seen[key] = seen.get(key, 0) + 1
        kept += [one] * (seen[key] <= 2)
    return kept, [one for one in again if one in kept]


EXACT = [one for one in FUNCTIONS if one is not MetricsFn.QUANTILE]
OPERATORS = [FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV]
limits = st.builds(Threshold, searches.compare, st.sampled_from([0, 1, 2, 0.5, -1, Duration(5 * S), Duration(1)]))
seconds = st.lists(st.one_of(limits, st.builds(TopK, st.integers(1, 3), st.booleans())), max_size=2).map(tuple)


@st.composite
def several(draw):
    """Series of some functions, compared, cut and put together."""

    @st.composite
    def one(draw):
        call = draw(calls(EXACT))
        if call.fn in {MetricsFn.SUM, MetricsFn.AVG}:
            call = replace(
                call, of=Intrinsic(Name.DURATION)
            )  # whose sums are exact, so that no order is left to chance
        few = replace(call, by=tuple(draw(st.lists(st.sampled_from([*ROLLED, *call.by]), max_size=1))))
        return MetricsPipeline(Pipeline((draw(searches.a_filter),)), few, draw(seconds))

    numbers = st.sampled_from([0, 1, 2, 0.5, -3]).map(Static)
    sign = st.sampled_from(OPERATORS)

    def grown(inner):
        return st.one_of(
            st.builds(MetricsBinary, sign, inner, inner, seconds),
            st.builds(MetricsBinary, sign, inner, numbers, seconds),
            st.builds(MetricsBinary, sign, numbers, inner, seconds),
        )

    return draw(st.recursive(one(), grown, max_leaves=3))


comparisons = st.builds(
    lambda where, selection, window: MetricsPipeline(
        Pipeline((where,)),
        MetricsCall(MetricsFn.COMPARE, selection=selection, top_n=1000, start_ns=window[0], end_ns=window[1]),
    ),
    searches.a_filter,
    searches.a_filter,
    st.sampled_from([(0, 0), (T0 + 60 * S, T0 + 3000 * S)]),
)


def _query(root):
    """Return a query as it is read from its text; one that its checks refuse is asked as it is."""
    try:
        return parse(print_query(Query(root)))
    except InvalidQueryError:
        return Query(root)


def _got(store, root, ask):
    answer = metrics(store.read(), _query(root), ask)
    made = ("p", "__bucket", "__name__")
    found = {}
    for one in answer.data.series:
        labels = one.labels.items()
        key = tuple(
            (name, value if name in made else plain.Told(value)) for name, value in labels if name != "__name__"
        )
        assert key not in found
        found[key] = one.values
    return found, answer.data


def _want(pipeline, call, spans, ask):
    return _named(series.evaluate(pipeline, call, [plain_span(one) for one in spans], grid(ask)))


def _named(found):
    return {
        tuple((of if isinstance(of, str) else text(of), value) for of, value in key): values
        for key, values in found.items()
    }


def _same(got, want, *, fine: float, told: object) -> None:
    """Compare series; quantiles may lie a little off."""
    assert got.keys() == want.keys(), told
    for key, values in want.items():
        assert len(got[key]) == len(values), told
        for one, other in zip(got[key], values, strict=True):
            assert (one is None) == (other is None), (told, key)
            off = max(1e-12, getattr(other, "off", 0.0))
            assert one is None or one == pytest.approx(other, rel=fine, abs=off), (told, key)


def _tolerance(call, *, rolled):
    if call.fn is not MetricsFn.QUANTILE:
        return 1e-9
    return 0.0906 if rolled else 0.022


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the strategies, which nobody prints
@pytest.mark.parametrize("merged", [False, True], ids=["as inserted", "after a final merge"])
def test_series_equal_a_plain_evaluator(make_store, kinds, merged):
    """Every function over every pipeline, grouped by any fields, gives the points of a plain evaluator."""
    examples = int(os.environ.get("CLEW_EXAMPLES", "8"))

    @settings(
        max_examples=examples // 2 if merged else examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), st.lists(st.tuples(searches.pipeline, calls(), windows), min_size=20, max_size=20))
    def check(given_spans, asked):
        spans, again = _twins_at_most(given_spans)
        store = make_store()
        for part in (spans[: len(spans) // 2], spans[len(spans) // 2 :], again):
            if part:
                store.insert(part)
        if merged:
            for table in TABLES:
                store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
        for pipeline, call, given_ask in asked:
            ask = EVERYTHING if has_links(pipeline.stages) else given_ask  # whose other sides start in the range too
            got, answer = _got(store, MetricsPipeline(pipeline, call), ask)
            rolled = any(one.table.startswith("red") for one in answer.sources)
            if rolled and again:
                continue  # rollups count every copy
            want = _want(pipeline, call, spans, ask)
            told = (print_query(Query(MetricsPipeline(pipeline, call))), ask)
            _same(got, want, fine=_tolerance(call, rolled=rolled), told=told)
            assert answer.times_ms == grid(ask).times_ms
            exemplars = [one for each in answer.series for one in each.exemplars]
            assert len(exemplars) <= 3
            assert len({one.trace_id for one in exemplars}) == len(exemplars)

    check()


@pytest.mark.parametrize("merged", [False, True], ids=["as inserted", "after a final merge"])
def test_rollups_equal_spans(make_store, kinds, merged):
    """On whole minutes the rollups give what the spans give, quantiles in the same bucket of the rollup."""
    examples = int(os.environ.get("CLEW_EXAMPLES", "8"))

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(
        make_spans(kinds),
        st.lists(st.tuples(st.sampled_from(ROLLED_FILTERS), rolled_calls(), windows), min_size=10, max_size=10),
    )
    def check(given_spans, asked):
        store = make_store()
        store.insert(given_spans[0])
        if merged:
            for table in TABLES:
                store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
        for where, call, ask in asked:
            rolled, answer = _got(store, MetricsPipeline(Pipeline((Filter(where),)), call), ask)
            raw, other = _got(
                store, MetricsPipeline(Pipeline((Filter(Binary(FieldOp.AND, where, NEVER_THERE)),)), call), ask
            )
            minutes = ask.step_ns % (60 * S) == 0 and call.fn not in {MetricsFn.MIN, MetricsFn.MAX}
            assert answer.sources[0].table.startswith("red") is minutes
            assert other.sources[0].table == "spans"
            _same(rolled, raw, fine=_tolerance(call, rolled=minutes) * 1.1, told=(where, call, ask))

    check()


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_series_of_series_equal_a_plain_evaluator(make_store, kinds):
    """Sums, quotients, thresholds and the largest of series have the points of a plain evaluator."""

    @settings(
        max_examples=int(os.environ.get("CLEW_EXAMPLES", "6")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), st.lists(st.tuples(several(), windows), min_size=10, max_size=10))
    def check(given_spans, asked):
        spans, _ = _twins_at_most(given_spans)
        store = make_store()
        store.insert(spans)
        for expr, ask in asked:
            got, _ = _got(store, expr, ask)
            want, _ = series.combined(expr, [plain_span(one) for one in spans], grid(ask))
            ordered = {frozenset(key): values for key, values in got.items()}
            named = {frozenset(key): values for key, values in _named(want).items()}
            _same(ordered, named, fine=1e-9, told=(print_query(Query(expr)), ask))

    check()


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_comparisons_equal_a_plain_evaluator(make_store, kinds):
    """`compare` counts the spans of both sides that have each value of every attribute, and those that have it."""

    @settings(
        max_examples=int(os.environ.get("CLEW_EXAMPLES", "4")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), st.lists(st.tuples(comparisons, windows), min_size=4, max_size=4))
    def check(given_spans, asked):
        spans, _ = _twins_at_most(given_spans)
        store = make_store()
        store.insert(spans)
        for one, ask in asked:
            told = (print_query(Query(one)), ask)
            if not all(is_local(each.where) for each in (*one.pipeline.stages, one.call.selection)):
                continue  # whole traces are not compared
            answer = metrics(store.read(), _query(one), ask)
            got = {}
            for each in answer.data.series:
                (_, side), (name, value) = each.labels.items()
                total = side.endswith("_total")
                got[side.removesuffix("_total"), name, None if total else plain.Told(value)] = each.values
            want = series.compared(one.pipeline, one.call, [plain_span(each) for each in spans], grid(ask))
            _same(got, want, fine=0.0, told=told)

    check()
