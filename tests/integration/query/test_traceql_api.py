"""TraceQL over HTTP: rows with spansets, progress, sorting, what is wrong with a query."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from clew.access import Authenticator
from clew.api import ApiDeps, create_app
from clew.query.reader import Reader
from clew.query.saved import SavedQueries

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S


@pytest.fixture(scope="module")
def store(make_store, kinds):
    """Three traces: a shop that calls a database once, twice, and not at all."""
    from clew.model import Scope  # noqa: PLC0415

    span, _ = kinds
    store = make_store()
    store.scope = Scope("default")
    spans = []
    for number, calls in ((1, 1), (2, 2), (3, 0)):
        start = T0 + number * 60 * S
        spans.append(span(number, 1, start, duration=number * S, service="shop", name="GET /", kind=2))
        spans += [
            span(number, 2 + one, start + one, 1, S // 2, "db", "SELECT", 3, attributes=[("rows", 7 + one), ("t", "x")])
            for one in range(calls)
        ]
    store.insert(spans)
    return store


@pytest.fixture
async def api(store):
    """A client of the search routes over the store."""
    reader = Reader(store.engine, readers=2, queue=8)
    nothing = NoStatus()
    app = create_app(ApiDeps(reader, Authenticator(), nothing, nothing, lambda: b"", SavedQueries(store.engine)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
        yield client
    reader.close()


class NoStatus:
    """A status source before any span has come in."""

    def newest_span_ns(self):
        """Know of none."""


WHOLE = {"from": str(T0 // 10**6), "to": str((T0 + 3600 * S) // 10**6)}


async def test_structure_comes_with_spansets(api):
    """A query that is no conjunction gives the row of every search, and its spansets with the fields it mentions."""
    body = {"q": '{ resource.service.name = "shop" } > { span.rows > 0 }', **WHOLE}
    data = (await api.post("/search", json=body)).json()["data"]
    assert [int(one["trace_id"], 16) for one in data["traces"]] == [2, 1]
    row = data["traces"][0]
    assert (row["matched"]["count"], row["spans"], row["root_service"]) == (2, 3, "shop")
    (spanset,) = row["spansets"]
    assert spanset["matched"] == 2
    assert spanset["spans"][0]["attributes"] == [
        {"key": "resource.service.name", "type": "string", "value": "db"},
        {"key": "span.rows", "type": "int", "value": "7"},
    ]


async def test_a_conjunction_keeps_its_payload(api):
    """A plain conjunction is answered as before, without spansets."""
    data = (await api.post("/search", json={"q": "{ span.rows = 8 }", **WHOLE})).json()["data"]
    assert [(int(one["trace_id"], 16), one["spansets"]) for one in data["traces"]] == [(2, None)]


async def test_groups_and_aggregates_are_attributes(api):
    """by() and aggregates stand beside their spanset."""
    body = {"q": "{ } | by(resource.service.name) | count() > 1", **WHOLE}
    (row,) = (await api.post("/search", json=body)).json()["data"]["traces"]
    (spanset,) = row["spansets"]
    assert spanset["attributes"] == [
        {"key": "by(resource.service.name)", "type": "string", "value": "db"},
        {"key": "count()", "type": "int", "value": "2"},
    ]


async def test_sorted_pages(api):
    """A sorted search pages in its own order."""
    body = {"q": "{ kind = server } | sort(duration asc)", "limit": 2, **WHOLE}
    first = (await api.post("/search", json=body)).json()
    assert [int(one["trace_id"], 16) for one in first["data"]["traces"]] == [1, 2]
    assert first["meta"]["total"] == {"value": 3, "exact": True}
    second = (await api.post("/search", json={**body, "cursor": first["data"]["cursor"]})).json()
    assert [int(one["trace_id"], 16) for one in second["data"]["traces"]] == [3]
    assert second["data"]["cursor"] is None
    assert (await api.post("/search", json={**body, "cursor": "abc"})).status_code == 400


async def test_progress_of_a_structural_search(api):
    """The stream tells progress, traces with spansets, and the end."""
    headers = {"Accept": "application/x-ndjson"}
    body = {"q": "{ kind = server } && { kind = client }", **WHOLE}
    lines = [json.loads(one) for one in (await api.post("/search", json=body, headers=headers)).text.splitlines()]
    assert lines[0]["type"] == "progress"
    assert [len(one["trace"]["spansets"]) for one in lines if one["type"] == "trace"] == [1, 1]
    assert lines[-1]["type"] == "end"


@pytest.mark.parametrize("text", ["{ } | rate()", "{ a >", "{ } | by(name) | { } > { }"])
async def test_a_query_that_cannot_be_searched_says_so(api, text):
    """Series, broken text and relations of split spansets are refused with a hint."""
    answer = await api.post("/search", json={"q": text, **WHOLE})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_query"
    assert answer.json()["hint"]


async def test_explain(api):
    """A plan names what answers must have, and each statement what it is for and what it read."""
    body = {"q": "{ kind = server } >> { span.rows > 6 }", **WHOLE}
    answer = (await api.post("/query/explain", json=body)).json()
    assert answer["data"]["plan"][0] == "candidates: traces with ({ kind = server } and { span.rows > 6 })"
    phases = {one["phase"]: one for one in answer["data"]["steps"]}
    assert {"candidates", "bounds of candidates", "verdicts"} <= set(phases)
    assert all(one["sql"].lstrip() and one["runs"] for one in phases.values())
    assert phases["candidates"]["rows"] > 0
    assert answer["meta"]["scanned"]["rows"] >= sum(one["rows"] for one in phases.values())
    series = (await api.post("/query/explain", json={"q": "{ } | rate()", **WHOLE})).json()
    assert series["data"]["steps"]


async def test_no_text_of_a_query_stands_in_a_statement(api):
    """Keys and values reach the engine as bound parameters only."""
    text = """{ span."k'ey" = "va'lue" && resource.zo != "it's" || .x =~ "a'b.*" } | by(span."g'roup")"""
    steps = (await api.post("/query/explain", json={"q": text, **WHOLE})).json()["data"]["steps"]
    assert steps
    for word in ("k'ey", "va'lue", "it's", "a'b", "g'roup"):
        assert not any(word in one["sql"] for one in steps)
