from __future__ import annotations

import itertools
import json
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode

import pytest

S = 10**9
CALLS = "traces_spanmetrics_calls_total"


@pytest.fixture(scope="module")
def prometheus(port, connect):
    """The Prometheus API on the port of Tempo's."""
    return connect(f"http://127.0.0.1:{port}/prometheus")


def post(prometheus, path, **fields):
    """Send a form, as Grafana does by default."""
    body = urlencode(fields, doseq=True).encode()
    request = urllib.request.Request(prometheus.base + path, body)
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def test_the_data_source_is_healthy(prometheus):
    """Grafana saves a data source after `1+1` and reads what it is."""
    assert post(prometheus, "/api/v1/query", query="1+1", time="4")["data"] == {
        "resultType": "scalar",
        "result": [4, "2"],
    }
    build = prometheus.get("/api/v1/status/buildinfo").json
    assert build["status"] == "success"
    assert build["data"]["version"]


def test_the_table_beside_the_service_graph(prometheus, t0):
    """Rates of the operations in the range, as an instant query with `$__range` put in."""
    query = f'topk(5, sum(rate({CALLS}{{span_kind="SPAN_KIND_SERVER"}}[3600s])) by (span_name))'
    found = post(prometheus, "/api/v1/query", query=query, time=str(t0 // S + 600))["data"]
    assert found["resultType"] == "vector"
    assert {one["metric"]["span_name"]: float(one["value"][1]) for one in found["result"]} == {
        "GET /cart": pytest.approx(2 / 3600),
        "reserve": pytest.approx(1 / 3600),
    }
    assert found["result"][0]["metric"]["span_name"] == "GET /cart"


def test_rates_over_time_as_a_panel_asks(prometheus, t0):
    """A matrix with one value per step, values as text."""
    query = f"sum by (service) (increase({CALLS}[5m]))"
    start = t0 // S - 300
    found = post(prometheus, "/api/v1/query_range", query=query, start=str(start), end=str(start + 900), step="60")[
        "data"
    ]
    assert found["resultType"] == "matrix"
    series = {one["metric"]["service"]: one["values"] for one in found["result"]}
    assert set(series) == {"shop", "stock"}
    assert max(float(value) for _, value in series["shop"]) == 3
    times = [time for time, _ in series["shop"]]
    assert all(later - earlier == 60 for earlier, later in itertools.pairwise(times))


def test_the_probe_for_native_histograms_finds_none(prometheus, t0):
    """So Grafana asks for classic ones."""
    path = f"/api/v1/series?match[]=traces_service_graph_request_server_seconds&start={t0 // S - 60}&end={t0 // S + 60}"
    assert prometheus.get(path).json == {"status": "success", "data": []}


def test_lists_for_the_query_builder(prometheus, t0):
    """Names of metrics, labels, values and metadata."""
    window = f"start={t0 // S - 600}&end={t0 // S + 600}"
    assert CALLS in prometheus.get(f"/api/v1/label/__name__/values?{window}").json["data"]
    services = f"/api/v1/label/service/values?{window}&match[]={CALLS}"
    assert prometheus.get(services).json["data"] == ["shop", "stock"]
    assert "span_kind" in prometheus.get(f"/api/v1/labels?match[]={CALLS}").json["data"]
    assert prometheus.get("/api/v1/metadata").json["data"][CALLS][0]["type"] == "counter"
    found = prometheus.get(f"/api/v1/series?{window}&match[]={quote(CALLS)}").json["data"]
    assert {one["service"] for one in found} == {"shop", "stock"}
    assert prometheus.get("/api/v1/rules").json["data"] == {"groups": []}
    assert prometheus.get("/api/v1/query_exemplars?query=x&start=1&end=2").json["data"] == []


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/api/v1/query", "query"),
        ("/api/v1/query?query=deriv(x[5m])", "supported are"),
        ("/api/v1/series?match[]=up&limit=x", "limit"),
        ("/api/v1/query?query=1&time=x", "time"),
        ("/api/v1/query_range?query=1&start=1&end=2", "step"),
        ("/api/v1/query_range?query=1&start=2&end=1&step=1", "start"),
        ("/api/v1/query_range?query=1&start=1&end=100000&step=1", "too many"),
        ("/api/v1/series?match[]=1%2B1", "selector"),
        ("/api/v1/nothing", "there is no"),
    ],
)
def test_errors_are_prometheus_envelopes(prometheus, path, word):
    """Status error with a type and a text that names what is supported."""
    reply = prometheus.get(path)
    assert reply.status in {400, 404}
    assert reply.json["status"] == "error"
    assert reply.json["errorType"]
    assert word in reply.json["error"]


def test_the_main_port_has_the_same(clew):
    """Under `/prometheus`, beside the API."""
    assert json.loads(clew.fetch("/prometheus/api/v1/query?query=2*3"))["data"]["result"][1] == "6"
