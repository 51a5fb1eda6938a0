from __future__ import annotations

import math
import time
from typing import Any

import pytest

from clew.model import Kind, Status
from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration
from clew.query.plan.metrics import metrics
from clew.query.plan.series import MetricsAsk
from clew.query.traceql import parse
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldExpr,
    FieldOp,
    Filter,
    Hint,
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

MS = 10**6
S = 10**9
SERVICE = Attribute(Level.RESOURCE, "service.name")
DURATION = Intrinsic(Name.DURATION)
EVERY = Static(value=True)


def span(key: str) -> Attribute:
    """Return an attribute of a span."""
    return Attribute(Level.SPAN, key)


def equal(of: Any, value: Any) -> Binary:
    """Return `of = value`."""
    return Binary(FieldOp.EQ, of, Static(value))


def both(left: FieldExpr, right: FieldExpr) -> Binary:
    """Return `left && right`."""
    return Binary(FieldOp.AND, left, right)


def function(fn: MetricsFn, of: Any = None, *, where: FieldExpr = EVERY, **fields: Any) -> MetricsPipeline:
    """Return `{ where } | fn(of)`."""
    return MetricsPipeline(Pipeline((Filter(where),)), MetricsCall(fn, of, **fields))


def ask(low: int, high: int, step_s: float = 60, **fields: Any) -> MetricsAsk:
    """Return a request of a range in seconds."""
    return MetricsAsk(Window(low * S, high * S), int(step_s * S), **fields)


def table(store: Any, root: Any, asked: MetricsAsk, hints: Any = ()) -> dict[Any, list[float | None]]:
    """Return the values of each series by its labels."""
    found = metrics(store.read(), Query(root, hints), asked).data
    return {tuple(one.labels.items()): one.values for one in found.series}


ROOT = equal(Intrinsic(Name.NESTED_PARENT), -1)
KIND = equal(Intrinsic(Name.KIND), Kind.SERVER)
NOW = (time.time_ns() // S // 600 - 100) * 600
"""A round time yesterday, in seconds."""


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """Two minutes of a shop: two services, failures, attributes of each type, an event, a weightless trace tree."""
    store, (span_, event) = make_store(), kinds
    rows = [
        (0, "cart", 1, 100, 0, [("http.route", "/a"), ("n", 1), ("size", 0.5)]),
        (1, "cart", 1, 200, 0, [("http.route", "/a"), ("n", 3), ("size", 1.5)]),
        (30, "cart", 2, 400, 2, [("http.route", "/b"), ("n", 8)]),
        (60, "cart", 2, 800, 0, [("n", 9), ("size", -2.0)]),
        (61, "pay", 1, 50, 2, [("http.route", "/a"), ("big", True), ("size", 0.0)]),
        (120, "pay", 3, 70, 0, [("n", "text")]),
    ]
    store.insert(
        [
            span_(
                trace=number + 1,
                span_id=number + 1,
                start=(NOW + second) * S,
                parent=0 if number % 2 == 0 else 1,
                duration=millis * MS,
                service=service,
                name=f"op{kind}",
                kind=kind,
                status=status,
                attributes=attributes,
                resource=[("zone", "z1" if service == "cart" else 7)],
                scope=[("lib.lang", "go")],
                events=[event("exception", [("exception.type", "Boom")], time=(NOW + second) * S + 5 * MS)]
                * (status // 2),
            )
            for number, (second, service, kind, millis, status, attributes) in enumerate(rows)
        ]
    )
    return store


def test_buckets_are_right_closed_and_stand_at_their_end(shop):
    """A span at the end of a bucket belongs to it, one at its beginning to the bucket before."""
    answer = metrics(shop.read(), Query(function(MetricsFn.COUNT)), ask(NOW, NOW + 120))
    assert answer.data.times_ms == [(NOW + at) * 1000 for at in (0, 60, 120)]
    assert [one.labels for one in answer.data.series] == [{"__name__": "count_over_time"}]
    assert answer.data.series[0].values == [1, 3, 2]


def test_a_range_is_widened_to_whole_steps_and_by_one_in_front(shop):
    """The first point stands at the range's start rounded down, the last at its end rounded up."""
    answer = metrics(shop.read(), Query(function(MetricsFn.COUNT)), ask(NOW + 10, NOW + 70))
    assert answer.data.times_ms == [(NOW + at) * 1000 for at in (0, 60, 120)]
    assert answer.data.series[0].values == [1, 3, 2]


def test_an_instant_query_has_one_point_at_its_end(shop):
    """The whole range is one bucket, whatever the step."""
    answer = metrics(shop.read(), Query(function(MetricsFn.RATE)), ask(NOW, NOW + 50, instant=True))
    assert answer.data.times_ms == [(NOW + 50) * 1000]
    assert answer.data.series[0].values == [2 / 50]


def test_rate_is_per_second_and_zero_in_empty_buckets(shop):
    """A rate is the count over the width of the bucket; a bucket of a known series without spans has 0."""
    found = table(shop, function(MetricsFn.RATE, by=(SERVICE,)), ask(NOW, NOW + 120))
    assert found == {
        (("resource.service.name", "cart"),): [1 / 60, 3 / 60, 0],
        (("resource.service.name", "pay"),): [0, 0, 2 / 60],
    }


def test_nothing_matches_nothing_is_shown(shop):
    """A query that no span passes has no series, grouped or not."""
    where = equal(Intrinsic(Name.NAME), "nowhere")
    assert table(shop, function(MetricsFn.RATE, where=where), ask(NOW, NOW + 120)) == {}
    assert table(shop, function(MetricsFn.RATE, where=where, by=(SERVICE,)), ask(NOW, NOW + 120)) == {}


@pytest.mark.parametrize("step", [60, 20])
def test_durations_are_seconds_and_absent_where_no_span_is(shop, step):
    """Least, most, mean and sum of durations are in seconds; empty buckets have no point."""
    whole = ask(NOW, NOW + 120, step)
    pay = {"where": equal(SERVICE, "pay"), "by": (SERVICE,)}
    last = {
        fn: next(iter(table(shop, function(fn, DURATION, **pay), whole).values()))
        for fn in (MetricsFn.MIN, MetricsFn.MAX, MetricsFn.AVG, MetricsFn.SUM)
    }
    assert all(values[0] is None for values in last.values())
    expected = {20: (0.07, 0.07, 0.07, 0.07), 60: (0.05, 0.07, 0.06, 0.12)}[step]
    assert [values[-1] for values in last.values()] == pytest.approx(expected)


def test_all_durations_are_seconds(shop):
    """Durations of traces and of events too, in every function."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    for call, value in (
        ("max_over_time(traceDuration)", 0.8),
        ("min_over_time(event:timeSinceStart)", 0.005),
        ("sum_over_time(event:timeSinceStart)", 0.01),
        ("quantile_over_time(event:timeSinceStart, 1)", 0.005),
        ("quantile_over_time(traceDuration, 0)", 0.05),
    ):
        (values,) = counted(shop, f"{{ }} | {call}", one).values()
        assert values == [pytest.approx(value, rel=0.022)], call
    found = counted(shop, "{ } | histogram_over_time(event:timeSinceStart)", one)
    assert found == {(("__bucket", 2**23 / 1e9),): [2]}


def test_numbers_of_attributes_count_where_they_are_numbers(shop):
    """Integers and floats take part, another type or absence does not."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    assert table(shop, function(MetricsFn.SUM, span("n")), one) == {(("__name__", "sum_over_time"),): [21]}
    assert table(shop, function(MetricsFn.MIN, span("size")), one) == {(("__name__", "min_over_time"),): [-2]}
    assert table(shop, function(MetricsFn.AVG, span("missing")), one) == {}


def test_groups_keep_types_and_leave_out_what_is_missing(shop):
    """Labels are typed; a missing one is left out, and where all are missing the first says nil."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    found = table(shop, function(MetricsFn.COUNT, by=(span("n"), span("big"))), one)
    assert found == {
        (("span.big", True),): [1],
        (("span.n", 1),): [1],
        (("span.n", 3),): [1],
        (("span.n", 8),): [1],
        (("span.n", 9),): [1],
        (("span.n", "text"),): [1],
    }
    assert table(shop, function(MetricsFn.COUNT, by=(span("size"),)), one)[(("span.size", "nil"),)] == [2]


def test_every_level_can_group(shop):
    """Resource, scope, event, intrinsic and unscoped fields give labels by their canonical names."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    fields = {
        Attribute(Level.RESOURCE, "zone"): {"z1": 4, 7: 2},
        Attribute(Level.ANY, "zone"): {"z1": 4, 7: 2},
        Attribute(Level.ANY, "exception.type"): {"nil": 6},
        Attribute(Level.ANY, "n"): {1: 1, 3: 1, 8: 1, 9: 1, "text": 1, "nil": 1},
        Attribute(Level.INSTRUMENTATION, "lib.lang"): {"go": 6},
        Attribute(Level.EVENT, "exception.type"): {"Boom": 2, "nil": 4},
        Intrinsic(Name.EVENT_NAME): {"exception": 2, "nil": 4},
        Intrinsic(Name.EVENT_TIME): {Duration(5 * MS): 2, "nil": 4},
        Intrinsic(Name.STATUS): {Status.UNSET: 4, Status.ERROR: 2},
        Intrinsic(Name.KIND): {Kind.INTERNAL: 3, Kind.SERVER: 2, Kind.CLIENT: 1},
        Intrinsic(Name.ROOT_SERVICE): {"cart": 2, "": 3, "pay": 1},
        Intrinsic(Name.SCOPE_NAME): {"lib": 6},
        DURATION: {Duration(n * MS): 1 for n in (50, 70, 100, 200, 400, 800)},
    }
    for of, expected in fields.items():
        found = table(shop, function(MetricsFn.COUNT, by=(of,)), one)
        assert {labels[0][1]: values[0] for labels, values in found.items()} == expected, of
        assert all(type(labels[0][1]) in {type(one) for one in expected} for labels in found)


def test_series_come_by_number_of_labels_then_keys_then_values(shop):
    """Fewer labels first, then by the first key and its value, numbers by size and before texts; nil as a text."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    found = table(shop, function(MetricsFn.COUNT, by=(span("n"), span("http.route"))), one)
    assert [tuple(dict(labels).values()) for labels in found] == [
        ("/a",), (9,), ("text",), (1, "/a"), (3, "/a"), (8, "/b"),
    ]  # fmt: skip
    found = table(shop, function(MetricsFn.COUNT, by=(SERVICE, span("size"))), one)
    assert [tuple(dict(labels).values()) for labels in found] == [
        ("cart",), ("pay",), ("cart", -2.0), ("cart", 0.5), ("cart", 1.5), ("pay", 0.0),
    ]  # fmt: skip


def test_any_number_of_fields_groups(shop):
    """Six fields at once make one series per tuple of values."""
    by = (SERVICE, Intrinsic(Name.NAME), Intrinsic(Name.KIND), Intrinsic(Name.STATUS), span("http.route"), span("n"))
    found = table(shop, function(MetricsFn.COUNT, by=by), ask(NOW - 1, NOW + 121, instant=True))
    assert len(found) == 6
    assert len(next(reversed(found))) == 6


def test_quantiles_are_near_and_labelled(shop):
    """A quantile lies within 2.2 % of a value with its rank, in seconds, under the label p."""
    found = table(
        shop, function(MetricsFn.QUANTILE, DURATION, quantiles=(0.5, 1.0)), ask(NOW - 1, NOW + 121, instant=True)
    )
    assert found == {
        (("p", 0.5),): [pytest.approx(0.1, rel=0.022)],
        (("p", 1.0),): [pytest.approx(0.8, rel=0.022)],
    }


def test_quantiles_of_any_sign_and_of_floats(shop):
    """Floats, zero and negative values are ranked as numbers; empty buckets of a series are 0."""
    call = function(MetricsFn.QUANTILE, span("size"), quantiles=(0.0, 0.5, 0.75, 1.0))
    found = table(shop, call, ask(NOW - 1, NOW + 121, instant=True))
    values = [one[0] for one in found.values()]
    assert values == [pytest.approx(v, rel=0.022) for v in (-2.0, 0.0, 0.5, 1.5)]
    found = table(shop, function(MetricsFn.QUANTILE, span("size"), quantiles=(0.5,)), ask(NOW, NOW + 120, 20))
    assert found[(("p", 0.5),)][4] == 0


@pytest.mark.parametrize("step", [60, 20])
def test_histograms_have_a_series_per_power_of_two(shop, step):
    """`__bucket` is the next power of two not below a value, in seconds for durations."""
    found = table(shop, function(MetricsFn.HISTOGRAM, DURATION), ask(NOW, NOW + 120, step))
    bounds = {labels[0][1]: sum(values) for labels, values in found.items()}
    assert [labels[0][0] for labels in found] == ["__bucket"] * len(found)
    assert list(bounds) == sorted(bounds)
    expected = {}
    for millis in (50, 70, 100, 200, 400, 800):
        bound = 2 ** math.ceil(math.log2(millis * MS)) / 1e9
        expected[bound] = expected.get(bound, 0) + 1
    assert bounds == expected


def test_histograms_of_small_numbers(shop):
    """Values below two are kept; zero and negative ones share the bucket 0."""
    found = table(shop, function(MetricsFn.HISTOGRAM, span("size")), ask(NOW - 1, NOW + 121, instant=True))
    assert found == {(("__bucket", 0.0),): [2], (("__bucket", 0.5),): [1], (("__bucket", 2.0),): [1]}
    found = table(shop, function(MetricsFn.HISTOGRAM, span("n")), ask(NOW - 1, NOW + 121, instant=True))
    assert {labels[0][1]: values[0] for labels, values in found.items()} == {1.0: 1, 4.0: 1, 8.0: 1, 16.0: 1}


def test_distinct_values_are_counted_over_all_types(shop):
    """Different values of a field are counted with their types; absence is no value."""
    found = table(shop, function(MetricsFn.COUNT_DISTINCT, span("http.route"), by=(SERVICE,)), ask(NOW, NOW + 120))
    assert found == {
        (("resource.service.name", "cart"),): [1, 2, 0],
        (("resource.service.name", "pay"),): [0, 0, 1],
    }


def test_filters_narrow_the_spans(shop):
    """Only spans for which the condition holds are counted."""
    where = both(equal(SERVICE, "cart"), equal(Intrinsic(Name.STATUS), Status.ERROR))
    found = table(shop, function(MetricsFn.COUNT, where=where), ask(NOW, NOW + 120))
    assert list(found.values()) == [[0, 1, 0]]
    found = table(shop, function(MetricsFn.COUNT, where=equal(span("n"), 3)), ask(NOW, NOW + 120))
    assert list(found.values()) == [[0, 1, 0]]


def test_topk_and_bottomk_choose_at_each_point(shop):
    """The largest of each point stay, so that more series than asked for may remain; ties go to the first series."""
    grouped = function(MetricsFn.COUNT, by=(SERVICE,))
    top = MetricsPipeline(grouped.pipeline, grouped.call, (TopK(1),))
    assert table(shop, top, ask(NOW, NOW + 120)) == {
        (("resource.service.name", "cart"),): [1, 3, None],
        (("resource.service.name", "pay"),): [None, None, 2],
    }
    bottom = MetricsPipeline(grouped.pipeline, grouped.call, (TopK(1, bottom=True),))
    assert table(shop, bottom, ask(NOW, NOW + 120)) == {
        (("resource.service.name", "cart"),): [None, None, 0],
        (("resource.service.name", "pay"),): [0, 0, None],
    }


def test_thresholds_remove_points_and_empty_series(shop):
    """Points that fail are gone, series without points too; durations count in seconds."""
    grouped = function(MetricsFn.COUNT, by=(SERVICE,))
    above = MetricsPipeline(grouped.pipeline, grouped.call, (Threshold(FieldOp.GT, 2),))
    assert table(shop, above, ask(NOW, NOW + 120)) == {(("resource.service.name", "cart"),): [None, 3, None]}
    slow = function(MetricsFn.MAX, DURATION, by=(SERVICE,))
    slow = MetricsPipeline(slow.pipeline, slow.call, (Threshold(FieldOp.GE, Duration(700 * MS)),))
    assert table(shop, slow, ask(NOW, NOW + 121, instant=True)) == {(("resource.service.name", "cart"),): [0.8]}


def test_series_are_divided_by_their_labels(shop):
    """Series with the same labels belong together; nothing divided by nothing is no point; partnerless ones go."""
    errors = function(MetricsFn.COUNT, where=equal(Intrinsic(Name.KIND), Kind.SERVER), by=(SERVICE,))
    everything = function(MetricsFn.COUNT, by=(SERVICE,))
    ratio = MetricsBinary(FieldOp.DIV, errors, everything)
    assert table(shop, ratio, ask(NOW, NOW + 120)) == {(("resource.service.name", "cart"),): [0, 2 / 3, None]}


def test_a_side_without_labels_goes_with_every_series(shop):
    """An ungrouped side is used for each series of the other; numbers are too; names are put together."""
    total = function(MetricsFn.COUNT)
    share = MetricsBinary(FieldOp.DIV, function(MetricsFn.COUNT, by=(SERVICE,)), total)
    assert table(shop, share, ask(NOW, NOW + 120)) == {
        (("resource.service.name", "cart"),): [1, 1, 0],
        (("resource.service.name", "pay"),): [0, 0, 1],
    }
    twice = MetricsBinary(FieldOp.MUL, Static(2), MetricsBinary(FieldOp.SUB, total, Static(0.5)))
    assert table(shop, twice, ask(NOW, NOW + 120)) == {(("__name__", "(2 * (count_over_time - 0.5))"),): [1, 5, 3]}


def test_spans_sent_twice_count_once(make_store, kinds):
    """A retry of a client changes no count where the spans themselves are read."""
    store, (span_, _) = make_store(), kinds
    same = span_(trace=1, span_id=1, start=NOW * S)
    twins = [span_(trace=2, span_id=7, start=NOW * S, kind=kind) for kind in (2, 3)]
    store.insert([same, *twins])
    store.insert([same])
    assert list(table(store, function(MetricsFn.COUNT), ask(NOW, NOW + 1, 1)).values()) == [[3, 0]]


def test_weights_count_only_when_asked_for(make_store, kinds):
    """`with(extrapolate=true)` counts the spans that a sampled span stands for; without it stored spans count."""
    store, (span_, _) = make_store(), kinds
    spans = [span_(trace=n, span_id=n, start=(NOW + n) * S, duration=n * 100 * MS) for n in (1, 2)]
    spans[0].weight = 4.0
    store.insert(spans)
    for step in (1, 60):
        for hints, count, mean, median in (((), 2, 0.15, 0.1), ((Hint("extrapolate", value=True),), 5, 0.12, 0.1)):
            asked = ask(NOW, NOW + 60, step) if step == 60 else ask(NOW, NOW + 61, instant=True)
            calls = [
                function(MetricsFn.COUNT),
                function(MetricsFn.AVG, DURATION),
                function(MetricsFn.QUANTILE, DURATION, quantiles=(0.5,)),
            ]
            found = [table(store, call, asked, hints) for call in calls]
            values = [next(iter(one.values()))[-1] for one in found]
            assert values == [count, pytest.approx(mean), pytest.approx(median, rel=0.091)]


def test_too_many_series_are_cut_honestly(shop):
    """Of more series than are wanted those of most spans stay, and the meta says how many there are."""
    answer = metrics(
        shop.read(), Query(function(MetricsFn.COUNT, by=(span("http.route"),))), ask(NOW, NOW + 120, max_series=1)
    )
    assert [one.labels for one in answer.data.series] == [{"span.http.route": "/a"}]
    assert answer.meta.total.value == 3
    assert answer.meta.truncated.limit == 1


def test_rollups_answer_where_they_can_and_say_so(shop):
    """Whole minutes by columns of the rollup are read from it, anything else from spans."""
    sources = {}
    for name, root, step in (
        ("service", function(MetricsFn.RATE, by=(SERVICE,)), 60),
        ("root", function(MetricsFn.RATE, where=ROOT, by=(Intrinsic(Name.NAME),)), 120),
        ("quantile", function(MetricsFn.QUANTILE, DURATION, quantiles=(0.9,)), 60),
        ("failed", function(MetricsFn.RATE, where=both(equal(Intrinsic(Name.STATUS), Status.ERROR), KIND)), 60),
        ("by kind", function(MetricsFn.RATE, where=ROOT, by=(Intrinsic(Name.KIND), Intrinsic(Name.STATUS))), 60),
        ("attribute", function(MetricsFn.RATE, by=(span("n"),)), 60),
        ("seconds", function(MetricsFn.RATE), 15),
        ("largest", function(MetricsFn.MAX, DURATION), 60),
    ):
        answer = metrics(shop.read(), Query(root), ask(NOW, NOW + 120, step))
        sources[name] = answer.data.sources[0].table
    assert sources == {
        "service": "red_service_1m",
        "root": "red_1m",
        "quantile": "red_service_1m",
        "failed": "red_1m",
        "by kind": "red_1m",
        "attribute": "spans",
        "seconds": "spans",
        "largest": "spans",
    }


def test_exemplars_stand_behind_points(shop):
    """At most two spans of a bucket, one of a trace, with the value of their point and all attributes of the span."""
    answer = metrics(shop.read(), Query(function(MetricsFn.COUNT, by=(SERVICE,))), ask(NOW, NOW + 120))
    cart, pay = answer.data.series
    assert [one.trace_id[-1] for one in cart.exemplars][:1] == [1]
    assert len(cart.exemplars) == 3
    assert {one.value for one in cart.exemplars} == {1.0, 3.0}
    assert [one.value for one in pay.exemplars] == [2.0, 2.0]
    first = cart.exemplars[0]
    assert (first.span_id, first.time_ms) == (1, NOW * 1000)
    assert first.labels["trace:id"] == first.trace_id.hex()
    assert (first.labels["span.http.route"], first.labels["span.n"], first.labels["name"]) == ("/a", 1, "op1")


def test_exemplars_are_capped_and_can_be_switched_off(shop):
    """The request caps exemplars, a hint lowers the cap or switches them off; instant queries have none."""
    root = function(MetricsFn.RATE)

    def count(hints=(), **fields):
        found = metrics(shop.read(), Query(root, hints), ask(NOW, NOW + 120, **fields)).data.series
        return sum(len(one.exemplars) for one in found)

    assert count() == 5
    assert count(exemplars=2) == 2
    assert count(exemplars=0) == count((Hint("exemplars", value=False),)) == count(instant=True) == 0
    assert count((Hint("exemplars", 1),)) == 1


def test_exemplars_of_quantiles_and_histograms_lie_in_their_series(shop):
    """An exemplar of a bucket has a duration in it; of quantiles each span stands behind one."""
    answer = metrics(shop.read(), Query(function(MetricsFn.HISTOGRAM, DURATION)), ask(NOW, NOW + 120))
    behind = {one.labels["__bucket"]: [x.span_id for x in one.exemplars] for one in answer.data.series}
    assert any(behind.values())
    durations = {1: 100, 2: 200, 3: 400, 4: 800, 5: 50, 6: 70}
    assert all(bound / 2 < durations[span_id] / 1000 <= bound for bound, spans in behind.items() for span_id in spans)
    call = function(MetricsFn.QUANTILE, DURATION, quantiles=(0.5, 1.0))
    answer = metrics(shop.read(), Query(call), ask(NOW, NOW + 120))
    assert sum(len(one.exemplars) for one in answer.data.series) == 5


def compared(store, asked, selection, **fields):
    """Return the counts of each attribute by side, with the totals apart."""
    call = MetricsCall(MetricsFn.COMPARE, selection=Filter(selection), **fields)
    found = metrics(store.read(), Query(MetricsPipeline(Pipeline((Filter(EVERY),)), call)), asked).data.series
    values, totals = {}, {}
    for one in found:
        (meta, side), (key, value) = one.labels.items()
        assert meta == "__meta_type"
        if side.endswith("_total"):
            assert value == "nil"
            totals[(side.removesuffix("_total"), key)] = one.values
        else:
            values.setdefault((side, key), {})[value] = one.values
    return values, totals


def test_compare_counts_every_attribute_of_both_sides(shop):
    """Values of all levels and types are counted among the selected spans and among the rest."""
    whole = ask(NOW - 1, NOW + 121, instant=True)
    values, totals = compared(shop, whole, equal(Intrinsic(Name.STATUS), Status.ERROR))
    assert values[("selection", "span.http.route")] == {"/a": [1], "/b": [1]}
    assert values[("baseline", "span.http.route")] == {"/a": [2]}
    assert values[("baseline", "span.n")] == {1: [1], 3: [1], 9: [1], "text": [1]}
    assert values[("selection", "span.n")] == {8: [1]}
    assert values[("selection", "span.big")] == {True: [1]}
    assert values[("baseline", "span.size")] == {0.5: [1], 1.5: [1], -2.0: [1]}
    assert values[("selection", "resource.zone")] == {"z1": [1], 7: [1]}
    assert values[("baseline", "resource.service.name")] == {"cart": [3], "pay": [1]}
    assert values[("selection", "event.exception.type")] == {"Boom": [2]}
    assert values[("selection", "event:name")] == {"exception": [2]}
    assert values[("selection", "instrumentation.lib.lang")] == {"go": [2]}
    assert values[("selection", "name")] == {"op1": [1], "op2": [1]}
    assert values[("baseline", "kind")] == {Kind.INTERNAL: [2], Kind.SERVER: [1], Kind.CLIENT: [1]}
    assert values[("selection", "status")] == {Status.ERROR: [2]}
    assert values[("baseline", "rootServiceName")] == {"cart": [1]}
    assert values[("selection", "rootServiceName")] == {"cart": [1], "pay": [1]}
    assert (totals[("baseline", "span.n")], totals[("selection", "span.n")]) == ([4], [1])
    assert totals[("selection", "resource.zone")] == [2]
    skipped = {"duration", "traceDuration", "trace:id", "span:id", "span:parentID", "event:timeSinceStart"}
    assert not {key for _, key in values} & skipped


def test_compare_has_points_over_time_and_the_most_frequent_values(shop):
    """Of more values than asked for those of most spans stay, ties in the order of values; totals count all."""
    values, totals = compared(shop, ask(NOW, NOW + 120), equal(Intrinsic(Name.STATUS), Status.ERROR), top_n=1)
    assert values[("baseline", "span.http.route")] == {"/a": [1, 1, 0]}
    assert values[("baseline", "resource.service.name")] == {"cart": [1, 2, 0]}
    assert values[("baseline", "span.n")] == {1: [1, 0, 0]}
    assert totals[("baseline", "span.n")] == [1, 2, 1]


def test_compare_selects_only_inside_its_window(shop):
    """With a start and an end, spans outside of (start, end] belong to the baseline."""
    window = {"start_ns": NOW * S, "end_ns": (NOW + 60) * S}
    whole = ask(NOW - 1, NOW + 121, instant=True)
    values, _ = compared(shop, whole, EVERY, **window)
    assert values[("selection", "span.n")] == {3: [1], 8: [1], 9: [1]}
    assert values[("baseline", "span.n")] == {1: [1], "text": [1]}


def counted(store, text, asked=None):
    """Return the values of each series of a text by its labels."""
    found = metrics(store.read(), parse(text), asked or ask(NOW - 1, NOW + 201, instant=True)).data
    return {tuple(one.labels.items()): one.values for one in found.series}


@pytest.fixture(scope="module")
def trees(make_store, kinds):
    """Two traces: a request that calls a database twice, and a lone root; one span is sent twice."""
    store, (span_, _) = make_store(), kinds
    at = NOW * S
    store.insert(
        [
            span_(1, 1, at, duration=900 * MS, service="web", name="GET /", kind=2),
            span_(1, 2, at + S, 1, 100 * MS, "web", "call", 3, attributes=[("shard", 4)]),
            span_(1, 3, at + 70 * S, 2, 50 * MS, "db", "SELECT", 2, status=2),
            span_(1, 4, at + 80 * S, 1, 10 * MS, "db", "INSERT", 2, attributes=[("shard", 5)]),
            span_(2, 5, at + 90 * S, duration=300 * MS, service="web", name="GET /", kind=2),
        ]
    )
    store.insert([span_(1, 3, at + 70 * S, 2, 50 * MS, "db", "SELECT", 2, status=2)])
    return store


@pytest.mark.parametrize(
    ("pipeline", "count"),
    [
        ('{ name = "GET /" } >> { resource.service.name = "db" }', 2),
        ('{ name = "GET /" } > { resource.service.name = "db" }', 1),
        ('{ name = "GET /" } && { status = error }', 2),
        ('{ name = "GET /" } || { status = error }', 3),
        ("{ } | count() > 1", 4),
        ("{ } | by(resource.service.name) | count() > 2", 0),
        ("{ } | by(resource.service.name)", 5),
        ("{ } | avg(duration) > 200ms | { kind = server }", 4),
        ("{ span:childCount > 0 }", 2),
        ('{ parent.name = "call" }', 1),
        ("{ nestedSetParent < 0 }", 2),
        ("{ name = `GET /` || status = error } | select(span.shard)", 3),
    ],
)
def test_structure_and_pipelines_decide_which_spans_count(trees, pipeline, count):
    """A function counts the spans of a pipeline over whole traces; a span that was sent twice counts once."""
    found = counted(trees, f"{pipeline} | count_over_time()")
    assert found == ({(("__name__", "count_over_time"),): [count]} if count else {})


def test_spans_of_structure_count_at_their_own_start(trees):
    """Only spans that start in the range count, partners outside of it decide all the same."""
    asked = ask(NOW + 65, NOW + 130)
    found = counted(trees, '{ name = "GET /" } >> { } | count_over_time() by (name)', asked)
    assert found == {(("name", "INSERT"),): [0, 1, 0], (("name", "SELECT"),): [0, 1, 0], (("name", "call"),): [1, 0, 0]}


def test_every_function_works_over_structure(trees):
    """Functions mean the same over whole traces as over single spans."""
    below = "{ } >> { } |"
    name = lambda fn: ((("__name__", fn),),)  # noqa: E731 - short
    assert counted(trees, f"{below} sum_over_time(duration)")[name("sum_over_time")[0]] == [pytest.approx(0.16)]
    assert counted(trees, f"{below} avg_over_time(span.shard)") == {name("avg_over_time")[0]: [4.5]}
    assert counted(trees, f"{below} min_over_time(duration)") == {name("min_over_time")[0]: [pytest.approx(0.01)]}
    assert counted(trees, f"{below} max_over_time(.shard)") == {name("max_over_time")[0]: [5]}
    assert counted(trees, f"{below} count_distinct_over_time(resource.service.name)") == {
        name("count_distinct_over_time")[0]: [2]
    }
    found = counted(trees, f"{below} quantile_over_time(duration, 0.5, 1)")
    assert list(found) == [(("p", 0.5),), (("p", 1.0),)]
    assert [one[0] for one in found.values()] == pytest.approx([0.05, 0.1], rel=0.022)
    found = counted(trees, f"{below} histogram_over_time(span.shard)")
    assert found == {(("__bucket", 4.0),): [1], (("__bucket", 8.0),): [1]}
    found = counted(trees, f"{below} rate() by (span.shard, resource.service.name)", ask(NOW, NOW + 100, instant=True))
    assert found == {
        (("resource.service.name", "db"),): [0.01],
        (("span.shard", 4), ("resource.service.name", "web")): [0.01],
        (("span.shard", 5), ("resource.service.name", "db")): [0.01],
    }


def test_fields_of_parents_and_of_the_tree_group(trees):
    """Groups by a field of the parent or by the number of children look at the whole trace."""
    assert counted(trees, "{ } | count_over_time() by (parent.name)") == {
        (("parent.name", "GET /"),): [2],
        (("parent.name", "call"),): [1],
        (("parent.name", "nil"),): [2],
    }
    assert counted(trees, "{ } | count_over_time() by (span:childCount)") == {
        (("span:childCount", 0),): [3],
        (("span:childCount", 1),): [1],
        (("span:childCount", 2),): [1],
    }


def test_exemplars_of_structure(trees):
    """Spans that whole traces let through stand behind points too."""
    answer = metrics(trees.read(), parse("{ } >> { status = error } | rate()"), ask(NOW, NOW + 120))
    (exemplar,) = answer.data.series[0].exemplars
    assert (exemplar.trace_id[-1], exemplar.span_id, exemplar.value) == (1, 3, 1 / 60)


def test_wrong_patterns_are_refused(trees):
    """A regular expression that cannot be compiled is an error of the query, for functions and selections alike."""
    for text in ("{ name =~ `(` } | rate()", "{ } | compare({ name =~ `(` })"):
        with pytest.raises(InvalidQueryError):
            counted(trees, text)


def test_any_condition_of_a_span_can_be_counted(shop):
    """Alternatives, negations, arithmetic and comparisons between fields count like plain conditions."""
    for where, count in (
        ("status = error || kind = server", 3),
        ("!(span.n = 1)", 5),
        ("span.n * 2 > 10", 2),
        ("span.n > span.size", 3),
        ("resource.zone = 7 || .zone = `z1`", 6),
        ("traceDuration > 300ms", 2),
        ("rootServiceName = `pay`", 1),
        ("event:name = `exception`", 2),
        ("span.n * span.n > 60", 2),
        ("span.n / (span.n - 1) = 1", 3),
        ("span.n != 1 && 10 / (span.n - 1) = 5", 1),
        ("minInt / -span.n = minInt", 1),
        ("span.n = 1 && minInt % -span.n = 0", 1),
    ):
        found = counted(shop, f"{{ {where} }} | count_over_time()", ask(NOW - 1, NOW + 121, instant=True))
        assert found == {(("__name__", "count_over_time"),): [count]}, where


def test_labels_are_canonical(shop):
    """Intrinsics are named by their canonical names, and only names that need quotes have them."""
    one = ask(NOW - 1, NOW + 121, instant=True)
    for written, shown in (
        ("span:name", "name"),
        ("trace:rootService", "rootServiceName"),
        ("trace:rootName", "rootName"),
        ("trace:duration", "traceDuration"),
        ("event:name", "event:name"),
        ('span."a b"', 'span."a b"'),
        ('span."http.route"', "span.http.route"),
        (r'span."a\"b"', r'span."a\"b"'),
        ('resource."a+b-c/d"', "resource.a+b-c/d"),
        ("span:childCount", "span:childCount"),
        (".n", ".n"),
    ):
        found = counted(shop, f"{{ }} | count_over_time() by ({written})", one)
        assert {key for labels in found for key, _ in labels} == {shown}


def test_exemplars_of_compare_hang_on_the_totals(shop):
    """Selected spans stand behind the selection's total, the others behind the baseline's."""
    answer = metrics(shop.read(), parse("{ } | compare({ status = error })"), ask(NOW, NOW + 120))
    behind = {one.labels["__meta_type"]: one.exemplars for one in answer.data.series if one.exemplars}
    assert {side: {one.span_id for one in found} for side, found in behind.items()} == {
        "selection_total": {3, 5},
        "baseline_total": {1, 2, 4, 6},
    }
    assert {one.value for one in behind["selection_total"]} == {1.0}


def test_links_lead_to_spans_that_count(make_store, kinds):
    """Spans that another trace's span points to count like any others, from within the range."""
    store, (span_, event) = make_store(), kinds
    to = event("", [], 0, (1).to_bytes(16, "big"), 11)
    store.insert(
        [
            span_(1, 11, NOW * S, name="send"),
            span_(1, 12, (NOW + 1) * S, name="send"),
            span_(2, 21, (NOW + 2) * S, name="receive", links=[to]),
        ]
    )
    assert counted(store, "{ name = `receive` } ~> { } | count_over_time() by (name)") == {(("name", "send"),): [1]}
    assert counted(store, "{ name = `send` } <~ { } | count_over_time() by (name)") == {(("name", "receive"),): [1]}
    assert counted(store, "{ name = `receive` } ~> { name = `x` } | rate()") == {}
