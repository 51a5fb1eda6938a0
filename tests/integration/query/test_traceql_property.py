"""Random traces, random TraceQL: the planner's answer equals that of a plain evaluator."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
import traceql_evaluator as plain
import traceql_searches as searches
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clew.model import Kind
from clew.query.answer import Total, Window
from clew.query.filters import Duration
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.traceql.ast import Query

S = 10**9
T0 = (time.time_ns() // (86_400 * S) - 2) * 86_400 * S + 86_400 * S - 3000 * S
"""Fifty minutes before midnight, so that traces cross a day."""
WINDOW = Window(T0 - S, T0 + 20_000 * S)
SCALARS: list[Any] = [*searches.TEXTS, 0, 1, 2, 500, -3, 1.0, 0.5, True, False]
VALUES: list[Any] = [*SCALARS, ["x", "y"], [1, 2], [True], [0.5], [], ('{"bytesValue":"AA=="}',)]
PHASES = [Phase.generate]
"""A failure is shown as it was found: shrinking would run the engine for minutes."""


def pairs(values):
    """Attributes with keys that occur once."""
    return st.dictionaries(st.sampled_from(searches.KEYS), st.sampled_from(values), max_size=3).map(
        lambda found: list(found.items())
    )


def make_spans(kinds):
    """Return a strategy of spans: several roots, orphans, cycles, Zipkin twins, spans sent twice."""
    span, event = kinds
    happening = st.builds(
        event,
        name=st.sampled_from(["exception", "log", ""]),
        attributes=pairs(SCALARS),
        time=st.sampled_from([T0 + 1, T0 + 500, T0 + 5000 * S]),
        trace_id=st.integers(1, 4).map(lambda one: one.to_bytes(16, "big")),
        span_id=st.integers(1, 12),
    )
    one = st.builds(
        span,
        trace=st.integers(1, 4),
        span_id=st.integers(1, 12),
        start=st.one_of(st.integers(0, 5400), st.sampled_from([0, 600, 1200, 3000])).map(lambda s: T0 + s * S),
        parent=st.sampled_from([0, 0, 1, 2, 3, 4, 5, 99]),
        duration=st.sampled_from([0, 1, 500, 5 * S, 700 * S]),
        service=st.sampled_from(["shop", "db", "unknown_service"]),
        name=st.sampled_from(["GET /", "SELECT", "x", ""]),
        kind=st.sampled_from([0, 1, 2, 2, 3, 3, 4, 5]),
        status=st.integers(0, 2),
        message=st.sampled_from(["", "x"]),
        attributes=pairs(VALUES),
        resource=pairs(VALUES),
        scope=pairs(VALUES),
        events=st.lists(happening, max_size=2),
        links=st.lists(happening, max_size=2),
    )
    again = st.sets(st.integers(0, 15), max_size=3)
    return st.tuples(st.lists(one, min_size=1, max_size=16), again).map(_told_apart)


def _told_apart(given_spans):
    """Give different spans different starts, and send some twice."""
    spans, again = given_spans
    for number, one in enumerate(spans):
        one.start += number
        for each in (*one.events, *one.links):
            each.time = each.time or one.start
    return spans, [one for number, one in enumerate(spans) if number in again]


def plain_span(one):
    """Return a test span as the evaluator has it."""

    def attributes(found):
        return {name: plain.OTHER if isinstance(value, tuple) else value for name, value in found}

    def happening(each):
        return plain.Happening(
            each.name, each.time, each.trace_id.hex(), f"{each.span_id:016x}", attributes(each.attributes)
        )

    return plain.PlainSpan(
        one.trace,
        one.span_id,
        one.parent,
        one.start,
        one.duration,
        one.name,
        one.kind,
        one.status,
        one.message,
        attributes(one.attributes),
        attributes(one.all_resource),
        attributes(one.scope),
        "lib",
        "",
        [happening(each) for each in one.events],
        [happening(each) for each in one.links],
    )


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the strategies, which nobody prints
@pytest.mark.parametrize("merged", [False, True], ids=["as inserted", "after a final merge"])
def test_searches_equal_a_plain_evaluator(make_store, kinds, merged):
    """Every page walk over random data gives the spansets of a plain evaluator, newest trace first."""
    examples = int(os.environ.get("CLEW_EXAMPLES", "8"))

    @settings(
        max_examples=examples // 2 if merged else examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), st.lists(searches.pipeline, min_size=20, max_size=20), st.sampled_from([1, 2, 100]))
    def check(given_spans, pipelines, limit):
        spans, again = given_spans
        store = make_store()
        half = len(spans) // 2
        for part in (spans[:half], spans[half:], again):
            if part:
                store.insert(part)
        if merged:
            for table in ("spans", "trace_index", "resources", "scopes", "span_by_service"):
                store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
        for one in pipelines:
            _walk(store, one, spans, limit)

    check()


def _walk(store, pipeline, spans, limit):
    want = plain.evaluate(pipeline, [plain_span(one) for one in spans])
    starts = {number: min(one.start for one in spans if one.trace == number) for number in want}
    got, cursor = [], None
    while True:
        ask = Ask(WINDOW, limit, 100, cursor)
        answer = find(store.read(), Query(pipeline), ask, T0 + 86_400 * S)
        got += answer.data.traces
        cursor = answer.data.cursor
        if cursor is None:
            break
    order = sorted(((start, number) for number, start in starts.items()), reverse=True)
    assert [(one.start_ns, int.from_bytes(one.trace_id, "big")) for one in got] == order, pipeline
    assert answer.meta.total == Total(len(want), exact=True)
    for one in got:
        sets = want[int.from_bytes(one.trace_id, "big")]
        assert sorted(map(_shape, one.spansets)) == sorted(map(_plain_shape, sets)), pipeline


def _shape(found):
    spans = sorted((one.span_id, one.kind, one.start_ns) for one in found.spans)
    groups = [repr(plain.typed(_plain(value))) for name, value in found.attributes.items() if name.startswith("by(")]
    return (found.matched, spans, groups)


def _plain(value):
    return int(value) if isinstance(value, Duration | Kind) else value


def _plain_shape(one):
    spans = sorted((each.span_id, each.kind, each.start) for each in one.spans)
    groups = [repr(plain.typed(_plain(value))) for name, value in one.attributes.items() if name.startswith("by ")]
    return (len(spans), spans, groups)
