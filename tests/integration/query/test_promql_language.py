from __future__ import annotations

import math

import pytest
from tests.integration.query.promql_shop import CALLS, EDGES, MINUTE, ask, stocked

from clew.query.errors import InvalidQueryError

GROWN = f"increase({CALLS}[10m])"
BY_SERVICE = f"sum by (service) ({GROWN})"
FAILED = f'sum by (service) (increase({CALLS}{{status_code="STATUS_CODE_ERROR"}}[10m]))'
MINUTES = f"sum(increase({CALLS}[1m]))"
"""2 in each of ten minutes, 3 in the fifth."""
SHOP, STOCK = (("service", "shop"),), (("service", "stock"),)
SERVER, CLIENT = "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"
SHOP_SERVER, SHOP_CLIENT = ((*SHOP, ("span_kind", one)) for one in (SERVER, CLIENT))
STOCK_SERVER = (*STOCK, ("span_kind", SERVER))
EDGE_FAILED = f"sum by (client, server) (increase({EDGES}_failed_total[10m]))"
EDGE_KINDS = f"sum by (server, connection_type) (increase({EDGES}_total[10m]))"


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """A tenant with spans and edges over ten minutes."""
    return stocked(make_store(), kinds)


def same(found, expected):
    """Return whether answers agree, NaN with NaN."""
    return found.keys() == expected.keys() and all(
        value == pytest.approx(expected[labels], nan_ok=True) for labels, value in found.items()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BY_SERVICE} > 5 or vector(7)", {SHOP: 20, (): 7}),
        (f"{BY_SERVICE} OR {FAILED}", {SHOP: 20, STOCK: 1}),
        (f"{FAILED} or {BY_SERVICE}", {SHOP: 10, STOCK: 1}),
        (f"{BY_SERVICE} and {FAILED}", {SHOP: 20}),
        (f"{BY_SERVICE} Unless {FAILED}", {STOCK: 1}),
        (f"{BY_SERVICE} and on () vector(1)", {SHOP: 20, STOCK: 1}),
        (f"{BY_SERVICE} unless ignoring (service) vector(1)", {}),
        (f"{FAILED} or on () {BY_SERVICE}", {SHOP: 10}),
        (f"{FAILED} or {BY_SERVICE} unless {BY_SERVICE}", {SHOP: 10}),
        (f"({FAILED} or {BY_SERVICE}) unless {FAILED}", {STOCK: 1}),
        (f"{FAILED} or {BY_SERVICE} > 100", {SHOP: 10}),
    ],
)
def test_sets_of_series(shop, text, expected):
    """Union, intersection and difference by labels, `or` after `and` and `unless`, those after comparisons."""
    assert ask(shop, text) == expected


def test_sets_are_taken_at_every_point_on_its_own(shop):
    """The stock is there from its first minute on; before that, the other side counts."""
    stock = f'sum by (service) (increase({CALLS}{{service="stock"}}[1m]))'
    other = 'label_replace(vector(9), "service", "stock", "", "")'
    assert ask(shop, f"{stock} or {other}", 3, 4, 5) == {STOCK: [9, 1, 0]}
    assert ask(shop, f"{other} unless {stock}", 3, 4, 5) == {STOCK: [9, None, None]}
    assert ask(shop, f"{other} and {stock}", 3, 4, 5) == {STOCK: [None, 9, 9]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{FAILED} / {BY_SERVICE}", {SHOP: 0.5}),
        (
            f"sum by (service, status_code) ({GROWN}) / on (service) group_left () {BY_SERVICE}",
            {
                (*SHOP, ("status_code", "STATUS_CODE_UNSET")): 0.5,
                (*SHOP, ("status_code", "STATUS_CODE_ERROR")): 0.5,
                (*STOCK, ("status_code", "STATUS_CODE_UNSET")): 1,
            },
        ),
        (
            f"{BY_SERVICE} - ignoring (span_kind) group_right sum by (service, span_kind) ({GROWN})",
            {SHOP_SERVER: 10, SHOP_CLIENT: 10, STOCK_SERVER: 0},
        ),
        (
            f"{EDGE_FAILED} * on (server) group_left (connection_type) {EDGE_KINDS}",
            {
                (("client", "web"), ("server", "shop")): 400,
                (("client", "web"), ("connection_type", "database"), ("server", "postgresql")): 0,
            },
        ),
        (f"sum by (service, span_kind) ({GROWN}) > on (service) group_left {BY_SERVICE} / 3", {
            SHOP_SERVER: 10, SHOP_CLIENT: 10, STOCK_SERVER: 1,
        }),
        (f"{BY_SERVICE} < on (service) group_right sum by (service, span_kind) ({GROWN}) * 3", {
            SHOP_SERVER: 20, SHOP_CLIENT: 20, STOCK_SERVER: 1,
        }),
        (f"sum({GROWN}) + on () sum({FAILED})", {(): 31}),
        (f"{BY_SERVICE} * ignoring (service) group_left sum({GROWN})", {SHOP: 420, STOCK: 21}),
    ],
)  # fmt: skip
def test_series_are_matched_by_labels(shop, text, expected):
    """One to one by equal labels, `on` or `ignoring`; one to many with `group_left` and `group_right`."""
    assert ask(shop, text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"{BY_SERVICE} / on (service) sum by (service, span_kind) ({GROWN})", "on the right match the same"),
        (f"sum by (service, span_kind) ({GROWN}) / on (service) {BY_SERVICE}", "on the left match the same"),
        (f"{BY_SERVICE} / on () group_left sum by (service, span_kind) ({GROWN})", "on the right match the same"),
        (f'label_replace({BY_SERVICE}, "service", "x", "", "")', "same labels"),
        ('rate({__name__=~"traces_spanmetrics_(calls_total|latency_count)"}[5m])', "same labels"),
        (f"max_over_time({BY_SERVICE}[1y:1m])", "subquery has"),
        (f"max_over_time({CALLS}[10000m:1m] @ 0) + on (service) {CALLS}[1h]", "range stands"),
        ('label_replace(vector(1), "a b", "x", "", "")', "no name of a label"),
        ('label_replace(vector(1), "a", "x", "", "(")', "regular expression"),
        (f"{CALLS} + on (service) 1", "beside a number"),
        (rf'{CALLS}{{service="\ud800"}}', "literal"),
        (rf'{CALLS}{{service="\U00110000"}}', "literal"),
        ("0x" + "f" * 400, "literal"),
        (f"{CALLS} @ 0x{'f' * 400}", "literal"),
        (f"{CALLS}[1e400]", "too long"),
    ],
)
def test_what_has_no_meaning_is_refused(shop, text, word):
    """With what would have one."""
    with pytest.raises(InvalidQueryError) as caught:
        ask(shop, text)
    assert word in caught.value.detail
    assert caught.value.hint


def test_a_metric_without_a_range_is_what_it_grew_by_in_a_day(shop):
    """It keeps its name, which arithmetic drops and a comparison does not, and lives for a day after its last row."""
    stock = f'{CALLS}{{service="stock"}}'
    labels = (*STOCK, ("span_kind", SERVER), ("span_name", "reserve"), ("status_code", "STATUS_CODE_UNSET"))
    named = (("__name__", CALLS), *labels)
    assert ask(shop, stock, 3, 4, 1443, 1444) == {named: [None, 1, 1, None]}
    assert ask(shop, f"{stock} > 0") == {named: 1}
    assert ask(shop, f"{stock} > bool 0") == {labels: 1}
    assert ask(shop, f"-{stock}") == {labels: -1}
    assert ask(shop, f"sum({CALLS})") == {(): 21}
    assert ask(shop, f"count by (__name__) ({CALLS})") == {(("__name__", CALLS),): 3}
    assert ask(shop, f"histogram_quantile(0.9, sum by (le) ({EDGES}_server_seconds_bucket))") == {
        (): pytest.approx(2**30 / 1e9, rel=0.19)
    }


def test_the_labels_of_edges_as_grafana_asks_for_them(shop):
    """`group` is 1 for whatever there is, of buckets too."""
    expected = {
        (("client", "web"), ("server", "shop")): 1,
        (("client", "web"), ("connection_type", "database"), ("server", "postgresql")): 1,
    }
    for metric in ("total", "failed_total", "server_seconds_sum", "server_seconds_bucket"):
        assert ask(shop, f"group by (client, connection_type, server) ({EDGES}_{metric})") == expected
    assert ask(shop, f'group by (server) ({EDGES}_server_seconds_bucket{{le="+Inf"}})').keys() == {
        (("server", "shop"),), (("server", "postgresql"),),
    }  # fmt: skip
    assert ask(shop, f'group by (server) ({EDGES}_server_seconds_bucket{{le="x"}})') == {}


def test_a_point_does_not_depend_on_the_others(shop):
    """A series is 0 for 15 minutes after its last row and then no more, in a range as in a single point."""
    text = f'sum by (service) (rate({CALLS}{{service="stock"}}[1m]))'
    minutes = (3, 4, 5, 18, 19)
    assert ask(shop, text, *minutes) == {STOCK: [None, 1 / 60, 0, 0, None]}
    assert [ask(shop, text, one).get(STOCK) for one in minutes] == [None, [1 / 60], [0], [0], None]
    assert ask(shop, text.replace("1m", "20m"), 23, 24) == {STOCK: [1 / 1200, None]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"sum(increase({CALLS}[90s]))", 3),
        (f"sum(rate({CALLS}[90s]))", 4 / 120),
        (f"sum(rate({CALLS}[1s]))", 2 / 60),
        (f"sum(increase({CALLS}[1h30m]))", 21),
        (f"sum(increase({CALLS}[600]))", 21),
        (f"sum(irate({CALLS}[5m]))", 2 / 60),
        (f"sum(irate({CALLS}[5m] offset 5m))", 3 / 60),
        (f"sum(increase({CALLS}[1m] @ {MINUTE + 240}))", 3),
        (f"sum(increase({CALLS}[1m] offset 4m @ {MINUTE + 480}))", 3),
        (f"sum(increase({CALLS}[1m] @ end() offset 5m))", 3),
    ],
)
def test_ranges_and_where_they_lie(shop, text, value):
    """Whole minutes are read; a range between them is their growth in proportion. `irate` is the last minute."""
    assert ask(shop, text) == {(): pytest.approx(value)}


def test_edges_of_the_range_that_is_asked_for(shop):
    """`start()` and `end()` are those of the whole query, in a subquery too."""
    assert ask(shop, MINUTES.replace("[1m]", "[1m] @ start()"), 4, 5, 6) == {(): [3, 3, 3]}
    assert ask(shop, MINUTES.replace("[1m]", "[1m] @ end()"), 3, 4) == {(): [3, 3]}
    inner = MINUTES.replace("[1m]", "[1m] @ end()")
    assert ask(shop, f"sum_over_time({inner}[3m:1m])", 3, 4) == {(): [9, 9]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"max_over_time({MINUTES}[10m:1m])", 3),
        (f"min_over_time({MINUTES}[10m:1m])", 2),
        (f"avg_over_time({MINUTES}[10m:])", 2.1),
        (f"sum_over_time({MINUTES}[10m:1m])", 21),
        (f"count_over_time({MINUTES}[10m:2m])", 5),
        (f"last_over_time({MINUTES}[10m:1m] offset 5m)", 3),
        (f"first_over_time({MINUTES}[6m:1m])", 3),
        (f"stdvar_over_time({MINUTES}[10m:1m])", 0.09),
        (f"stddev_over_time({MINUTES}[10m:1m])", 0.3),
        (f"quantile_over_time(0.95, {MINUTES}[10m:1m])", 2.55),
        (f"quantile_over_time(0.5, {MINUTES}[10m:1m])", 2),
        (f"present_over_time({MINUTES}[10m:1m])", 1),
        (f"max_over_time(sum_over_time({MINUTES}[2m:1m])[5m:1m])", 5),
        (f"max_over_time({MINUTES}[3m:1m] @ {MINUTE + 240})", 3),
    ],
)
def test_functions_over_subqueries(shop, text, value):
    """Points stand at multiples of the step, those within the range count."""
    assert ask(shop, text) == {(): pytest.approx(value)}


def test_subqueries_over_time(shop):
    """Every point has its own window of points; where there are none, there is none."""
    assert ask(shop, f"sum_over_time({MINUTES}[2m:1m])", -1, 0, 1, 4, 5) == {(): [None, 2, 4, 5, 5]}
    stock = f'present_over_time({CALLS}{{service="stock"}}[2m])'
    (found,) = ask(shop, stock, 3, 4, 5, 6).values()
    assert found == [None, 1, 1, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('absent(up{job="x", pod=~".+", a!="b"})', {(("job", "x"),): 1}),
        ('absent(up{job="x", job="y"})', {(): 1}),
        (f"absent({CALLS})", {}),
        (f'absent({CALLS}{{service="none"}})', {(("service", "none"),): 1}),
        ('absent(sum(up{job="x"}))', {(): 1}),
        (f'absent_over_time({CALLS}{{service="stock"}}[2m])', {STOCK: 1}),
        (f'absent_over_time({CALLS}{{service="stock"}}[6m])', {}),
        (f"absent_over_time({MINUTES}[5m:1m])", {}),
    ],
)
def test_absence(shop, text, expected):
    """1 where there is no series, with the labels that were asked for exactly."""
    assert ask(shop, text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abs(vector(-2))", 2), ("ceil(vector(1.2))", 2), ("floor(vector(-1.2))", -2), ("sqrt(vector(9))", 3),
        ("exp(vector(0))", 1), ("ln(vector(0))", -math.inf), ("log2(vector(8))", 3), ("log10(vector(-1))", math.nan),
        ("sgn(vector(-3))", -1), ("round(vector(2.5))", 3), ("round(vector(-2.5))", -2), ("round(vector(7), 5)", 5),
        ("clamp(vector(5), 1, 3)", 3), ("clamp_min(vector(5), 6)", 6), ("clamp_max(vector(5), 2)", 2),
        ("vector(1) / 0", math.inf), ("vector(0) / 0", math.nan), ("-vector(1) / 0", -math.inf),
        ("-vector(7) % 4", -3), ("vector(1) atan2 1", math.pi / 4), ("vector(scalar(vector(4)))", 4),
        ("vector(scalar(up))", math.nan), ("vector(time())", MINUTE + 540), ("vector(2) ^ 0.5", 2**0.5),
        ("sum(vector(0) / 0 or on (x) vector(1))", math.nan), ("count(vector(0) / 0)", 1),
        ("vector(NaN) != 1", math.nan),
        ("vector(NaN) == bool NaN", 0), ("max(label_replace(vector(NaN), 'a', 'b', '', '') or vector(1))", 1),
        ("quantile(0.5, vector(3))", 3), ("quantile(2, vector(3))", math.inf), ("quantile(-1, vector(3))", -math.inf),
    ],
)  # fmt: skip
def test_functions_of_values(shop, text, value):
    """NaN is a value like others, infinities are kept."""
    assert same(ask(shop, text), {(): value})


@pytest.mark.parametrize("text", ["clamp(vector(5), 3, 1)", "vector(NaN) == NaN", "vector(NaN) > 1", "vector(1) > 1"])
def test_nothing_is_left(shop, text):
    """Limits the wrong way round, comparisons that do not hold."""
    assert ask(shop, text) == {}


@pytest.mark.parametrize(
    ("call", "service", "made"),
    [
        ('"team", "$1-team", "service", "(.*)"', "shop", "shop-team"),
        ('"team", "${first}x$$", "service", "(?P<first>s)(.+)"', "shop", "sx$"),
        ('"team", "$2$9$firsty", "service", "(?:s)(?P<first>h)([(]?o)p"', "shop", "o"),
        ('"team", "x", "service", "sho"', "shop", None),
        ('"service", "", "service", "shop"', None, None),
        ('"team", `a\\1`, "nothing", ""', "shop", "a\\1"),
    ],
)
def test_label_replace(shop, call, service, made):
    """A pattern must match the whole value; groups have numbers and names; an empty value takes the label away."""
    found = ask(shop, f"label_replace({FAILED}, {call})")
    ((labels, value),) = found.items()
    assert value == 10
    assert (dict(labels).get("service"), dict(labels).get("team")) == (service, made)


def test_label_join(shop):
    """Values with a separator; absent labels are empty."""
    by = f"sum by (service, span_kind) (increase({CALLS}{{span_kind='{CLIENT}'}}[10m]))"
    assert ask(shop, f'label_join({by}, "both", "/", "service", "none", "span_kind")') == {
        (("both", f"shop//{CLIENT}"), *SHOP, ("span_kind", CLIENT)): 10
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"stdvar({GROWN})", {(): 18}),
        (f"stddev({GROWN})", {(): 18**0.5}),
        (f"quantile(0.25, {GROWN})", {(): 5.5}),
        (f"quantile by (service) (0.5, {GROWN})", {SHOP: 10, STOCK: 1}),
        (f"group({GROWN})", {(): 1}),
        (f"AVG BY (service) ({GROWN})", {SHOP: 10, STOCK: 1}),
        (f"count without (span_name, span_kind, status_code) ({GROWN})", {SHOP: 2, STOCK: 1}),
        (f"sum without (span_kind, status_code, span_name) ({CALLS})", {SHOP: 20, STOCK: 1}),
        ("sum(up)", {}),
        ("topk(3, up)", {}),
    ],
)
def test_aggregates(shop, text, expected):
    """Of the values 10, 10 and 1."""
    assert same(ask(shop, text), expected)


def test_ranks(shop):
    """Ties go to the smaller labels, NaN comes last, each group has its own places; `sort` orders single points."""
    by = f"sum by (service, span_kind) ({GROWN})"
    assert list(ask(shop, f"topk(1, {by})")) == [SHOP_CLIENT]
    assert list(ask(shop, f"topk by (service) (1, {by})")) == [SHOP_CLIENT, STOCK_SERVER]
    assert list(ask(shop, f"bottomk(2, {by})")) == [STOCK_SERVER, SHOP_CLIENT]
    assert ask(shop, f"topk(0, {by})") == ask(shop, f"topk(-1, {by})") == {}
    odd = "label_replace(vector(NaN), 'a', 'b', '', '') or vector(1)"
    assert same(ask(shop, f"topk(1, {odd})"), {(): 1})
    assert same(ask(shop, f"bottomk(1, {odd})"), {(): 1})
    assert list(ask(shop, f"sort({by})")) == [STOCK_SERVER, SHOP_CLIENT, SHOP_SERVER]
    assert list(ask(shop, f"sort_desc({BY_SERVICE})")) == [SHOP, STOCK]


@pytest.mark.parametrize(
    ("quantile", "more", "value"),
    [
        ("-1", "", -math.inf),
        ("2", "", math.inf),
        ("NaN", "", math.nan),
        ("0.5", ',le!="+Inf"', math.nan),
        ("0.5", ',le="+Inf"', math.nan),
    ],
)
def test_quantiles_of_odd_histograms(shop, quantile, more, value):
    """Beyond 0 and 1 they are infinite; without a last bucket, or with nothing else, there is none."""
    bucket = f'sum by (le) (rate(traces_spanmetrics_latency_bucket{{service="shop"{more}}}[10m]))'
    assert same(ask(shop, f"histogram_quantile({quantile}, {bucket})"), {(): value})


def test_a_quiet_histogram_has_no_quantile(shop):
    """It is there, and NaN."""
    bucket = 'traces_spanmetrics_latency_bucket{service="stock"}'
    assert same(ask(shop, f"histogram_quantile(0.5, sum by (le) (rate({bucket}[1m])))"), {(): math.nan})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("2 ^ -1", 0.5), ("1 + 2 * 3 ^ 2 % 5", 4), ("2 * -3", -6), ("1 - -1", 2),
        ("1 == bool 1 + 0", 1), ("1 < bool 2 == bool 1", 1), ("0x1F", 31), ("1e3", 1000), (".5", 0.5), ("5.", 5),
        ("+Inf", math.inf), ("-inf", -math.inf), ("1h30m", 5400), ("1d12h", 129_600), ("10ms", 0.01), ("(1)", 1),
        ("scalar(vector(3)) + 1", 4), ("time() - time()", 0), ("1 # a comment\n+ 1", 2),
    ],
)  # fmt: skip
def test_numbers_and_precedence(shop, text, value):
    """Powers group from the right and come before signs; comparisons come last."""
    assert ask(shop, text) == [pytest.approx(value)]


@pytest.mark.parametrize(
    "text",
    [
        r"""{__name__="traces_spanmetrics_calls_total", span_name="GET \x2f"}""",
        r"""{__name__=~"traces_.*_calls_total", span_name='GET \u002f'}""",
        r"""{"traces_spanmetrics_calls_total", "span_name"=~"GET \\/"}""",
        r"""traces_spanmetrics_calls_total{span_name=`GET /`,}""",
        r"""traces_spanmetrics_calls_total{span_name="\107ET /"}""",
        r"""{__name__=~"(\\w+)+calls_total", span_name=~"(G+)+ET /", service=~"(s|sh|h|o|p)+"}""",
    ],
)
def test_texts_and_names_of_metrics(shop, text):
    """Escapes are those of Go, names may be matchers, quoted or patterns that never take long."""
    assert ask(shop, f"sum({text})") == {(): 10}
