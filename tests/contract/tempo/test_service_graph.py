from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

BY = "sum by (client, server, connection_type)"
EDGES = "traces_service_graph_request"
WAIT_S = 90


@pytest.fixture(scope="module")
def ask(port, connect, t0):
    """Return a function from a query to its values by client, server and kind of connection."""
    prometheus = connect(f"http://127.0.0.1:{port}/prometheus")

    def query(text):
        reply = prometheus.get(f"/api/v1/query?query={quote(text)}&time={t0 // 10**9 + 600}")
        assert reply.status == 200, reply.body
        found = json.loads(reply.body)["data"]["result"]
        labels = ("client", "server", "connection_type")
        return {tuple(one["metric"].get(name, "") for name in labels): float(one["value"][1]) for one in found}

    return query


@pytest.fixture(scope="module")
def settled(ask):
    """Wait until the edges of the traces are there: they come once no span of a trace has come for a while."""
    end = time.monotonic() + WAIT_S
    while not (found := ask(f"{BY} (increase({EDGES}_total[3600s]))")) and time.monotonic() < end:
        time.sleep(0.5)
    return found


def test_the_node_graph_of_grafana_has_the_calls_that_were_sent(settled):
    """One call from the shop to the stock, one to its database, two from outside."""
    assert settled == {
        ("shop", "stock", ""): 1,
        ("shop", "postgresql", "database"): 1,
        ("user", "shop", "virtual_node"): 2,
    }


def test_failed_calls_and_times_of_edges(settled, ask):
    """The database timed out after 1.5 s; the stock answered in 0.1 s."""
    assert settled
    failed = ask(f"{BY} (increase({EDGES}_failed_total[3600s]))")
    assert {edge: value for edge, value in failed.items() if value} == {("shop", "postgresql", "database"): 1}
    served = ask(f"{BY} (increase({EDGES}_server_seconds_sum[3600s]))")
    assert served[("shop", "stock", "")] == pytest.approx(0.1)
    called = ask(f"{BY} (increase({EDGES}_client_seconds_sum[3600s]))")
    assert called[("shop", "postgresql", "database")] == pytest.approx(1.5)


def test_the_quantile_of_an_edge(settled, ask):
    """As the links of the node graph ask."""
    assert settled
    buckets = f'{EDGES}_server_seconds_bucket{{server="stock"}}'
    found = ask(f"histogram_quantile(.9, sum(rate({buckets}[3600s])) by (le, client, server))")
    assert found == {("shop", "stock", ""): pytest.approx(0.1, rel=0.19)}
