from __future__ import annotations

import asyncio
import json
import socket
import struct
import time

import httpx
import pytest
from fastapi.responses import Response

from clew.access import Authenticator
from clew.api import ApiDeps, create_app
from clew.api.answers import Ask
from clew.config.tokens import TokenConfig
from clew.query.reader import Reader
from clew.query.saved import SavedQueries
from clew.service.web_server import WebServer

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S + 123_456_789  # nanoseconds that no datetime holds
TRACE = 0x00F0000000000000000000000000ABCD


SETTLING = {
    "traces": 0, "spans": 0, "again": 0, "inexact": 0, "pending": 0, "lag_s": 0, "days_to_check": 0, "errors": 0,
    "last_error": "", "failing": False,
}  # fmt: skip


class State:
    """A status source and actions as `service` would give them, without a pipeline behind."""

    def __init__(self):
        self.deleted = []

    def report(self):
        """Return a state in which nothing has happened."""
        ledger = dict.fromkeys(("received", "stored", "pending", "sampled_out", "rejected", "lost"), 0)
        ledger |= {"rejected_by": {}, "lost_by": {}}
        return {
            "ready": True, "version": "1", "checks": [], "ledger": ledger, "logs": ledger, "requests_refused": {},
            "journal": {"bytes": 0, "max_bytes": 1, "segments": 0, "quarantined": 0, "oldest_age_s": 0},
            "lag_s": 0,
            "disk": {"data_bytes": 0, "free_bytes": 1, "max_bytes": None, "reserve_bytes": 0, "by_table": {}},
            "engine": {"kind": "embedded", "version": "26"}, "settling": SETTLING, "uptime_s": 1, "newest_span_ns": T0,
        }  # fmt: skip

    def ready(self):
        """Be ready."""
        return True, ""

    def newest_span_ns(self):
        """Return a time."""
        return T0

    def pending_trace(self, scope, trace_id):
        """Know nothing."""
        del scope, trace_id

    def delete_trace(self, scope, trace_id):
        """Note what was deleted."""
        self.deleted.append((scope, trace_id))
        return 1 if trace_id[-1] == 0xCD else 0

    def keep_trace(self, scope, trace_id, bodies):
        """Keep nothing."""
        del scope, trace_id, bodies

    def retry_quarantined(self):
        """Have nothing to retry."""
        return 0

    def backup(self, path):
        """Take any path."""
        del path


def application(store, authenticator=None, **more):
    """Return the API over a store."""
    state = State()
    reader = Reader(store.engine, readers=2, queue=8)
    deps = ApiDeps(
        reader,
        authenticator or Authenticator(),
        state,
        state,
        lambda: b"clew_up 1\n",
        SavedQueries(store.engine),
        **more,
    )
    return create_app(deps)


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """One trace of four spans, one of them an orphan, in the default tenant."""
    from clew.model import Scope  # noqa: PLC0415

    span, event = kinds
    store = make_store()
    store.scope = Scope("default")
    store.insert(
        [
            span(TRACE, 0xA1, T0, duration=4 * S, service="shop", name="GET /", kind=2, resource=[("zone", "a")]),
            span(
                TRACE, 0xA2, T0 + S, 0xA1, 2 * S, "db", "SELECT", 3, status=2, message="no connection",
                attributes=[
                    ("rows", 2**60), ("f", float("nan")), ("list", ["x", "y"]), ("any", ('{"bytesValue":"AA=="}',)),
                ],
                events=[event("exception", [("exception.type", "Timeout")], T0 + 2 * S)],
                links=[event("", [("why", "retry")], 0, (5).to_bytes(16, "big"), 9)], marks=2,
            ),
            span(TRACE, 0xA3, T0 + S, 0xA1, S, "cache", "get"),
            span(TRACE, 0xA4, T0 + 3 * S, 0xFF, S, "mail", "send"),
            span(
                6, 1, T0 + 60 * S, duration=S, service="other",
                links=[event("", [], 0, TRACE.to_bytes(16, "big"), 0xA2)],
            ),
        ]
    )  # fmt: skip
    store.catalogue(
        T0 // S // 86_400,
        [("span", "rows", "int", "5"), ("span", "list", "str", "x"), ("resource", "zone", "str", "a")],
        {"rows"},
    )
    return store


@pytest.fixture
async def api(shop):
    """A client of the API over the shop."""
    app = application(shop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
        yield client
    app.state.deps.reader.close()


async def test_search_as_json_and_as_a_stream(api):
    """Both forms give the same rows; the stream says how it goes and ends with the meta."""
    body = {"q": '{ resource.service.name = "db" && status = error }', "from": str(T0 // 10**6), "to": "now"}
    answer = await api.post("/search", json=body)
    assert answer.status_code == 200, answer.text
    assert "engine;dur=" in answer.headers["server-timing"]
    plain = answer.json()
    row = plain["data"]["traces"][0]
    assert row["trace_id"] == f"{TRACE:032x}"
    assert row["start_ns"] == str(T0)
    assert row["matched"]["spans"][0]["span_id"] == f"{0xA2:016x}"
    assert plain["meta"]["total"] == {"value": 1, "exact": True}
    assert plain["meta"]["fresh_ns"] == str(T0)
    stream = await api.post("/search", json=body, headers={"accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in stream.text.splitlines()]
    assert [line["type"] for line in lines if line["type"] != "progress"] == ["trace", "end"]
    assert lines[-2]["trace"] == row
    assert lines[-1]["meta"]["total"] == {"value": 1, "exact": True}


async def test_summary(api):
    """The summary counts spans, services, roots and missing parents, and points at where the error began."""
    data = (await api.get(f"/traces/{TRACE:x}/summary")).json()["data"]
    assert (data["spans"], data["errors"], data["roots"], data["missing_parents"], data["depth"]) == (4, 1, 1, 1, 2)
    assert data["root"]["name"] == "GET /"
    assert data["suggested_span"] == f"{0xA2:016x}"
    assert data["state"] == "partial"
    own = {one["service"]: one["self_ns"] for one in data["services"]}
    assert own == {"shop": 2 * S, "db": 2 * S, "cache": S, "mail": S}


def decode(payload):
    """Read a stream of blocks."""
    at, found = 0, []
    while at < len(payload):
        (size,) = struct.unpack_from("<I", payload, at)
        block = payload[at + 4 : at + 4 + size]
        at += 4 + size
        assert block[:4] == b"SCP1"
        (length,) = struct.unpack_from("<I", block, 4)
        head = json.loads(block[8 : 8 + length])
        codes = {"u8": "B", "u16": "H", "u32": "I", "f64": "d"}
        columns = {}
        for column in head["cols"]:
            assert column["off"] % 8 == 0
            raw = block[column["off"] : column["off"] + column["len"]]
            columns[column["name"]] = (
                [raw[i : i + 8].hex() for i in range(0, len(raw), 8)]
                if column["type"] == "b8"
                else list(struct.unpack(f"<{head['rows']}{codes[column['type']]}", raw))
            )
        found.append((head, columns))
    return found


async def test_spans_as_columns(api):
    """Rows come in pre-order with their depth; an orphan stands under a placeholder for its missing parent."""
    path = f"/traces/{TRACE:x}/spans"
    ((head, columns),) = decode((await api.get(path, headers={"accept": "application/x-spancols"})).content)
    names = [head["dict"]["name"][index] for index in columns["name"]]
    assert names == ["GET /", "SELECT", "get", "missing parent", "send"]
    assert columns["depth"] == [0, 1, 1, 0, 1]
    assert columns["start"] == [0, S, S, 3 * S, 3 * S]
    assert columns["kst"][1] == 3 | 2 << 3
    assert columns["flags"] == [0, 0b10_1100_0011 | 1 << 9, 0, 1 << 4, 1 << 3]
    assert (head["t0"], head["total"]) == (str(T0), 5)
    ((_, ids),) = decode((await api.get(f"{path}?cols=id", headers={"accept": "application/x-spancols"})).content)
    assert [int(one, 16) for one in ids["id"]] == [0xA1, 0xA2, 0xA3, 0xFF, 0xA4]
    plain = (await api.get(path)).json()["data"]
    assert plain["columns"]["depth"] == columns["depth"]
    arrow = await api.get(path, headers={"accept": "application/vnd.apache.arrow.stream"})
    import pyarrow as pa  # noqa: PLC0415

    table = pa.ipc.open_stream(arrow.content).read_all()
    assert table.column("name").to_pylist() == names


async def test_span_detail(api):
    """A span's detail holds typed attributes, events, links in both directions, its resource and its marks."""
    data = (await api.get(f"/traces/{TRACE:x}/spans/a2")).json()["data"]
    assert data["span"]["parent_id"] == f"{0xA1:016x}"
    assert data["span"]["end_ns"] == str(T0 + 3 * S)
    assert data["attributes"] == [
        {"key": "any", "type": "any", "value": {"bytesValue": "AA=="}},
        {"key": "f", "type": "float", "value": "NaN"},
        {"key": "list", "type": "string[]", "value": ["x", "y"]},
        {"key": "rows", "type": "int", "value": str(2**60)},
    ]
    event = {"key": "exception.type", "type": "string", "value": "Timeout"}
    assert data["events"] == [{"time_ns": str(T0 + 2 * S), "name": "exception", "attributes": [event], "dropped": 0}]
    assert data["links"][0]["trace_id"] == f"{5:032x}"
    assert data["linked_from"] == [{"trace_id": f"{6:032x}", "span_id": f"{1:016x}", "service": "other", "name": "op"}]
    assert data["resource"]["attributes"][0]["value"] == "db"
    assert data["marks"] == ["redacted"]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"q": "{ status = error }"}, [1]),
        ({"text": "timeout"}, [1]),
        ({"text": "SEL"}, [1]),
        ({"q": "{ }"}, [0, 1, 2, 4]),
    ],
)
async def test_match(api, body, rows):
    """Matches are rows of the columnar payload."""
    answer = await api.post(f"/traces/{TRACE:x}/match", json=body)
    assert answer.json()["data"]["rows"] == rows, answer.text


@pytest.mark.parametrize(
    "text", ["f0000000000000000000000000abcd", "00F0000000000000000000000000ABCD", "0f0000000000000000000000000abcd"]
)
async def test_trace_ids_are_padded(api, text):
    """An id without its leading zeros, in any case and of odd length, is the same trace; `where` says so."""
    assert (await api.get(f"/traces/{text}/summary")).json()["data"]["trace_id"] == f"{TRACE:032x}"
    where = (await api.get(f"/traces/{text}/where")).json()["data"]
    assert (where["state"], where["normalised"]) == ("stored", True)


async def test_services_operations_red_histogram(api):
    """Counts per service, operation and step come out of the rollups and of the spans alike."""
    for first in ("now-14m", "now-3h"):
        window = {
            "from": str(T0) if first == "now-14m" else first,
            "to": str(T0 + 600 * S) if first == "now-14m" else "now",
        }
        found = (await api.get("/services", params=window)).json()["data"]
        assert {one["service"]: (one["spans"], one["errors"]) for one in found} == {
            "shop": (1, 0), "db": (1, 1), "cache": (1, 0), "mail": (1, 0), "other": (1, 0),
        }  # fmt: skip
        (operation,) = (await api.get("/services/db/operations", params=window)).json()["data"]
        assert (operation["name"], operation["kind"], operation["spans"]) == ("SELECT", "client", 1)
        assert abs(operation["p95_ns"] / (2 * S) - 1) < 0.1
        for step in (60, 10):
            red = (await api.get("/red", params={**window, "service": "db", "step_s": step})).json()["data"]
            assert (sum(red["n"]), sum(red["errors"]) * step) == (1, 1)
            params = {**window, "by": "service", "step_s": step}
            every = (await api.get("/red", params=params)).json()["data"]
            assert every["n"] == []
            assert {"cache", "db", "mail", "other"} <= {one["service"] for one in every["series"]}
            (ours,) = (one for one in every["series"] if one["service"] == "db")
            assert {key: ours[key] for key in ours if key != "service"} == {key: red[key] for key in ours if key in red}
        body = {"q": "{ kind = client }", **window}
        histogram = (await api.post("/histogram", json=body)).json()["data"]
        assert (sum(histogram["total"]), sum(histogram["errors"])) == (1, 1)
        below = {"q": "{ } >> { kind = client }", **window}
        answer = (await api.post("/histogram", json=below)).json()
        assert (sum(answer["data"]["total"]), answer["meta"]["sampled"]) == (1, None)


async def test_metrics_queries_give_typed_series(api):
    """Series have typed labels, a value per point, and exemplars; the answer says where it was read from."""
    body = {
        "q": "{ status = error } | count_over_time() by (resource.service.name, span.rows)",
        "from": str(T0), "to": str(T0 + 120 * S), "step": "30s", "exemplars": 10,
    }  # fmt: skip
    answer = await api.post("/metrics/query", json=body)
    assert answer.status_code == 200, answer.text
    data, meta = answer.json()["data"], answer.json()["meta"]
    assert data["step_ms"] == 30_000
    assert [one % 30_000 for one in data["times_ms"]] == [0] * len(data["times_ms"])
    (series,) = data["series"]
    assert series["labels"] == [
        {"key": "resource.service.name", "type": "string", "value": "db"},
        {"key": "span.rows", "type": "int", "value": str(2**60)},
    ]
    assert sum(series["values"]) == 1
    (exemplar,) = series["exemplars"]
    assert (exemplar["trace_id"], exemplar["span_id"]) == (f"{TRACE:032x}", f"{0xA2:016x}")
    assert {"key": "span.rows", "type": "int", "value": str(2**60)} in exemplar["labels"]
    assert data["sources"][0]["table"] == "spans"
    assert meta["total"] == {"value": 1, "exact": True}


@pytest.mark.parametrize(
    ("q", "step", "said"),
    [
        ("{ } | rate(", None, "invalid_query"),
        ("{ }", None, "invalid_query"),
        ("{ } | rate()", "often", "invalid_request"),
        ("{ } | rate()", "1ms", "invalid_request"),
    ],
)
async def test_wrong_metrics_queries_are_explained(api, q, step, said):
    """A query without a function, a text that cannot be parsed and a step that gives too many points are refused."""
    answer = await api.post("/metrics/query", json={"q": q, **({"step": step} if step else {})})
    assert (answer.status_code, answer.json()["code"]) == (400, said)
    assert answer.json()["hint"]


async def test_heatmap_and_latency(api):
    """Cells and buckets hold the spans of their filter, and cells name a trace."""
    window = {"from": str(T0 - 60 * S), "to": str(T0 + 120 * S)}
    answer = await api.post("/heatmap", json={"q": "{ status = error }", **window})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert sum(map(sum, data["n"])) == sum(map(sum, data["err"])) == 1
    assert [one for row in data["ex"] for one in row if one] == [f"{TRACE:032x}"]
    wrong = await api.post("/heatmap", json={"y": "1 +", **window})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_request")
    params = {"service": "db", "kind": "client", **window}
    data = (await api.get("/latency", params=params)).json()["data"]
    assert (sum(data["ok"]), sum(data["failed"]), len(data["quantiles_ns"])) == (0, 1, 21)


async def test_fields_and_values(api):
    """The catalogue lists keys per level, and says when not all values are in it."""
    found = (await api.get("/fields", params={"from": "now-24h"})).json()["data"]
    assert [(one["level"], one["key"], one["more"]) for one in found if one["key"] in {"zone", "list", "rows"}] == [
        ("resource", "zone", False), ("span", "list", False), ("span", "rows", True),
    ]  # fmt: skip
    assert [(one["level"], one["key"]) for one in found if one["key"] == "exception.type"] == [
        ("event", "exception.type")
    ]
    values = (await api.get("/fields/values", params={"level": "span", "key": "rows"})).json()["data"]
    assert values == {"values": [{"type": "int", "value": "5"}], "more": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/search", {"q": "{ status = "}, 400, "invalid_query"),
        ("POST", "/search", {"limit": 0}, 400, "invalid_request"),
        ("POST", "/search", {"nonsense": 1}, 400, "invalid_request"),
        ("POST", "/search", {"from": "yesterday"}, 400, "invalid_request"),
        ("POST", "/search", {"cursor": "xyz"}, 400, "invalid_request"),
        ("POST", "/search", {"q": '{ name =~ "(" }'}, 400, "invalid_query"),
        ("POST", "/search", {"q": '{ name =~ "a)|(b" }'}, 400, "invalid_query"),
        ("GET", "/traces/ab12/summary", None, 404, "trace_not_found"),
        ("GET", "/traces/ab12/spans", None, 404, "trace_not_found"),
        ("GET", "/traces/xyz/summary", None, 400, "invalid_request"),
        ("GET", "/traces/0/summary", None, 400, "invalid_request"),
        ("GET", f"/traces/{TRACE:x}/spans/77", None, 404, "span_not_found"),
        ("GET", "/nothing", None, 404, "route_not_found"),
        ("PUT", "/search", None, 405, "method_not_allowed"),
        ("POST", "/traces/1/match", {}, 400, "invalid_request"),
        ("DELETE", "/traces/12", None, 404, "trace_not_found"),
    ],
)
async def test_errors_are_problems(api, method, path, body, status, code):  # noqa: PLR0917 - a table
    """Every error is problem+json with a stable code and a hint."""
    answer = await api.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["hint"]


async def test_tokens_guard_reading(shop):
    """With tokens, reading needs one with scope `read`, as a header or as the session cookie, and changes nothing."""
    tokens = [
        TokenConfig(name="r", token="reader-token-0123456789", tenant="default", scopes=["read"]),
        TokenConfig(name="i", token="ingest-token-0123456789", tenant="default", scopes=["ingest"]),
    ]
    app = application(shop, Authenticator(tokens))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        summary = f"/api/v1/traces/{TRACE:x}/summary"
        assert (await client.get(summary)).status_code == 401
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/healthz")).status_code == 200
        assert (
            await client.get(summary, headers={"authorization": "Bearer ingest-token-0123456789"})
        ).status_code == 403
        assert (
            await client.get(summary, headers={"authorization": "Bearer reader-token-0123456789"})
        ).status_code == 200
        for method, path in (
            ("DELETE", f"/api/v1/traces/{TRACE:x}"),
            ("POST", "/api/v1/admin/backup"),
            ("POST", "/api/v1/journal/retry"),
        ):
            body = {"path": "/tmp/x"} if path.endswith("backup") else None
            bearer = {"authorization": "Bearer reader-token-0123456789"}
            assert (await client.request(method, path, json=body, headers=bearer)).status_code == 403, path
        assert (await client.post("/api/v1/session", json={"token": "wrong"})).status_code == 401
        signed = await client.post("/api/v1/session", json={"token": "reader-token-0123456789"})
        cookie = signed.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await client.get(summary)).status_code == 200
        assert (await client.delete("/api/v1/session")).status_code == 204
        assert (await client.get(summary)).status_code == 401
    app.state.deps.reader.close()


async def test_foreign_hosts_and_origins_are_refused(shop):
    """On localhost a request under another host name, or from another site's page, is refused."""
    app = application(
        shop, allowed_hosts=frozenset({"localhost", "127.0.0.1"}), allowed_origins=frozenset({"http://ok"})
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:4319") as client:
        for headers, status in [
            ({}, 200),
            ({"host": "evil.example"}, 403),
            ({"origin": "http://evil.example"}, 403),
            ({"origin": "http://localhost:4319"}, 200),
            ({"origin": "http://ok"}, 200),
        ]:
            assert (await client.get("/api/v1/services", headers=headers)).status_code == status
    app.state.deps.reader.close()


async def test_a_cancelled_request_ends_its_query(shop):
    """When the caller goes away the engine stops working on the query."""
    reader = Reader(shop.engine, readers=1, queue=1)
    endless = "SELECT max(sipHash64(number)) FROM numbers(1000000000000)"
    task = asyncio.ensure_future(reader.run(shop.scope, lambda read: read.query(endless)))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(100):
        if reader._turns.running == 0:
            break
        await asyncio.sleep(0.05)
    assert reader._turns.running == 0
    reader.close()


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
async def test_a_client_that_goes_away_ends_its_query_quietly(shop, caplog, streamed):
    """When a client closes its connection the engine's query ends, and nothing is logged."""
    app = application(shop)
    endless = "SELECT max(sipHash64(number)) FROM numbers(1000000000000)"

    async def slow(ask: Ask) -> Response:
        if streamed:
            parts = ask.deps.reader.stream(ask.scope, lambda read: iter([read.query(endless)]))
            return Response(await ask.watch(anext(parts)))
        return Response(await ask.run(lambda read: read.query(endless)))

    app.add_api_route("/api/v1/slow", slow, response_model=None)
    running = (
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%LIKE%'"
    )

    async def until(count: int) -> None:
        for _ in range(200):
            if (await asyncio.to_thread(shop.engine.query, running)).table["n"][0].as_py() == count:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(count)

    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(app, [listener])
    await server.start()
    _, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"GET /api/v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(1)
    writer.close()
    await until(0)
    await server.stop()
    app.state.deps.reader.close()
    assert [one.getMessage() for one in caplog.records if one.levelname not in {"DEBUG", "INFO"}] == []


async def test_sql_over_http(api):
    """A query comes back as columns and rows in the envelope; a wrong one says where it is wrong."""
    sql = "SELECT service, count() AS n, max(start) AS last FROM spans GROUP BY service ORDER BY service"
    answer = await api.post("/sql", json={"sql": sql, "from": "now-1d"})
    assert answer.status_code == 200
    data, meta = answer.json()["data"], answer.json()["meta"]
    assert [one["name"] for one in data["columns"]] == ["service", "n", "last"]
    assert data["columns"][2]["type"] == "DateTime64(9, 'UTC')"
    assert all(row[2].endswith("Z") for row in data["rows"])
    assert meta["returned"] == len(data["rows"]) > 0
    assert meta["window"] is not None
    refused = await api.post("/sql", json={"sql": "SELECT * FROM system.tables"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_query")
    assert refused.json()["errors"][0]["from"] == 14
    slow = await api.post("/sql", json={"sql": "SELECT 1", "timeout_s": 1e6})
    assert (slow.status_code, slow.json()["code"]) == (400, "invalid_request")
    views = (await api.get("/sql/views")).json()["data"]
    assert {"spans", "traces", "logs", "red", "otel_traces"} <= {view["name"] for view in views}


async def test_sql_is_explained(api):
    """The preview tells columns, tables and rows, and a wrong query is refused as when it runs."""
    sql = "SELECT service, count() AS n FROM spans GROUP BY service"
    preview = (await api.post("/sql/explain", json={"sql": sql, "from": "now-1d"})).json()["data"]
    assert [one["name"] for one in preview["columns"]] == ["service", "n"]
    assert [one["table"] for one in preview["tables"]] == ["spans"]
    assert preview["rows"] >= 5
    refused = await api.post("/sql/explain", json={"sql": "SELECT file('x')"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_query")


async def test_sql_in_other_forms(api):
    """`format` and `Accept` choose the form; a stream that fails tells it as its last line."""
    sql = "SELECT service, count() AS n FROM spans GROUP BY service ORDER BY service"
    whole = (await api.post("/sql", json={"sql": sql, "from": "now-1d"})).json()["data"]["rows"]
    csv = await api.post("/sql", json={"sql": sql, "from": "now-1d"}, headers={"accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.splitlines() == ['"service","n"', *(f'"{service}",{n}' for service, n in whole)]
    stream = await api.post("/sql", json={"sql": sql, "from": "now-1d", "format": "ndjson"})
    lines = [json.loads(line) for line in stream.text.splitlines()]
    assert [line["row"] for line in lines if line["type"] == "row"] == whole
    wrong = await api.post("/sql", json={"sql": "SELECT file('x')", "format": "ndjson"})
    assert json.loads(wrong.text)["code"] == "invalid_query"
    refused = await api.post("/sql", json={"sql": "SELECT file('x')", "format": "csv"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_query")
