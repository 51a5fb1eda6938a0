"""The requests of Grafana's service graph, the table beside it, its links, and of the data source that carries them."""

from __future__ import annotations

import json
import math
import time
import urllib.request
from urllib.parse import quote, urlencode

import pytest

S = 10**9
GRAPH = "traces_service_graph_request"
METRICS = (f"{GRAPH}_server_seconds_sum", f"{GRAPH}_total", f"{GRAPH}_failed_total", f"{GRAPH}_server_seconds_bucket")
SPANS = "traces_spanmetrics_calls_total"
TIME = "traces_spanmetrics_latency"
LATENCY = f"{TIME}_bucket"
PAIR = '{client="shop",server="stock"}'
FAILED, ALL = '{service="shop",status_code="STATUS_CODE_ERROR"}', '{service="shop"}'
RANGE_S = 3600
WAIT_S = 90
CALL, DATABASE, OUTSIDE = ("shop", "stock"), ("shop", "postgresql"), ("user", "shop")


@pytest.fixture(scope="module")
def prometheus(port, connect):
    """The Prometheus API on the port of Tempo's."""
    return connect(f"http://127.0.0.1:{port}/prometheus")


@pytest.fixture(scope="module")
def ask(prometheus, t0):
    """Return a function that sends an instant query as Grafana does, and returns label sets with values."""

    def query(text):
        body = urlencode({"query": text, "time": str(t0 // S + 600)}).encode()
        request = urllib.request.Request(f"{prometheus.base}/api/v1/query", body)
        request.add_header("Content-Type", "application/x-www-form-urlencoded")
        with urllib.request.urlopen(request, timeout=30) as answer:
            data = json.loads(answer.read())["data"]
        assert data["resultType"] == "vector"
        return [(one["metric"], float(one["value"][1])) for one in data["result"]]

    return query


@pytest.fixture(scope="module")
def settled(ask):
    """Wait until the calls between nodes are known, which is once no span of a trace has come for a while."""
    end = time.monotonic() + WAIT_S
    while not (found := ask(sums(METRICS[1]))) and time.monotonic() < end:
        time.sleep(0.5)
    assert found


def sums(metric, *filters, more=""):
    """Return the query of a number per edge; several filters are alternatives."""
    parts = [f"sum by (client, server{more}) (rate({metric}{one}[{RANGE_S}s]))" for one in filters or ("",)]
    return " OR ".join(parts)


def labels(metric, *filters):
    """Return the query of the kinds of edges."""
    parts = [f"group by (client, connection_type, server) ({metric}{one})" for one in filters or ("",)]
    return " OR ".join(parts)


def edges(found):
    """Return values by client and server."""
    return {(one["client"], one["server"]): value for one, value in found}


def graph(ask, *filters, more=""):
    """Return per edge what Grafana draws: milliseconds per call, calls per second, the share that failed."""
    seconds, total, failed = (edges(ask(sums(metric, *filters, more=more))) for metric in METRICS[:3])
    return {
        edge: (seconds[edge] / calls * 1000, calls, failed.get(edge, 0) / calls)
        for edge, calls in total.items()
        if calls
    }


@pytest.mark.usefixtures("settled")
def test_the_node_graph(ask):
    """A call to the stock in 100 ms, one to the database failed after 1.5 s, two came from outside in 300 and 5 ms."""
    drawn = graph(ask)
    assert drawn[CALL] == (pytest.approx(100), pytest.approx(1 / RANGE_S), 0)
    assert drawn[OUTSIDE] == (pytest.approx(152.5), pytest.approx(2 / RANGE_S), 0)
    assert drawn[DATABASE] == (pytest.approx(1500), pytest.approx(1 / RANGE_S), 1)
    assert set(drawn) == {CALL, DATABASE, OUTSIDE}
    assert graph(ask, more=", client_service_namespace, server_service_namespace") == drawn


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("metric", METRICS)
def test_what_nodes_are_instrumented(ask, metric):
    """The kind of every edge, from metrics without a range; each is 1."""
    found = ask(labels(metric))
    assert {value for _, value in found} == {1}
    kinds = {(one["client"], one["server"]): one.get("connection_type", "") for one, _ in found}
    assert kinds == {CALL: "", DATABASE: "database", OUTSIDE: "virtual_node"}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (('{client="shop"}',), {CALL, DATABASE}),
        (('{client="shop", server=~"st.*|x"}',), {CALL}),
        (('{client="shop"}', '{server="shop"}'), {CALL, DATABASE, OUTSIDE}),
        (('{server="stock"}', '{client="shop"}'), {CALL, DATABASE}),
        (('{client_deployment_environment="prod"}',), set()),
        (("{}",), {CALL, DATABASE, OUTSIDE}),
    ],
)
def test_filters_of_the_graph(ask, filters, expected):
    """Alternatives are joined by `OR`, and each edge stands once."""
    assert set(graph(ask, *filters)) == expected
    found = ask(labels(METRICS[1], *filters))
    assert {(one["client"], one["server"]) for one, _ in found} == expected
    assert len(found) == len(expected)


def test_the_table_beside_the_graph(ask):
    """Names by rate, then the rate of errors and the duration of each name that came back."""
    rate = f'topk(5, sum(rate({SPANS}{{span_kind="SPAN_KIND_SERVER"}}[{RANGE_S}s])) by (span_name))'
    names = [(one["span_name"], value * RANGE_S) for one, value in ask(rate)]
    assert names == [("GET /cart", pytest.approx(2)), ("reserve", pytest.approx(1))]
    errors = f'status_code="STATUS_CODE_ERROR",span_name=~"{"|".join(name for name, _ in names)}|SELECT"'
    found = ask(f"topk(5, sum(rate({SPANS}{{{errors}}}[{RANGE_S}s])) by (span_name))")
    assert found == [({"span_name": "SELECT"}, pytest.approx(1 / RANGE_S))]
    for name, expected in (("GET /cart", 0.3), ("reserve", 0.1)):
        buckets = f'sum(rate({LATENCY}{{span_name=~"{name}"}}[{RANGE_S}s])) by (le)'
        ((metric, value),) = ask(f"histogram_quantile(.9, {buckets})")
        assert metric == {}
        assert value == pytest.approx(expected, rel=0.19)


def test_the_table_of_a_filtered_graph(ask):
    """A node becomes a service; alternatives stand within the ranking."""
    kinds = 'span_kind="SPAN_KIND_SERVER"'
    parts = [f'sum(rate({SPANS}{{service="{one}",{kinds}}}[{RANGE_S}s])) by (span_name)' for one in ("shop", "stock")]
    for text, expected in ((parts[0], ["GET /cart"]), (" OR ".join(parts), ["GET /cart", "reserve"])):
        assert [one["span_name"] for one, _ in ask(f"topk(5, {text})")] == expected
    escaped = (
        f'topk(5, sum(rate({SPANS}{{span_name=~"GET /cart|a\\\\.b\\\\(\\"c\\"\\\\)"}}[{RANGE_S}s])) by (span_name))'
    )
    assert [one["span_name"] for one, _ in ask(escaped)] == ["GET /cart"]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("text", "label", "most"),
    [
        (f'sum by (client, server)(rate({GRAPH}_total{{client="shop",server="stock"}}[1m0s]))', "stock", 1 / 60),
        (f'sum by (client, server)(rate({GRAPH}_failed_total{{server="postgresql"}}[1m0s]))', "postgresql", 1 / 60),
        (
            f"histogram_quantile(0.9, sum(rate({METRICS[3]}{PAIR}[1m0s])) by (le, client, server))",
            "stock",
            0.1,
        ),
        (f'sum(rate({SPANS}{{span_name="GET /cart"}}[1m0s]))', None, 1 / 60),
        (f'histogram_quantile(.9, sum(rate({LATENCY}{{span_name="reserve"}}[1m0s])) by (le))', None, 0.1),
    ],
)
def test_links_of_nodes_and_rows_lead_to_ranges(prometheus, t0, text, label, most):
    """Each is a series over the time of the dashboard, with the call in its own minute."""
    start = t0 // S - 600
    reply = prometheus.get(f"/api/v1/query_range?query={quote(text)}&start={start}&end={start + 1200}&step=15")
    (series,) = reply.json["data"]["result"]
    assert series["metric"].get("server") == label
    values = [float(value) for _, value in series["values"]]
    assert max(one for one in values if not math.isnan(one)) == pytest.approx(most, rel=0.19)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f'sum(rate({SPANS}{{service="shop", span_name="GET /cart"}}[{RANGE_S}s]))', 2 / RANGE_S),
        (f'sum by (service)(increase({SPANS}{{service="shop"}}[{RANGE_S}s]))', 3),
        (
            f"sum(rate({SPANS}{FAILED}[{RANGE_S}s])) / sum(rate({SPANS}{ALL}[{RANGE_S}s]))",
            1 / 3,
        ),
        (
            f"sum(rate({TIME}_sum{ALL}[1h])) / sum(rate({TIME}_count{ALL}[1h]))",
            1.805 / 3,
        ),
    ],
)
def test_links_from_traces_to_metrics(ask, text, value):
    """Queries that people write with the tags of a span put in."""
    ((_, found),) = ask(text)
    assert found == pytest.approx(value)


def test_native_histograms_are_looked_for_and_not_there(prometheus, t0):
    """The probe finds none; a saved query that insists on them is empty, says so and spoils nothing beside it."""
    window = f"start={t0 // S - 600}&end={t0 // S + 600}"
    probe = prometheus.get(f"/api/v1/series?match[]={GRAPH}_server_seconds&limit=1&{window}")
    assert probe.json == {"status": "success", "data": []}
    text = f"histogram_quantile(.9, sum(rate(traces_spanmetrics_latency{{}}[{RANGE_S}s])) by (le))"
    reply = prometheus.get(f"/api/v1/query?query={quote(text)}&time={t0 // S + 600}")
    assert reply.status == 200
    assert reply.json["data"] == {"resultType": "vector", "result": []}
    assert "traces_spanmetrics_latency_bucket" in reply.json["warnings"][0]


@pytest.mark.usefixtures("settled")
def test_names_and_values_for_its_filters(prometheus, t0):
    """The tab looks whether the metrics are there, then lists labels and values."""
    window = f"start={t0 // S - 600}&end={t0 // S + 600}&limit=40000"
    both = quote(f'{{__name__=~"{GRAPH}_total|{SPANS}"}}')
    names = prometheus.get(f"/api/v1/labels?match[]={both}&{window}").json["data"]
    assert {"client", "server", "connection_type", "service", "span_name"} < set(names)
    values = prometheus.get(f"/api/v1/label/client/values?match[]={both}&{window}").json["data"]
    assert values == ["shop", "user"]
    narrowed = quote(f'{GRAPH}_total{{client="shop"}}')
    assert prometheus.get(f"/api/v1/label/server/values?match[]={narrowed}&{window}").json["data"] == [
        "postgresql", "stock",
    ]  # fmt: skip


def test_lists_of_the_data_source(prometheus, t0):
    """Every metric with its series, as much as a limit allows; what is cut off is said."""
    window = f"start={t0 // S - 600}&end={t0 // S + 600}"
    everything = quote('{__name__!=""}')
    found = prometheus.get(f"/api/v1/series?match[]={everything}&limit=40000&{window}").json
    assert {SPANS, LATENCY} <= {one["__name__"] for one in found["data"]}
    assert "warnings" not in found
    cut = prometheus.get(f"/api/v1/series?match[]={everything}&limit=2&{window}").json
    assert len(cut["data"]) == 2
    assert "limit" in cut["warnings"][0]
    assert prometheus.get(f"/api/v1/label/service/values?limit=1&{window}").json["data"] == ["shop"]
    named = quote(f'{{__name__="{SPANS}",service!=""}}')
    services = {one["service"] for one in prometheus.get(f"/api/v1/series?match[]={named}&{window}").json["data"]}
    assert services == {"shop", "stock"}
    assert set(prometheus.get("/api/v1/metadata?limit=1000").json["data"]) > {SPANS, LATENCY}
