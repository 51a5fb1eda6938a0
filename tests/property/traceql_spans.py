"""Random spans that the property tests store, and the same as the plain evaluator has them."""

from __future__ import annotations

import math
import time
from typing import Any

import traceql_evaluator as plain
import traceql_searches as searches
from hypothesis import Phase
from hypothesis import strategies as st

S = 10**9
T0 = (time.time_ns() // (86_400 * S) - 2) * 86_400 * S + 86_400 * S - 3000 * S
"""Fifty minutes before midnight, so that traces cross a day."""
REALS: list[Any] = [1.0, 0.5, -0.0, math.nan, math.inf, -math.inf]
SCALARS: list[Any] = [*searches.TEXTS, 0, 1, 2, 500, -3, *searches.LARGE, *REALS, True, False]
LISTS: list[Any] = [["x", "y"], [1, 2], [True], [0.5], [math.nan, 1.0], [], ('{"bytesValue":"AA=="}',)]
VALUES: list[Any] = [*SCALARS, *LISTS]
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
