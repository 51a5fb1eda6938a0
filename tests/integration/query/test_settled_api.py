from __future__ import annotations

import itertools
import time

import httpx
import pyarrow as pa
import pytest

from clew.access import Authenticator
from clew.api import ApiDeps, create_app
from clew.derive import Settler
from clew.model import Kind, Scope
from clew.model.schema import ID128
from clew.query.reader import Reader
from clew.query.saved import SavedQueries

S = 10**9
MS = 10**6
T = (int(time.time()) // 86_400 * 86_400 - 43_200) * S
NUMBERS = itertools.count()
HOUR = {"from": str(T // MS), "to": str((T + 3600 * S) // MS)}
LATER = {"from": str((T + 7200 * S) // MS), "to": str((T + 10_800 * S) // MS)}


class NoStatus:
    """A status source before any span has come in."""

    def newest_span_ns(self):
        """Know of none."""


@pytest.fixture(scope="module")
def settled(engine, make_store, kinds, tmp_path_factory):
    """Three purchases in one hour, two of which fail at the bank; two in another, which ask a database instead."""
    make, _ = kinds
    store = make_store()
    store.scope = Scope("default")

    def purchase(number, at, **values):
        return [
            make(number, 1, T + at * S, service="web", name="buy", kind=Kind.SERVER, duration=800 * MS),
            make(
                number, 2, T + at * S + 50 * MS, parent=1, service="pay", name="pay", kind=Kind.SERVER,
                duration=400 * MS,
            ),
            make(
                number, 3, T + at * S + 100 * MS, parent=2, service="pay", name="charge", kind=Kind.CLIENT,
                duration=200 * MS, **({"version": "1"} | values),
            ),
        ]  # fmt: skip

    failed = {"peer": "bank", "status": 2, "message": "card 17 refused"}
    spans = [
        *purchase(1, 60, **failed),
        *purchase(2, 120, **(failed | {"message": "card 18 refused", "version": "2"})),
        *purchase(3, 180, peer="bank"),
        *purchase(4, 7260, peer="pg", attributes=[("db.system.name", "pg")]),
        *purchase(5, 7320, peer="pg", attributes=[("db.system.name", "pg")]),
    ]
    store.insert(spans)
    settler = Settler(engine, tmp_path_factory.mktemp("derive"), ids=lambda: f"settled-api-{next(NUMBERS)}", quiet_s=0)
    ids = sorted({span.trace_id for span in spans})
    settler.stored(
        pa.RecordBatch.from_arrays([pa.array(["default"] * len(ids)), pa.array(ids, ID128)], ["tenant", "trace_id"])
    )
    settler.settle_due()
    assert settler.stats().traces == len(ids)
    return store


@pytest.fixture
async def api(settled):
    """A client of the API over the purchases."""
    reader = Reader(settled.engine, readers=2, queue=8)
    nothing = NoStatus()
    app = create_app(ApiDeps(reader, Authenticator(), nothing, nothing, lambda: b"", SavedQueries(settled.engine)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
        yield client
    reader.close()


async def ask(api, path, **params):
    """Return the data of an answer."""
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_the_graph_of_a_range(api):
    """Edges carry calls, errors, rate and times of the range; without a second range there is nothing to compare."""
    found = await ask(api, "/graph", **HOUR)
    edges = {(one["client"], one["server"]): one for one in found["edges"]}
    assert set(edges) == {("user", "web"), ("web", "pay"), ("pay", "bank")}
    bank = edges["pay", "bank"]
    assert (bank["kind"], bank["was"], bank["change"]) == ("virtual_node", None, None)
    now = bank["now"]
    assert (now["calls"], now["n"], now["errors"]) == (3.0, 3, 2.0)
    assert now["error_share"] == pytest.approx(2 / 3)
    assert now["rate"] == pytest.approx(3 / 3600, rel=0.02)
    assert now["p50_ns"] == pytest.approx(200 * MS, rel=0.1)
    nodes = {one["name"]: (one["kind"], one["calls"], one["errors"]) for one in found["nodes"]}
    assert nodes["bank"] == ("virtual_node", 3.0, 2.0)
    assert nodes["web"] == ("service", 3.0, 0.0)


async def test_the_graph_of_two_ranges(api):
    """With a second range each edge has both figures and says whether it is new, gone or the same."""
    against = {f"vs_{name}": value for name, value in HOUR.items()}
    found = await ask(api, "/graph", **LATER, **against)
    edges = {(one["client"], one["server"]): one for one in found["edges"]}
    assert {key: one["change"] for key, one in edges.items()} == {
        ("user", "web"): "same", ("web", "pay"): "same", ("pay", "pg"): "new", ("pay", "bank"): "gone",
    }  # fmt: skip
    assert (edges["user", "web"]["now"]["calls"], edges["user", "web"]["was"]["calls"]) == (2.0, 3.0)
    assert (edges["pay", "pg"]["kind"], edges["pay", "pg"]["was"]) == ("database", None)
    assert (edges["pay", "bank"]["now"], edges["pay", "bank"]["was"]["errors"]) == (None, 2.0)
    half = await api.get("/graph", params={**LATER, "vs_from": HOUR["from"]})
    assert (half.status_code, half.json()["hint"]) == (400, "send vs_from and vs_to")


async def test_errors_and_one_of_them(api):
    """One group of two messages has its counts, times, versions and line; its detail adds all that is kept."""
    found = await ask(api, "/errors", **HOUR)
    (group,) = found["groups"]
    assert (group["service"], group["message"]) == ("pay", "card {n} refused")
    assert (group["n"], group["origins"], group["traces"]) == (2, 2, 2)
    assert (group["first_ns"], group["last_ns"]) == (str(T + 60 * S + 100 * MS), str(T + 120 * S + 100 * MS))
    assert (group["versions"], group["first_version"], sum(group["sparkline"])) == (["1", "2"], "1", 2)
    assert len(group["sparkline"]) == len(found["start_ms"])
    assert (await ask(api, "/errors", service="web", **HOUR))["groups"] == []
    assert (await ask(api, "/errors", **LATER))["groups"] == []
    detail = await ask(api, f"/errors/{group['fingerprint']}", **HOUR)
    assert detail["group"] == group
    assert (detail["all"], detail["known_since_ns"]) == (2, group["first_ns"])
    assert detail["by_version"] == [{"version": "1", "n": 1}, {"version": "2", "n": 1}]
    assert detail["examples"] == [f"{2:032x}", f"{1:032x}"]
    missing = await api.get(f"/errors/{0:016x}", params=HOUR)
    assert missing.status_code == 404


async def test_shapes_of_a_range(api):
    """All purchases of the hour have one shape, with its share, failed traces and durations."""
    (shape,) = await ask(api, "/shapes", **HOUR)
    assert (shape["root_service"], shape["root_name"], shape["services"]) == ("web", "buy", ["pay", "web"])
    assert (shape["paths"], shape["traces"], shape["errors"], shape["spans"], shape["share"]) == (3, 3, 2, 3.0, 1.0)
    assert shape["p50_ns"] == pytest.approx(800 * MS, rel=0.1)
    assert await ask(api, "/shapes", service="bank", **HOUR) == []


async def test_the_difference_of_two_traces(api):
    """All spans of two purchases are pairs without any change; an id that is none is refused."""
    answer = await api.post("/diff", json={"a": "1", "b": f"{3:032x}"})
    found = answer.json()["data"]
    assert (found["a"]["trace_id"], found["a"]["errors"], found["b"]["errors"]) == (f"{1:032x}", 1, 0)
    assert (found["matched"], found["added"], found["missing"], found["confidence"]) == (3, 0, 0, 1.0)
    assert found["rows"]["name"] == ["buy", "pay", "charge"]
    assert found["rows"]["delta_ns"] == [0, 0, 0]
    assert (await api.post("/diff", json={"a": "1", "b": "xyz"})).status_code == 400
    assert (await api.post("/diff", json={"a": "1", "b": "99"})).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "{ status = error }",
        '{ resource.service.name = "web" } >> { status = error }',
        "{ status = error } | count() > 0",
    ],
)
async def test_what_is_different_about_failed_purchases(api, query):
    """However the failed traces are asked for, their status is what no other trace has."""
    answer = await api.post("/explain", json={"sel": {"q": query}, **HOUR})
    assert answer.status_code == 200, answer.text
    found = answer.json()["data"]
    assert (found["selected"], found["baseline"], found["selected_total"]) == (2, 1, 2)
    status = next(one for one in found["differences"] if (one["key"], one["value"]) == ("status", "error"))
    assert (status["n"], status["base_n"], status["effect"], status["lift"]) == (2, 0, 1.0, None)


async def test_explain_takes_a_query_or_ids(api):
    """Listed traces are compared with a search; both at once, a metrics query and nothing found are refused."""
    ids = {"ids": [f"{1:032x}"]}
    answer = await api.post("/explain", json={"sel": ids, "base": {"q": '{ name = "buy" } > { }'}, **HOUR})
    found = answer.json()["data"]
    assert (found["selected"], found["baseline"], found["baseline_total"]) == (1, 2, 2)
    for sel, status in (({"q": "{ }", **ids}, 400), ({"q": "{ } | rate()"}, 400), ({"q": "{ .no = 1 } >> { }"}, 400)):
        assert (await api.post("/explain", json={"sel": sel, **HOUR})).status_code == status, sel
