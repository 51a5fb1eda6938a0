"""Random edges, random PromQL: every point equals that of a plain evaluator, in a range and alone."""

from __future__ import annotations

import itertools
import os
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from promql_evaluator import Plain, Refused, Row

from clew.query.errors import InvalidQueryError
from clew.query.promql.evaluate import evaluate
from clew.query.promql.parse import parse
from clew.query.promql.vector import Vector
from clew.store.tables import BY_NAME

MINUTE = 1_790_000_040
"""A whole minute, in seconds."""
PREFIX = "traces_service_graph_request_"
NODES, KINDS = ("a", "b", "c"), ("", "database")
LABELS = ("client", "server", "connection_type")

metrics = st.sampled_from([f"{PREFIX}total", f"{PREFIX}failed_total"])
matchers = st.sampled_from(["", '{client="a"}', '{server!="b"}', '{connection_type=""}', '{client="a",server="c"}'])
selectors = st.builds(str.__add__, metrics, matchers)
offsets = st.sampled_from(["", "", " offset 3m", " offset -2m", " offset 90s"])
rates = st.builds(
    "{}({}[{}]{})".format,
    st.sampled_from(["rate", "increase", "irate"]),
    selectors,
    st.sampled_from(["1m", "2m", "90s", "5m", "20m"]),
    offsets,
)
lists = st.lists(st.sampled_from(LABELS), unique=True, max_size=2).map(", ".join)
numbers = st.sampled_from(["0", "1", "2.5", "-1"])
matching = st.one_of(st.just(""), st.builds("{} ({})".format, st.sampled_from(["on", "ignoring"]), lists))


def deeper(inner):
    """Return expressions of series made of others."""
    grouped = st.builds("{} ({})".format, st.sampled_from(["by", "without"]), lists)
    operators = st.sampled_from(["+", "-", "*", "/", "==", "!=", ">", "<=", "== bool", "> bool"])
    sides = st.builds(
        "{} group_left ()".format, st.builds("{} ({})".format, st.sampled_from(["on", "ignoring"]), lists)
    )
    aggregates = st.sampled_from(["sum", "avg", "min", "max", "count", "group", "stddev"])
    functions = st.sampled_from(["sum", "avg", "min", "max", "count", "last", "present"])
    subqueries = st.sampled_from(["[5m:1m]", "[4m:2m]", "[3m:]", "[5m:90s] offset 1m"])
    return st.one_of(
        st.builds("{} {} ({})".format, aggregates, grouped, inner),
        st.builds("{}({})".format, aggregates, inner),
        st.builds("{} {} ({}, {})".format, st.sampled_from(["topk", "bottomk"]), grouped, st.integers(0, 3), inner),
        st.builds("({} {} {} {})".format, inner, operators, matching, inner),
        st.builds("({} {} {} {})".format, inner, operators, sides, inner),
        st.builds("({} {} {} {})".format, inner, st.sampled_from(["and", "or", "unless"]), matching, inner),
        st.builds("({} {} {})".format, inner, operators, numbers),
        st.builds("{}_over_time({}{})".format, functions, inner, subqueries),
        st.builds("(-{})".format, inner),
    )


queries = st.recursive(st.one_of(rates, rates, selectors), deeper, max_leaves=4)
moments = st.lists(st.integers(0, 35 * 60), min_size=2, max_size=6, unique=True).map(sorted)


@pytest.fixture(scope="module")
def tenant(make_store):
    """Edges between three nodes over half an hour, busy and quiet, with what the plain evaluator reads."""
    chance = random.Random(7)
    store, rows, batch = make_store(), [], []
    for client, server, kind in itertools.product(NODES, NODES, KINDS):
        for minute in range(30):
            if chance.random() > chance.choice([0.1, 0.4, 0.97]):
                continue
            calls, failed = float(chance.randint(1, 9)), float(chance.randint(0, 2))
            labels = tuple(zip(LABELS, (client, server, kind), strict=True))
            values = {f"{PREFIX}total": calls, f"{PREFIX}failed_total": failed}
            rows.append(Row(MINUTE // 60 + minute, labels, values))
            batch.append({"tenant": store.scope.tenant, "minute": MINUTE + minute * 60, "client": client,
                          "server": server, "kind": kind, "n": int(calls), "calls": calls, "errors": failed,
                          "client_sum": 0.0, "client_hist": [], "server_sum": 0.0, "server_hist": [],
                          "pairs": 0.0, "gap_sum": 0.0})  # fmt: skip
    store.put("edges_1m", pa.RecordBatch.from_pylist(batch, schema=BY_NAME["edges_1m"].schema))
    return store, Plain(rows)


def asked(store, expr, times):
    """Return the answer at each point by labels, or nothing when the query is refused."""
    try:
        found = evaluate(store.read(), expr, np.array(times, np.int64))
    except InvalidQueryError:
        return None
    assert isinstance(found, Vector)
    assert len(set(found.labels)) == len(found.labels)
    points = [{} for _ in times]
    for row, at in zip(*np.nonzero(found.there), strict=True):
        points[at][frozenset(found.labels[row])] = float(found.values[row, at])
    return points


def expected(reader, expr, times):
    """Return the same of the plain evaluator."""
    try:
        return [reader.value(expr, at) for at in times]
    except Refused:
        return None


@settings(
    max_examples=int(os.environ.get("CLEW_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(queries, moments)
def test_every_point_is_what_the_definition_says(tenant, text, seconds):
    """Values, labels and refusals agree; a point alone is what it is among others."""
    store, reader = tenant
    expr, times = parse(text), [MINUTE + one for one in seconds]
    found, told = asked(store, expr, times), expected(reader, expr, times)
    assert (found is None) is (told is None)
    event("refused" if told is None else "some" if any(told) else "none")
    if found is None or told is None:
        return
    for one, other in zip(found, told, strict=True):
        assert one == pytest.approx(other, nan_ok=True, rel=1e-9, abs=1e-9)
    alone = asked(store, expr, times[-1:])
    assert alone is not None
    assert alone[0] == pytest.approx(found[-1], nan_ok=True, rel=1e-9, abs=1e-9)
