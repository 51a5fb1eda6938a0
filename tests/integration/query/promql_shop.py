"""A tenant whose figures are known, and how PromQL is asked of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clew.query.promql.evaluate import evaluate
from clew.query.promql.parse import parse
from clew.query.promql.vector import Vector
from clew.store.tables import BY_NAME

MINUTE = 1_790_000_040
"""A whole minute, in seconds."""
S = 10**9
CALLS = "traces_spanmetrics_calls_total"
EDGES = "traces_service_graph_request"


def spans_of(kinds):
    """Return two spans of the shop in each of ten minutes (0.1 s; 0.2 s and failed), one of stock in the fifth."""
    span, _ = kinds
    found = []
    for number in range(10):
        at = (MINUTE + number * 60 - 30) * S
        found.append(span(number + 1, 1, at, duration=S // 10, service="shop", name="GET /", kind=2))
        found.append(span(number + 1, 2, at + 1, 1, S // 5, "shop", "SELECT", 3, 2))
    found.append(span(5, 3, (MINUTE + 4 * 60) * S, 1, S // 1000, "stock", "reserve", 2))
    return found


def stocked(store, kinds):
    """Return a tenant filled with spans and edges over ten minutes."""
    store.insert(spans_of(kinds))
    rows = [
        {
            "tenant": store.scope.tenant, "minute": MINUTE + 60 * number, "client": "web", "server": server,
            "kind": kind, "n": 4, "calls": 4.0, "errors": errors, "client_sum": 8e9, "client_hist": [(124, 4.0)],
            "server_sum": 4e9, "server_hist": [(120, 4.0)], "pairs": 4.0, "gap_sum": 4e9,
        }
        for number in range(10)
        for server, kind, errors in (("shop", "", 1.0), ("postgresql", "database", 0.0))
    ]  # fmt: skip
    store.put("edges_1m", pa.RecordBatch.from_pylist(rows, schema=BY_NAME["edges_1m"].schema))
    return store


def ask(store, text, *minutes):
    """Return what a query gives at some minutes after the first: a dict by labels, or a list of numbers."""
    times = np.array([MINUTE + 60 * one for one in minutes or (9,)], np.int64)
    found = evaluate(store.read(), parse(text), times)
    if not isinstance(found, Vector):
        return found.tolist()
    assert len(set(found.labels)) == len(found.labels)
    rows = [
        (labels, [value if there else None for value, there in zip(*row, strict=True)])
        for labels, *row in zip(found.labels, found.values.tolist(), found.there, strict=True)
    ]
    return {labels: row if minutes else row[0] for labels, row in rows if row != [None] * len(row)}
