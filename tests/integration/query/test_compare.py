from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from clew.model import Kind
from clew.query.answer import Window
from clew.query.conjunction import parse
from clew.query.diff import diff, longest_common
from clew.query.errors import InvalidQueryError, InvalidRequestError
from clew.query.explain import Group, explain
from clew.query.shares import difference_interval, p_values
from clew.query.traceql import parse as parse_query

S = 10**9
T = (int(time.time()) // 86_400 * 86_400 - 43_200) * S
DAY = Window(T - 3600 * S, T + 3600 * S)


@pytest.fixture
def span(kinds):
    """Make a span that starts some ns after T."""
    make, _ = kinds

    def build(trace, span_id, parent=0, *, at=0, **values):
        return make(trace, span_id, T + at, parent=parent, **({"duration": 100} | values))

    return build


def test_two_traces_are_matched_from_the_top_down(store, span):
    """Pairs have the same service, name and kind in the same order; the rest is added, missing, slower or faster."""
    store.insert(
        [
            span(1, 1, service="web", name="GET", duration=1000),
            span(1, 2, 1, at=10, service="pay", name="charge", duration=100),
            span(1, 3, 1, at=200, service="cache", name="get", duration=50),
            span(1, 4, 1, at=300, service="db", name="put", duration=400),
            span(2, 9, at=5000, service="web", name="GET", duration=3000),
            span(2, 8, 9, at=5010, service="pay", name="charge", duration=2100),
            span(2, 7, 9, at=7300, service="db", name="put", duration=100),
            span(2, 6, 9, at=7500, service="bank", name="retry", duration=300),
        ]
    )
    found = diff(store.read(), f"{1:032x}", f"{2:032x}").data
    rows = zip(found.rows.name, found.rows.change, found.rows.delta_ns, found.rows.a, found.rows.b, strict=True)
    assert list(rows) == [
        ("GET", "slower", 2000, 0, 0),
        ("charge", "slower", 2000, 1, 1),
        ("get", "missing", -50, 2, None),
        ("put", "faster", -300, 3, 2),
        ("retry", "added", 300, None, 3),
    ]
    assert (found.matched, found.added, found.missing, found.confidence) == (3, 1, 1, 1.0)
    first = found.operations[0]
    assert (first.service, first.delta_ns, first.share) == ("pay", 2000, 1.0)
    assert sum(one.delta_ns for one in found.operations) == found.b.duration_ns - found.a.duration_ns


def test_repeated_children_are_paired_in_order_and_less_surely(store, span):
    """Of three retries against one the first is the pair, and the confidence says how many it could have been."""
    store.insert([span(1, 1, name="r"), span(1, 2, 1, name="try")])
    store.insert([span(2, 1, name="r"), *(span(2, n, 1, at=n, name="try") for n in (2, 3, 4))])
    found = diff(store.read(), f"{1:032x}", f"{2:032x}").data
    assert found.rows.change == ["same", "same", "added", "added"]
    assert found.rows.confidence == [1.0, pytest.approx(1 / 3), 0.0, 0.0]
    assert diff(store.read(), f"{1:032x}", f"{1:032x}").data.rows.change == ["same", "same"]


def test_the_alignment_is_a_longest_common_subsequence():
    """No other choice of pairs without crossings is longer, for random lists of labels."""
    random = np.random.default_rng(7)
    for _ in range(50):
        a, b = ([("s", str(n), 1) for n in random.integers(0, 4, size)] for size in random.integers(0, 9, 2))
        table = np.zeros((len(a) + 1, len(b) + 1), int)
        for i in range(len(a)):
            for j in range(len(b)):
                table[i + 1, j + 1] = max(table[i, j + 1], table[i + 1, j], table[i, j] + (a[i] == b[j]))
        pairs = longest_common(a, b)
        assert len(pairs) == table[-1, -1]
        assert all(a[i] == b[j] for i, j in pairs)
        assert pairs == sorted(set(pairs))
        assert [j for _, j in pairs] == sorted({j for _, j in pairs})


@pytest.fixture
def shop(store, span, kinds):
    """300 traces: the slow third runs version 2 on one host, every trace has an id of its own."""
    _, event = kinds
    spans = []
    for trace in range(1, 301):
        slow = trace % 3 == 0
        spans.append(
            span(trace, 1, at=trace, service="web", name="GET", kind=Kind.SERVER, duration=5000 if slow else 100)
        )
        spans.append(
            span(
                trace, 2, 1, at=trace, service="pay", name="charge", status=2 if trace % 30 == 0 else 0,
                resource=[("service.version", "2" if slow else "1"), ("host.name", f"h{trace % 2}")],
                attributes=[("user.id", f"u{trace}"), ("size", 1000 + trace), ("cold", slow), ("retries", trace % 2)],
                events=[event("wait", [("lock", "l1")])] if slow and trace % 2 else [],
            )
        )  # fmt: skip
    store.insert(spans)
    return store


def test_the_difference_of_the_slow_ones_is_found(shop):
    """What all slow traces and no other have comes first, then what they lack; the same in both is not called found."""
    found = explain(shop.read(), Group(parse("{ duration > 1us }")), None, DAY).data
    assert (found.selected, found.baseline) == (100, 200)
    top = {(one.level, one.key, one.value): one for one in found.differences[:4]}
    assert [one.effect for one in found.differences[:4]] == [1.0, 1.0, -1.0, -1.0]
    version = top["resource", "service.version", "2"]
    assert (version.n, version.base_n, version.effect, version.lift) == (100, 0, 1.0, None)
    assert version.low < 1.0 <= version.high + 1e-9
    assert version.q < 1e-20
    assert ("span", "cold", "true") in top
    lock = next(one for one in found.differences if one.key == "lock")
    assert (lock.level, lock.sel_share, lock.base_share, lock.coverage) == ("event", 0.5, 0.0, 0.5)
    host = next(one for one in found.differences if one.key == "host.name")
    assert host.q > 0.05
    assert found.found < found.tested


def test_keys_that_name_traces_are_hidden_with_the_reason(shop):
    """A key with a value of its own in most traces is left out and says why; numbers become ranges instead."""
    found = explain(shop.read(), Group(parse("{ duration > 1us }")), None, DAY).data
    assert [(one.key, one.values) for one in found.hidden] == [("user.id", 300)]
    assert "id-like" in found.hidden[0].reason
    assert {one.value for one in found.differences if one.key == "size"} == {"512 to 1024", "1024 to 2048"}
    assert {one.value for one in found.differences if one.key == "retries"} == {"0", "1"}


def test_groups_can_be_listed_or_asked_for(shop):
    """Selection and baseline may each be trace ids or a query; a side without traces is an error."""
    ids = [f"{trace:032x}" for trace in (3, 6, 9)]
    found = explain(shop.read(), Group(ids=ids), Group(parse("{ status = error }")), DAY).data
    assert (found.selected, found.baseline) == (3, 10)
    rest = explain(shop.read(), Group(ids=ids), None, DAY).data
    assert rest.baseline == 297
    with pytest.raises(InvalidRequestError, match="has no trace"):
        explain(shop.read(), Group(parse('{ name = "nothing" }')), None, DAY)


def test_a_search_can_select_by_structure(shop, span):
    """A selection or baseline may be a search of any form: its traces are compared with all others, or with others."""
    chain = [span(400, 1, at=9, service="web", name="GET"), span(400, 2, 1, at=9, service="pay", name="charge")]
    chain += [span(400, 3, 2, at=9, service="bank", name="debit", attributes=[("deep", True)])]
    shop.insert([*chain, span(401, 1, at=9, service="bank", name="debit"), span(401, 2, 1, at=9, service="web")])
    below = Group(query=parse_query('{ resource.service.name = "web" } >> { resource.service.name = "bank" }'))
    found = explain(shop.read(), below, None, DAY).data
    assert (found.selected, found.selected_total, found.baseline) == (1, 1, 301)
    deep = next(one for one in found.differences if one.key == "deep")
    assert (deep.n, deep.base_n, deep.effect) == (1, 0, 1.0)
    failed = Group(query=parse_query('{ name = "GET" } > { status = error } | count() > 0'))
    pair = explain(shop.read(), failed, Group(query=parse_query("{ } | count() > 2 | by(name)")), DAY).data
    assert (pair.selected, pair.baseline) == (10, 1)
    with pytest.raises(InvalidRequestError, match="sel"):
        explain(shop.read(), Group(query=parse_query('{ name = "no" } >> { }')), None, DAY)
    with pytest.raises(InvalidQueryError, match="gives series"):
        explain(shop.read(), Group(query=parse_query("{ } | rate()")), None, DAY)


@pytest.mark.parametrize("sides", ["sel", "base"])
def test_of_too_many_traces_of_a_search_the_newest_are_compared(shop, monkeypatch, sides):
    """The range then begins where the search finds all traces, so that none of them stands on the other side."""
    monkeypatch.setattr("clew.query.explain.MOST_TRACES", 20)
    every = Group(query=parse_query("{ duration > 1us } | count() > 0"))
    if sides == "sel":
        answer = explain(shop.read(), every, None, DAY)
        assert (answer.data.selected, answer.data.baseline) == (20, 20)
        assert answer.meta.window.from_ns == T + 243
        assert answer.data.baseline_total == 38
    else:
        answer = explain(shop.read(), Group(parse("{ duration < 1us && status = error }")), every, DAY)
    assert "newest" in answer.meta.truncated.reason


def test_two_values_that_tell_more_together_are_found(store, span):
    """Version 2 is slow in one region alone: the pair comes with its gain; what goes along with a value adds none."""
    spans = []
    for trace in range(1, 401):
        new, abroad = trace % 2 == 0, trace % 4 < 2
        spans.append(
            span(
                trace, 1, at=trace, duration=5000 if new and abroad else 100,
                resource=[("version", "2" if new else "1"), ("build", "b2" if new else "b1")],
                attributes=[("region", "eu" if abroad else "us"), ("noise", trace // 3 % 2)],
            )
        )  # fmt: skip
    store.insert(spans)
    found = explain(store.read(), Group(parse("{ duration > 1us }")), None, DAY).data
    pairs = {frozenset({one.first.value, one.second.value}): one for one in found.pairs}
    assert set(pairs) == {frozenset({"2", "eu"}), frozenset({"b2", "eu"})}
    best = pairs[frozenset({"2", "eu"})]
    assert (best.n, best.base_n, best.effect, best.lift) == (100, 0, 1.0, None)
    assert best.gain == pytest.approx(1 / 3)
    assert best.q < 1e-10
    assert best.low < 1.0 <= best.high + 1e-9
    assert explain(store.read(), Group(parse('{ .version = "2" }')), None, DAY).data.pairs == []


def test_pairs_are_compared_with_a_second_query(store, span):
    """The baseline of pairs is the second query where there is one: what both sides share tells nothing."""
    spans = []
    for trace in range(1, 301):
        kind = trace % 3  # failed with both, fine with both, fine with one or the other
        both = kind < 2 or trace % 2
        attributes = [("cache", "off" if both else "on"), ("queue", "long" if kind < 2 or not trace % 2 else "short")]
        spans.append(span(trace, 1, at=trace, status=2 if kind == 0 else 0, name=f"k{kind}", attributes=attributes))
    store.insert(spans)
    failed = Group(parse("{ status = error }"))
    apart = explain(store.read(), failed, Group(query=parse_query('{ name = "k2" } | count() > 0')), DAY).data
    assert [{one.first.value, one.second.value} for one in apart.pairs] == [{"off", "long"}]
    alike = explain(store.read(), failed, Group(query=parse_query('{ name = "k1" } | count() > 0')), DAY).data
    assert (alike.baseline, alike.pairs) == (100, [])


def test_p_values_are_those_of_the_exact_test_where_counts_are_few():
    """Few counts give twice the smaller hypergeometric tail, many the normal approximation near Fisher's test."""
    counts = [(5, 0, 20, 30), (1, 9, 40, 40), (60, 20, 200, 200), (20, 20, 20, 20)]
    for a, b, n, m in counts:
        got = p_values(np.array([float(a)]), np.array([float(b)]), n, m)[0]
        exact = stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
        assert got == pytest.approx(exact, rel=1.2, abs=1e-9)
    low, high = difference_interval(np.array([56.0]), np.array([48.0]), 70, 80)
    assert (low[0], high[0]) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
