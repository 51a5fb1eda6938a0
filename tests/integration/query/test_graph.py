from __future__ import annotations

import pyarrow as pa
import pytest

from clew.query.answer import Window
from clew.query.graph import edge_series, edges
from clew.store.tables import BY_NAME

MINUTE = 1_790_000_040
"""A whole minute, in seconds."""
S = 10**9


def edge(minute, client="web", server="pay", **values):
    """Return a row of `edges_1m`."""
    base = {
        "minute": minute,
        "client": client,
        "server": server,
        "kind": "",
        "n": 1,
        "calls": 1.0,
        "errors": 0.0,
        "client_sum": 100.0,
        "client_hist": [(27, 1.0)],
        "server_sum": 60.0,
        "server_hist": [(24, 1.0)],
        "pairs": 1.0,
        "gap_sum": 40.0,
    }
    return base | values


@pytest.fixture
def put(store):
    """Insert rows of `edges_1m`."""

    def insert(*rows):
        table = [{"tenant": store.scope.tenant, **row} for row in rows]
        batch = pa.RecordBatch.from_pylist(table, schema=BY_NAME["edges_1m"].schema)
        store.put("edges_1m", batch)

    return insert


def test_edges_add_up_over_the_minutes_of_a_window(store, put):
    """Calls of the minutes that a window touches are added, those of other minutes are left out."""
    put(edge(MINUTE), edge(MINUTE, "web", "db", kind="database", n=3, calls=3.0))
    put(edge(MINUTE + 60, errors=1.0), edge(MINUTE + 120))
    found = edges(store.read(), Window((MINUTE - 30) * S, (MINUTE + 60) * S)).data
    assert [(one.client, one.server, one.kind, one.calls, one.errors) for one in found] == [
        ("web", "db", "database", 3.0, 0.0),
        ("web", "pay", "", 2.0, 1.0),
    ]
    assert found[1].gap_ns == 40
    assert found[1].client_hist == {27: 2.0}
    assert found[1].quantile_ns(0.5) == pytest.approx(100, rel=0.1)


def test_an_edge_that_was_taken_out_again_is_gone(store, put):
    """Rows with opposite signs cancel, and nothing of them is shown."""
    out = dict.fromkeys(("calls", "pairs"), -1.0)
    put(edge(MINUTE))
    put(edge(MINUTE, n=-1, client_sum=-100.0, server_sum=-60.0, gap_sum=-40.0, client_hist=[(27, -1.0)], **out))
    assert edges(store.read(), Window(MINUTE * S - 1, MINUTE * S)).data == []


def test_edges_of_a_series_lie_in_right_closed_steps(store, put):
    """A call at the very end of a step belongs to it, and each step has only its own edges."""
    put(edge(MINUTE), edge(MINUTE + 60), edge(MINUTE + 60, "a"), edge(MINUTE + 180))
    found = edge_series(store.read(), Window((MINUTE - 60) * S + 1, (MINUTE + 180) * S), 60 * S)
    assert found.times_ns == [(MINUTE + 60 * n) * S for n in range(4)]
    assert [[one.client for one in step] for step in found.steps] == [["web"], ["a", "web"], [], ["web"]]


def test_edges_of_one_node_can_be_asked_for(store, put):
    """Calls from or to one node alone are returned."""
    put(edge(MINUTE), edge(MINUTE, "pay", "bank"), edge(MINUTE, "ops", "pay"))
    window = Window(MINUTE * S - 1, MINUTE * S)
    assert [one.server for one in edges(store.read(), window, client="pay").data] == ["bank"]
    assert [one.client for one in edges(store.read(), window, server="pay").data] == ["ops", "web"]


def test_edges_of_another_tenant_are_not_seen(make_store, put):
    """Every tenant has a graph of its own."""
    put(edge(MINUTE))
    assert edges(make_store().read(), Window(0, 2**62)).data == []
