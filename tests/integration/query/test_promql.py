from __future__ import annotations

import math

import numpy as np
import pytest
from tests.integration.query.promql_shop import CALLS, EDGES, MINUTE, S, ask, stocked

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.promql import catalogue
from clew.query.promql.evaluate import evaluate, warnings_of
from clew.query.promql.parse import parse, parse_selector


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """A tenant with spans and edges over ten minutes."""
    return stocked(make_store(), kinds)


def test_increase_is_the_sum_of_the_minutes_of_the_range(shop):
    """Each minute has two spans of the shop: ten minutes have twenty, five have ten."""
    assert ask(shop, f"sum(increase({CALLS}[10m]))") == {(): 21}
    assert ask(shop, f'sum(increase({CALLS}{{service="shop"}}[5m]))') == {(): 10}
    assert ask(shop, f"sum by (service) (rate({CALLS}[10m]))") == {
        (("service", "shop"),): 20 / 600,
        (("service", "stock"),): 1 / 600,
    }


def test_labels_have_the_names_of_the_metrics_generator(shop):
    """Kinds and statuses are spelt as in OTLP; a rate has no name."""
    assert ask(shop, f'increase({CALLS}{{service="shop"}}[10m])') == {
        (
            ("service", "shop"), ("span_kind", "SPAN_KIND_SERVER"), ("span_name", "GET /"),
            ("status_code", "STATUS_CODE_UNSET"),
        ): 10,
        (
            ("service", "shop"), ("span_kind", "SPAN_KIND_CLIENT"), ("span_name", "SELECT"),
            ("status_code", "STATUS_CODE_ERROR"),
        ): 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("matchers", "spans"),
    [
        ('service="shop"', 20),
        ('service!="shop"', 1),
        ('service=~"sh.*|none"', 20),
        ('service=~"shop|stock"', 21),
        ('service!~"sh.*"', 1),
        ('service=~"sho"', None),
        ('span_kind="SPAN_KIND_SERVER"', 11),
        ('span_kind=~"SPAN_KIND_(SERVER|CLIENT)",status_code!="STATUS_CODE_ERROR"', 11),
        ('status_code="STATUS_CODE_ERROR"', 10),
        ('span_name="reserve"', 1),
        ('cluster=""', 21),
        ('cluster!="x"', 21),
        ('cluster="x"', None),
        ('span_kind=""', None),
    ],
)
def test_matchers_compare_whole_values(shop, matchers, spans):
    """Patterns are anchored, an absent label is the empty text."""
    found = ask(shop, f"sum(increase({CALLS}{{{matchers}}}[10m]))")
    assert found == ({} if spans is None else {(): spans})


def test_a_range_query_slides_over_the_minutes(shop):
    """Every point has the sum of its own window; a series begins with its first row and is 0 when quiet."""
    found = ask(shop, f"sum by (service) (increase({CALLS}[2m]))", 0, 1, 4, 5, 6)
    assert found[(("service", "shop"),)] == [2, 4, 4, 4, 4]
    assert found[(("service", "stock"),)] == [None, None, 1, 1, 0]


def test_an_offset_looks_back(shop):
    """`offset` shifts the window, a negative one ahead."""
    assert ask(shop, f'sum(increase({CALLS}{{service="stock"}}[1m] offset 5m))') == {(): 1}
    assert ask(shop, f'sum(increase({CALLS}{{service="stock"}}[1m]))') == {(): 0}
    assert ask(shop, f'sum(increase({CALLS}{{service="stock"}}[1m] offset -5m))', -1) == {(): [1]}


def test_points_are_taken_down_to_the_minute(shop):
    """A minute that has not ended is not half counted."""
    times = np.array([MINUTE + 9 * 60 + 59], np.int64)
    found = evaluate(shop.read(), parse(f'sum(increase({CALLS}{{service="shop"}}[1m]))'), times)
    assert found.values.tolist() == [[2]]


def test_quantiles_come_from_the_histogram(shop):
    """Durations are known to a quarter of a power of two."""
    bucket = "traces_spanmetrics_latency_bucket"
    found = ask(shop, f'histogram_quantile(0.5, sum by (le, span_name) (rate({bucket}{{service="shop"}}[10m])))')
    assert found[(("span_name", "GET /"),)] == pytest.approx(0.1, rel=0.19)
    assert found[(("span_name", "SELECT"),)] == pytest.approx(0.2, rel=0.19)
    assert ask(shop, f"histogram_quantile(0.5, sum(rate({bucket}[10m])))") == {}


def test_buckets_are_cumulative_and_end_in_infinity(shop):
    """Every series has every bound; the last holds all."""
    found = ask(shop, 'sum by (le) (increase(traces_spanmetrics_latency_bucket{service="shop"}[10m]))')
    by_bound = sorted((float(dict(labels)["le"]), value) for labels, value in found.items())
    values = [value for _, value in by_bound]
    assert by_bound[-1] == (math.inf, 20)
    assert values == sorted(values)
    assert ask(shop, 'sum(increase(traces_spanmetrics_latency_bucket{service="shop",le="+Inf"}[10m]))') == {(): 20}


def test_sum_and_count_give_the_mean(shop):
    """Vectors with equal labels combine."""
    latency = "traces_spanmetrics_latency"
    found = ask(shop, f"sum by (service) (rate({latency}_sum[10m])) / sum by (service) (rate({latency}_count[10m]))")
    assert found[(("service", "shop"),)] == pytest.approx(0.15)
    assert found[(("service", "stock"),)] == pytest.approx(0.001)


def test_the_service_graph_of_grafana(shop):
    """The four queries behind the node graph."""
    by = "sum by (client, server, connection_type)"
    plain = (("client", "web"), ("server", "shop"))
    database = (("client", "web"), ("connection_type", "database"), ("server", "postgresql"))
    assert ask(shop, f"{by} (rate({EDGES}_total[600s]))") == {plain: 40 / 600, database: 40 / 600}
    assert ask(shop, f"{by} (rate({EDGES}_failed_total[600s]))") == {plain: 10 / 600, database: 0}
    assert ask(shop, f"{by} (rate({EDGES}_server_seconds_sum[600s]))") == {plain: 40 / 600, database: 40 / 600}
    slow = ask(shop, f"histogram_quantile(.9, sum(rate({EDGES}_server_seconds_bucket[10m])) by (le, client, server))")
    assert slow[plain] == pytest.approx(2**30 / 1e9, rel=0.19)
    assert ask(shop, f"sum(increase({EDGES}_client_seconds_count[10m]))") == {(): 80}


def test_topk_keeps_the_largest_in_order(shop):
    """As the table beside the service graph asks; bottomk the smallest."""
    by_name = f"sum(rate({CALLS}[10m])) by (span_name)"
    assert list(ask(shop, f"topk(2, {by_name})")) == [(("span_name", "GET /"),), (("span_name", "SELECT"),)]
    assert list(ask(shop, f"bottomk(1, {by_name})")) == [(("span_name", "reserve"),)]
    found = ask(shop, f"topk(1, sum by (service) (increase({CALLS}[1m])))", 3, 4)
    assert found == {(("service", "shop"),): [2, 2]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+1", 2),
        ("2 * 3 + 4 / 2 - 1", 7),
        ("-2 ^ 2", -4),
        ("2 ^ 3 ^ 2", 512),
        ("7 % 4", 3),
        ("(1 + 2) * 3", 9),
        ("1 > bool 2", 0),
        ("0x10", 16),
    ],
)
def test_numbers_follow_the_usual_precedence(shop, text, value):
    """A data source's health check is `1+1`."""
    assert ask(shop, text) == [value]


def test_comparisons_keep_points(shop):
    """Without `bool` the points that hold stay, with it they become 0 and 1."""
    by = f"sum by (service) (increase({CALLS}[10m]))"
    assert ask(shop, f"{by} > 5") == {(("service", "shop"),): 20}
    assert ask(shop, f"5 < {by}") == {(("service", "shop"),): 20}
    assert ask(shop, f"{by} > bool 5") == {(("service", "shop"),): 1, (("service", "stock"),): 0}
    assert ask(shop, f"100 * {by}")[(("service", "shop"),)] == 2000


@pytest.mark.parametrize("op", ["min", "max", "avg", "count", "sum"])
def test_aggregates_agree_with_numpy(shop, op):
    """Over the three operations."""
    values = [10, 10, 1]
    expected = {"min": 1, "max": 10, "avg": np.mean(values), "count": 3, "sum": 21}[op]
    assert ask(shop, f"{op} without (service, span_kind, status_code, span_name) (increase({CALLS}[10m]))") == {
        (): pytest.approx(expected)
    }


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "finished"),
        ("sum(", "finished"),
        (f"rate({CALLS})", "no metric with a range"),
        (f"deriv({CALLS}[5m])", "deriv"),
        (f"sum_over_time({CALLS}[5m])", "no subquery"),
        (f"count_values('x', {CALLS})", "count_values"),
        (f"rate(rate({CALLS}[5m])[1h:5m])", "no metric with a range"),
        (f"{CALLS}[5m]", "range stands"),
        (f"rate({CALLS}[5m]) or 1", "beside a number"),
        (f"rate({CALLS}[0s])", "no length"),
        (f"rate({CALLS}[1m1h])", "literal"),
        (f'{CALLS}{{service="\\q"}}', "literal"),
        (f"{CALLS} offset 5m offset 5m", "two offsets"),
        (f"sum({CALLS}) offset 5m", "does not follow"),
        (f"1 + bool {CALLS}", "only comparisons"),
        (f"{CALLS} and on(service) group_left {CALLS}", "sets do not take"),
        ("1 + " * 4000 + "1", "nested"),
        (f'rate({CALLS}{{service=~"("}}[5m])', "regular expression"),
        ("topk(5)", "arguments"),
        ("1 > 2", "bool"),
        (f"topk(rate({CALLS}[5m]), 5)", "needed"),
        ("{}", "everything"),
    ],
)
def test_what_is_not_supported_is_said(shop, text, word):
    """An error that names what is wrong, with what there is as its hint."""
    with pytest.raises(InvalidQueryError) as caught:
        ask(shop, text)
    assert word in caught.value.detail
    assert caught.value.hint


def test_what_does_not_exist_is_empty_and_said(shop):
    """A metric that Clew does not have gives no series, as in Prometheus, and a warning beside them."""
    assert ask(shop, "rate(up[5m])") == {}
    (line,) = warnings_of(parse("rate(up[5m]) + sum(up)"))
    assert line.startswith("there is no metric 'up'")
    assert CALLS in line
    assert warnings_of(parse(f"rate({CALLS}[5m])")) == []


def test_series_labels_and_values(shop):
    """What the query builder of Grafana asks; a probe for native histograms finds none."""
    window = Window((MINUTE - 60) * S, (MINUTE + 600) * S)
    selector = parse_selector(f'{EDGES}_total{{client="web"}}')
    found = catalogue.series(shop.read(), [selector], window)
    assert found == [
        {"__name__": f"{EDGES}_total", "client": "web", "connection_type": "database", "server": "postgresql"},
        {"__name__": f"{EDGES}_total", "client": "web", "server": "shop"},
    ]
    assert catalogue.series(shop.read(), [parse_selector(f"{EDGES}_server_seconds")], window) == []
    assert catalogue.names([selector]) == ["__name__", "client", "connection_type", "server"]
    assert "le" in catalogue.names([])
    assert catalogue.values(shop.read(), "service", [], window) == ["shop", "stock"]
    assert catalogue.values(shop.read(), "span_kind", [parse_selector(CALLS)], window) == [
        "SPAN_KIND_CLIENT", "SPAN_KIND_SERVER",
    ]  # fmt: skip
    assert catalogue.values(shop.read(), "server", [selector], window) == ["postgresql", "shop"]
    assert CALLS in catalogue.values(shop.read(), "__name__", [], window)
    assert catalogue.values(shop.read(), "nothing", [], window) == []


def test_another_tenant_sees_nothing(store):
    """Every read is of one tenant."""
    assert ask(store, f"sum(rate({CALLS}[10m]))") == {}
    assert catalogue.values(store.read(), "service", [], Window(0, (MINUTE + 600) * S)) == []
