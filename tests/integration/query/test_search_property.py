"""Random traces, random filters: the engine's answer equals that of a plain evaluator."""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clew.model import Kind, Status
from clew.query.answer import Total, Window
from clew.query.conjunction import print_filters
from clew.query.filters import Duration, Filter, FilterScope, Op, value_type
from clew.query.hydrate import hydrate
from clew.query.index import lookup
from clew.query.match import match
from clew.query.predicates import split_trace_filters
from clew.query.search import plan, search

S = 10**9
T0 = (time.time_ns() // (86_400 * S) - 2) * 86_400 * S + 86_400 * S - 3000 * S
"""Fifty minutes before midnight, so that traces cross a day."""
KEYS = ["a", "b", 'q"uote=', "http.response.status_code", "http.route"]
SERVICES = ["shop", "db", "unknown_service", "svc=x"]
NAMES = ["GET /", "SELECT", "tab\there\\", ""]
TEXTS = ["x", "y", "", "it's\\n", "é"]
VALUES: list[Any] = [
    *TEXTS,
    0,
    1,
    500,
    -3,
    2**53 + 1,
    1.0,
    0.5,
    True,
    False,
    ["x", "y"],
    [1, 2],
    [True],
    [0.5],
    [],
    ('{"bytesValue":"AA=="}',),
]
ORDERED: list[Any] = [*TEXTS, 0, 1, 500, -3, 2**53 + 1, 1.0, 0.5, float(2**53), Duration(500)]
PATTERNS = ["x", "x|y", "(?:x|y)", ".*", "[xy]", "", "i.*n", "GET.*", "a|b|", "é|x"]

pairs = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), max_size=3)


def make_spans(kinds):
    """Return a strategy of up to fourteen spans in six traces."""
    span, event = kinds
    happening = st.builds(event, name=st.sampled_from(["exception", "log"]), attributes=pairs.map(_no_arrays))
    return st.lists(
        st.builds(
            span,
            trace=st.integers(1, 6),
            span_id=st.integers(1, 40),
            start=st.one_of(st.integers(0, 5400), st.sampled_from([0, 600, 1200, 3000])).map(lambda s: T0 + s * S),
            parent=st.sampled_from([0, 1, 2, 3]),
            duration=st.sampled_from([0, 1, 500, 5 * S, 700 * S]),
            service=st.sampled_from(SERVICES),
            name=st.sampled_from(NAMES),
            kind=st.integers(0, 5),
            status=st.integers(0, 2),
            message=st.sampled_from(["", "x"]),
            attributes=pairs,
            resource=pairs,
            scope=pairs,
            events=st.lists(happening, max_size=2),
            links=st.lists(happening, max_size=2),
        ),
        min_size=1,
        max_size=14,
    )


def _no_arrays(found):
    return [(key, value) for key, value in found if not isinstance(value, list)]


scopes = st.sampled_from(["resource", "span", "event", "link", "any"]).map(FilterScope)
keys = st.sampled_from([*KEYS, "service.name", "missing"])
intrinsic = st.just(FilterScope.INTRINSIC)
equal = st.sampled_from([Op.EQ, Op.NE])
compare = st.sampled_from(list(Op)[:6])
regex = st.sampled_from([Op.MATCH, Op.NOT_MATCH])
readings = st.sampled_from(["x", "", "é", "0", "1", "500", "0.5", "-3", "true", "false", "AA==", '["x","y"]', "[1,2]"])
levels = st.sampled_from(list(FilterScope)[1:]).filter(lambda scope: scope is not FilterScope.ANY)
texts = st.sampled_from(["name", "statusMessage", "event:name", "rootName", "rootServiceName"])
some_text = st.sampled_from([*NAMES, *TEXTS, "exception", "shop", "unknown_service"])
lengths = st.sampled_from([0, 1, 500, Duration(5 * S), Duration(700 * S), 0.5, -1])
filters = st.one_of(
    st.builds(Filter, scopes, keys, compare, st.sampled_from(ORDERED)),
    st.builds(Filter, scopes, keys, equal, st.sampled_from([True, False, None, None])),
    st.builds(Filter, scopes, keys, regex, st.sampled_from(PATTERNS)),
    st.builds(Filter, scopes, keys, st.just(Op.EQ), some_text),
    st.builds(Filter, levels, keys, st.just(Op.READS), readings),
    st.builds(Filter, st.sampled_from([FilterScope.INSTRUMENTATION, FilterScope.ANYWHERE]), keys, equal, some_text),
    st.builds(Filter, intrinsic, texts, compare, some_text),
    st.builds(Filter, intrinsic, texts, regex, st.sampled_from(PATTERNS)),
    st.builds(Filter, intrinsic, st.sampled_from(["duration", "traceDuration"]), compare, lengths),
    st.builds(Filter, intrinsic, st.just("kind"), equal, st.sampled_from(Kind)),
    st.builds(Filter, intrinsic, st.just("status"), equal, st.sampled_from(Status)),
)  # fmt: skip


windows = st.builds(
    lambda low, width: Window(T0 + low * S, T0 + (low + width) * S),
    st.one_of(st.just(-10), st.integers(-10, 2800)),  # nothing is silent for an hour across an edge
    st.sampled_from([0, 60, 700, 6000, 6000]),
)
PHASES = [Phase.generate]
"""A failure is shown as it was found: shrinking would run the engine for minutes."""


# --- the plain evaluator ---------------------------------------------------------------------------------------------


def _test(op, have, want):
    if op in {Op.MATCH, Op.NOT_MATCH}:
        return re.fullmatch(want, have, re.DOTALL) is not None
    return {
        Op.EQ: have == want, Op.NE: have == want, Op.GT: have > want,
        Op.GE: have >= want, Op.LT: have < want, Op.LE: have <= want,
    }[op]  # fmt: skip


def _family(value):
    if isinstance(value, bool):
        return "bool"
    return "text" if isinstance(value, str) else "number"


def _column(value):
    """The typed column a stored value lies in."""
    if isinstance(value, tuple):
        return "any"
    return ("[]" + type(value[0]).__name__ if value else "[]str") if isinstance(value, list) else type(value).__name__


def _reading(value):
    """The text that a stored value reads as."""
    if isinstance(value, tuple):
        return json.loads(value[0])["bytesValue"]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _attribute(item, attributes):
    """Whether a filter passes on one level; of equal keys in one column the first counts, for `=` any text."""
    found = [(_column(value), value) for key, value in attributes if key == item.key]
    if item.op is Op.READS:
        texts = [(column, value) for column, value in found if column == "str"]
        others = dict(reversed([(column, value) for column, value in found if column != "str"]))
        return any(_reading(value) == item.value for _, value in [*texts, *others.items()])
    first: dict[str, Any] = dict(reversed(found))
    if item.op is Op.EQ and isinstance(item.value, str):
        texts = [value if column == "[]str" else [value] for column, value in found if column in {"str", "[]str"}]
        return any(item.value in one for one in texts)
    if item.value is None:
        return bool(first) is (item.op is Op.NE)
    negated = item.op in {Op.NE, Op.NOT_MATCH}
    want = int(item.value) if isinstance(item.value, Duration) else item.value
    for column, value in first.items():
        if column == "any":
            continue
        elements = value if isinstance(value, list) else [value]
        family = {"[]str": "text", "str": "text", "[]bool": "bool", "bool": "bool"}.get(column, "number")
        if family == _family(want) and any(_test(item.op, one, want) for one in elements) is not negated:
            return True
    return False


def _has(key, attributes):
    return any(name == key for name, _ in attributes)


def _span_passes(span, items, trace):
    nested = {"event": [], "link": []}
    for item in items:
        if item.scope in {FilterScope.EVENT, FilterScope.LINK}:
            nested[item.scope.value].append(item)
        elif item.key == "event:name" and item.scope is FilterScope.INTRINSIC:
            nested["event"].append(item)
        elif not _plain_passes(span, item, trace):
            return False
    return all(
        _nested_passes(span.events if level == "event" else span.links, group) for level, group in nested.items()
    )


def _nested_passes(happenings, items):
    if not items:
        return True
    absent = all(item.value is None and item.op is Op.EQ for item in items)
    return any(all(_happening(one, item) for item in items) for one in happenings) or (absent and not happenings)


def _happening(one, item):
    if item.scope is FilterScope.INTRINSIC:
        return _text_passes(item, one.name)
    return _attribute(item, one.attributes)


def _text_passes(item, have):
    return _test(item.op, have, item.value) is not (item.op in {Op.NE, Op.NOT_MATCH})


def _plain_passes(span, item, trace):  # noqa: PLR0911 - one case after the other
    if item.scope is FilterScope.INTRINSIC:
        have = {
            "name": span.name, "kind": span.kind, "status": span.status, "statusMessage": span.message,
            "duration": span.duration, "traceDuration": trace.duration,
            "rootName": trace.root_name, "rootServiceName": trace.root_service,
        }[item.key]  # fmt: skip
        return _text_passes(item, have)
    if item.scope in {FilterScope.SPAN, FilterScope.INSTRUMENTATION}:
        return _attribute(item, span.attributes if item.scope is FilterScope.SPAN else span.scope)
    if item.scope is FilterScope.RESOURCE:
        if item.key == "service.name" and item.op is Op.EQ and item.value == "unknown_service":
            return span.service == item.value
        return _attribute(item, span.all_resource)
    if item.scope is FilterScope.ANYWHERE:
        happenings = [one.attributes for one in (*span.events, *span.links)]
        return any(_attribute(item, level) for level in (span.attributes, span.all_resource, span.scope, *happenings))
    levels = [
        span.attributes,
        span.all_resource,
        *(([one for event in happenings for one in event.attributes]) for happenings in (span.events, span.links)),
        span.scope,
    ]
    if item.value is None:
        return any(_has(item.key, level) for level in levels) is (item.op is Op.NE)
    if _has(item.key, levels[0]) or _has(item.key, levels[1]):
        return _attribute(item, levels[0] if _has(item.key, levels[0]) else levels[1])
    for happenings in (span.events, span.links):
        if any(_has(item.key, one.attributes) for one in happenings):
            return any(_attribute(item, one.attributes) for one in happenings)
    return _attribute(item, span.scope)


class Whole:
    """A trace of the plain evaluator."""

    def __init__(self, spans):
        self.spans = spans
        self.start = min(span.start for span in spans)
        self.end = max(span.start + span.duration for span in spans)
        self.duration = self.end - self.start
        roots = sorted((s.start, s.span_id, s.service, s.name) for s in spans if not s.parent)
        self.root_service, self.root_name = roots[0][2:] if roots else ("", "")


def expected(spans, items, window):
    """Return (start, trace) of every trace that qualifies, newest first."""
    traces: dict[int, list[Any]] = {}
    for span in spans:
        traces.setdefault(span.trace, []).append(span)
    found = []
    for number, members in traces.items():
        trace = Whole(members)
        if (
            trace.start <= window.to_ns
            and trace.end >= window.from_ns
            and any(_span_passes(s, items, trace) for s in members)
        ):
            found.append((trace.start, number))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("merged", [False, True], ids=["as inserted", "after a final merge"])
def test_search_equals_a_plain_evaluator(make_store, kinds, merged):
    """Every page walk over random data gives the traces of a plain evaluator, in order, before and after merges."""
    examples = int(os.environ.get("CLEW_EXAMPLES", "8"))
    queries = st.lists(
        st.tuples(st.lists(filters, max_size=3), windows, st.sampled_from([1, 2, 100])), min_size=10, max_size=10
    )

    @settings(
        max_examples=examples // 2 if merged else examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(make_spans(kinds), queries)
    def check(spans, queries):
        store = make_store()
        half = len(spans) // 2
        for part in (spans[:half], spans[half:]):
            if part:
                store.insert(part)
        if merged:
            for table in ("spans", "trace_index", "resources", "scopes", "span_by_service"):
                store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
        for items, window, limit in queries:
            _walk(store, items, window, expected(spans, items, window), limit)

    check()


def looked_at(store, answer, items):
    """Return the rows of a page with every span tested again, whatever the scan has remembered."""
    order = [bytes.fromhex(row.trace_id) for row in answer.data.traces]
    known = lookup(store.read(), order)
    return hydrate(store.read(), [known[one] for one in order], split_trace_filters(items)[0])


def _walk(store, items, window, want, limit):
    got, cursor = [], None
    while True:
        answer = search(store.read(), plan(items, window, limit, cursor), T0 + 86_400 * S)
        got += [(row.start_ns, int(row.trace_id, 16)) for row in answer.data.traces]
        assert answer.data.traces == looked_at(store, answer, items), print_filters(items)
        cursor = answer.data.cursor
        if cursor is None:
            break
    assert got == want, print_filters(items)
    assert answer.meta.total == Total(len(want), exact=True)
    for row in answer.data.traces:
        assert row.matched.count > 0
        assert sum(one.spans for one in row.services) == row.spans
    assert all(value_type(item.value) for item in items)


def test_match_equals_a_plain_evaluator(make_store, kinds):
    """The rows that match in a trace are exactly the spans that pass."""

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(make_spans(kinds), st.lists(st.lists(filters, min_size=1, max_size=2), min_size=5, max_size=5))
    def check(spans, queries):
        store = make_store()
        for span in spans:
            span.trace = 7
        store.insert(spans)
        trace = Whole(spans)
        distinct = {(s.span_id, s.kind, s.start, s.service, s.name): s for s in spans}
        if len(distinct) < len(spans) or len({key[:3] for key in distinct}) < len(distinct):
            return
        for items in queries:
            rows = match(store.read(), f"{7:032x}", items, "").data.rows
            assert len(rows) == sum(_span_passes(span, items, trace) for span in spans), print_filters(items)

    check()
