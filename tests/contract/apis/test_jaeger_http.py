"""Jaeger's legacy HTTP API: the requests of its UI, answered from stored traces that are known."""

from __future__ import annotations

import base64
import json
import time

import pytest
from google.protobuf.json_format import MessageToDict

S = 10**9
KEY = "listen.jaeger_http"


@pytest.fixture(scope="module")
def ask(ports):
    """Ask Jaeger's port and return status and JSON."""

    def ask(path, **params):
        told = ports.get(KEY, path, **params)
        return told.status, json.loads(told.body)

    return ask


@pytest.fixture(scope="module")
def found(ask, t0):
    """Search as Jaeger's UI does and return the ids of the traces."""

    def found(**params):
        times = {"start": t0 // 1000 - 60 * 10**6, "end": t0 // 1000 + 500 * 10**6, "lookback": "custom"}
        status, body = ask("/api/traces", **(times | {"limit": 20} | params))
        assert status == 200, body
        assert body["errors"] is None
        return [trace["traceID"] for trace in body["data"]]

    return found


def hexed(number: int) -> str:
    """Return an id as Jaeger writes it."""
    return f"{number:032x}" if number >> 64 else f"{number:016x}"


def stamp(ms: int) -> dict[str, str]:
    """Return the time of a point."""
    return {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))}


def test_services_come_sorted_in_the_envelope(ask):
    """The UI's first request gets every service that has spans, in order, with their number."""
    status, body = ask("/api/services")
    assert status == 200
    names = [name for name in body["data"] if name != "writer"]  # which another test sends
    assert names == ["frontend", "payments", "unknown_service", "worker"]
    assert body | {"data": []} == {"data": [], "total": len(body["data"]), "limit": 0, "offset": 0, "errors": None}


def test_operations_of_a_service(ask):
    """Names alone for the old route, names with kinds for the new one, and one kind on request."""
    assert ask("/api/services/frontend/operations")[1]["data"] == ["GET /cart", "GET /old", "POST /charge"]
    both = ask("/api/operations", service="payments")[1]
    assert both["data"] == [{"name": "SELECT", "spanKind": "client"}, {"name": "charge", "spanKind": "server"}]
    assert both["total"] == 2
    assert ask("/api/operations", service="payments", spanKind="server")[1]["data"] == both["data"][1:]
    assert ask("/api/operations") == (
        400,
        {
            "data": None,
            "total": 0,
            "limit": 0,
            "offset": 0,
            "errors": [{"code": 400, "msg": "parameter 'service' is required"}],
        },
    )


def test_a_trace_has_every_span_with_all_that_was_sent(ask, ids, t0):
    """Tags keep their types and order, times are microseconds cut off, references and logs are arrays."""
    status, body = ask(f"/api/traces/{ids['MAIN']:032x}")
    assert status == 200
    assert {key: body[key] for key in ("total", "limit", "offset", "errors")} == {
        "total": 0, "limit": 0, "offset": 0, "errors": None,
    }  # fmt: skip
    (trace,) = body["data"]
    assert trace["traceID"] == hexed(ids["MAIN"])
    assert trace["warnings"] is None
    spans = {span["spanID"]: span for span in trace["spans"]}
    assert set(spans) == {f"{one:016x}" for one in (0xA1, 0xA2, 0xA3, 0xA4)}
    root = spans[f"{0xA1:016x}"]
    assert root["startTime"] == t0 // 1000
    assert root["duration"] == 900_000
    assert root["references"] == []
    assert root["warnings"] is None
    tags = [(tag["key"], tag["type"], tag["value"]) for tag in root["tags"]]
    assert tags[:2] == [("otel.scope.name", "string", "http-lib"), ("otel.scope.version", "string", "1.2.3")]
    assert tags[-3:] == [
        ("span.kind", "string", "server"),
        ("otel.status_code", "string", "OK"),
        ("w3c.tracestate", "string", "vendor=1"),
    ]
    assert sorted(tags[2:-3]) == sorted(
        [
            ("http.method", "string", "GET"),
            ("http.status_code", "int64", 200),
            ("ratio", "float64", 0.5),
            ("cached", "bool", False),
            ("raw", "binary", "AP8="),
            ("list", "string", '["a","b"]'),
            ("map", "string", '{"a":"x","k":1}'),
            ("big", "int64", str(2**60)),
            ("none", "string", ""),
        ]
    )
    assert root["logs"] == [
        {
            "timestamp": (t0 + 1_000_000) // 1000,
            "fields": [
                {"key": "event", "type": "string", "value": "ready"},
                {"key": "size", "type": "int64", "value": 5},
            ],
        },
        {
            "timestamp": (t0 + 2_000_000) // 1000,
            "fields": [{"key": "event", "type": "string", "value": "own"}],
        },
    ]


def test_references_are_the_parent_and_then_the_links(ask, ids):
    """A link to the parent decides the type of the first reference; other links follow, child_of where they say so."""
    (trace,) = ask(f"/api/traces/{ids['MAIN']:x}")[1]["data"]
    span = next(span for span in trace["spans"] if span["operationName"] == "POST /charge")
    assert span["references"] == [
        {"refType": "FOLLOWS_FROM", "traceID": hexed(ids["MAIN"]), "spanID": f"{0xA1:016x}"},
        {"refType": "FOLLOWS_FROM", "traceID": hexed(ids["SHORT"]), "spanID": f"{0xB1:016x}"},
        {"refType": "CHILD_OF", "traceID": hexed(0xB1 << 64), "spanID": f"{1:016x}"},
    ]
    charge = next(span for span in trace["spans"] if span["operationName"] == "charge")
    assert [ref["refType"] for ref in charge["references"]] == ["CHILD_OF"]
    failed = [(tag["key"], tag["type"], tag["value"]) for tag in charge["tags"]][-4:]
    assert failed == [
        ("span.kind", "string", "server"),
        ("otel.status_code", "string", "ERROR"),
        ("error", "bool", True),
        ("otel.status_description", "string", "card declined"),
    ]


def test_processes_are_one_per_resource(ask, ids):
    """service.name names the process and is no tag of it; a resource without attributes gets Jaeger's word for it."""
    (trace,) = ask(f"/api/traces/{ids['MAIN']:032x}")[1]["data"]
    assert set(trace["processes"]) == {"p1", "p2"}
    named = {one["serviceName"]: one["tags"] for one in trace["processes"].values()}
    assert sorted(named["frontend"], key=lambda tag: tag["key"]) == [
        {"key": "host.name", "type": "string", "value": "web-1"},
        {"key": "pid", "type": "int64", "value": 42},
    ]
    users = {span["operationName"]: trace["processes"][span["processID"]]["serviceName"] for span in trace["spans"]}
    assert users == {"GET /cart": "frontend", "POST /charge": "frontend", "charge": "payments", "SELECT": "payments"}
    (bare,) = ask(f"/api/traces/{ids['BARE']:032x}")[1]["data"]
    assert bare["processes"] == {"p1": {"serviceName": "OTLPResourceNoServiceName", "tags": []}}
    assert [tag["key"] for tag in bare["spans"][0]["tags"]] == []


def test_an_id_with_a_high_half_of_zeros_has_16_digits(ask, ids):
    """Short ids are accepted and written short."""
    (trace,) = ask(f"/api/traces/{ids['SHORT']:x}")[1]["data"]
    assert trace["traceID"] == f"{ids['SHORT']:016x}"
    assert {span["traceID"] for span in trace["spans"]} == {f"{ids['SHORT']:016x}"}


def test_an_unknown_trace_is_404_and_a_wrong_id_400(ask):
    """Errors stand in the envelope with the status of the response."""
    status, body = ask("/api/traces/123456")
    assert (status, body["errors"]) == (404, [{"code": 404, "msg": "trace not found"}])
    status, body = ask("/api/traces/xyz")
    assert status == 400
    assert body["errors"][0]["code"] == 400
    assert ask("/api/nothing")[0] == 404


def test_several_traces_by_id(ask, ids):
    """`traceID` may repeat; what is not stored is named among the errors."""
    status, body = ask("/api/traces", traceID=[f"{ids['SHORT']:x}", f"{ids['MAIN']:x}", "123"])
    assert status == 200
    assert [trace["traceID"] for trace in body["data"]] == [hexed(ids["SHORT"]), hexed(ids["MAIN"])]
    assert body["errors"] == [{"code": 404, "msg": "trace not found", "traceID": f"{0x123:032x}"}]


def test_search_returns_whole_traces_newest_first(found, ids):
    """Without conditions every trace with a span in the range comes, the newest first."""
    assert found() == [hexed(ids[name]) for name in ("BARE", "SHORT", "MAIN")]
    assert found(limit=2) == [hexed(ids[name]) for name in ("BARE", "SHORT")]


def test_all_conditions_hold_on_one_span(found, ids):
    """Service, operation, duration and tags of different spans do not add up."""
    main = [hexed(ids["MAIN"])]
    assert found(service="payments") == main
    assert found(service="payments", operation="charge") == main
    assert found(service="frontend", operation="charge") == []
    assert found(service="payments", tags=json.dumps({"retry": "true"})) == main
    assert found(service="frontend", tags=json.dumps({"retry": "true"})) == []
    assert found(tags=json.dumps({"retry": "true", "http.method": "GET"})) == []
    assert found(service="OTLPResourceNoServiceName") == [hexed(ids["BARE"])]


def test_attributes_are_compared_as_text_on_every_level(found, ids):
    """A string finds numbers and booleans; spans, resources, scopes, events and links are looked at."""
    main, short = hexed(ids["MAIN"]), hexed(ids["SHORT"])

    def tagged(key, value):
        return found(tags=json.dumps({key: value}))

    assert tagged("http.status_code", "200") == [short, main]
    assert tagged("http.status_code", "500") == [main]
    assert found(service="payments", tag="http.status_code:500") == [main]
    assert tagged("cached", "false") == [main]
    assert tagged("ratio", "0.5") == [main]
    assert tagged("list", '["a","b"]') == [main]
    assert tagged("raw", "AP8=") == [main]
    assert tagged("host.name", "pay-1") == [main]
    assert tagged("pid", "42") == [main]
    assert tagged("scope.tag", "st") == [main]
    assert tagged("size", "5") == [main]
    assert tagged("why", "retry") == [main]
    assert tagged("why", "retr") == []
    assert tagged("cached", "0") == []


def test_some_keys_stand_for_fields_of_the_span(found, ids):
    """error, span.kind, span.status, scope.name, scope.version and resource.* mean what Jaeger means by them."""
    main, short, bare = (hexed(ids[name]) for name in ("MAIN", "SHORT", "BARE"))

    def tagged(**tags):
        return found(tags=json.dumps({key.replace("_", "."): value for key, value in tags.items()}))

    assert tagged(error="true") == [main]
    assert tagged(error="false") == [bare, short, main]
    assert found(service="worker", tags=json.dumps({"error": "false"})) == [short]
    assert found(service="payments", operation="charge", tags=json.dumps({"error": "false"})) == []
    assert tagged(span_kind="consumer") == [short]
    assert tagged(span_status="ERROR") == [main]
    assert tagged(scope_name="http-lib") == [main]
    assert tagged(scope_version="1.2.3", scope_name="http-lib") == [main]
    assert tagged(scope_version="1.2.4") == []
    assert tagged(resource_pid="42") == [main]
    assert tagged(resource_retry="true") == []


def test_bounds_are_included_and_hold_for_the_span(found, ids, t0):
    """A span at the very edge counts; a trace that only overlaps the range does not."""
    main = [hexed(ids["MAIN"])]
    charge = {"service": "payments", "operation": "charge"}
    assert found(**charge, minDuration="300ms", maxDuration="300ms") == main
    assert found(**charge, minDuration="300.001ms") == []
    assert found(**charge, maxDuration="0.2999s") == []
    edge = (t0 + 200_000_000) // 1000
    assert found(**charge, start=edge, end=edge + 1) == main
    assert found(**charge, start=edge + 1) == []
    assert found(**charge, end=edge - 1) == []


def test_a_search_without_a_limit_returns_a_hundred(found, ids, ago):
    """The newest hundred of more, and as many as are asked for with one."""
    times = {"start": ago // 1000 - 8000 * 10**6, "end": ago // 1000 - 1000 * 10**6}
    newest = [hexed(ids["MANY"] + n) for n in range(119, -1, -1)]
    assert found(**times, limit="") == newest[:100]
    assert found(**times, limit=110) == newest[:110]


def test_numbers_that_a_browser_would_round_are_texts(ask, ids):
    """Up to 2^53 - 1 an integer is a number, beyond it a text; durations are cut to microseconds."""
    (trace,) = ask(f"/api/traces/{ids['NAMELESS']:x}")[1]["data"]
    tags = {tag["key"]: (tag["type"], tag["value"]) for span in trace["spans"] for tag in span["tags"]}
    assert tags["safe"] == ("int64", 2**53 - 1)
    assert tags["unsafe"] == ("int64", str(-(2**53)))
    assert {span["duration"] for span in trace["spans"]} == {1}
    assert {process["serviceName"] for process in trace["processes"].values()} == {""}


def test_what_cannot_be_read_is_refused_with_its_name(ask):
    """Each parameter that is wrong gives 400 and is named."""
    wrong = [
        ({"start": "yesterday"}, "start"),
        ({"end": "-5"}, "end"),
        ({"limit": "many"}, "limit"),
        ({"minDuration": "long"}, "minDuration"),
        ({"minDuration": "2s", "maxDuration": "1s"}, "maxDuration"),
        ({"tag": "nocolon"}, "tag"),
        ({"tags": "{"}, "tags"),
        ({"tags": '{"a":1}'}, "tags"),
        ({"limit": "100000"}, "limit"),
    ]
    for params, name in wrong:
        status, body = ask("/api/traces", service="shop", **params)
        assert status == 400, params
        assert body["errors"][0]["code"] == 400
        assert name in body["errors"][0]["msg"]
    assert ask("/api/traces", lookback="2h")[0] == 200


def test_metrics_count_per_second_and_measure_in_milliseconds(ask, t0):
    """Rates, error shares and quantiles are those of the sliding window before each point, by service or operation."""
    end = (t0 // S // 60 + 2) * 60_000
    asked = {"service": "payments", "endTs": end, "lookback": 60_000, "step": 60_000, "ratePer": 600_000}
    status, calls = ask("/api/metrics/calls", **asked)
    assert status == 200
    assert (calls["name"], calls["type"]) == ("service_call_rate", "GAUGE")
    (metric,) = calls["metrics"]
    assert metric["labels"] == [{"name": "service_name", "value": "payments"}]
    last = metric["metricPoints"][-1]
    assert last["gaugeValue"]["doubleValue"] == pytest.approx(1 / 600)
    assert last | stamp(end) == last
    errors = ask("/api/metrics/errors", groupByOperation="true", **asked)[1]
    assert errors["name"] == "service_operation_error_rate"
    (metric,) = errors["metrics"]
    assert metric["labels"][0] == {"name": "operation", "value": "charge"}
    assert metric["metricPoints"][-1]["gaugeValue"]["doubleValue"] == 1.0
    both = ask("/api/metrics/errors", groupByOperation="true", spanKind=["server", "client"], **asked)[1]
    shares = {one["labels"][0]["value"]: one["metricPoints"][-1]["gaugeValue"] for one in both["metrics"]}
    assert shares == {"SELECT": {"doubleValue": 0.0}, "charge": {"doubleValue": 1.0}}
    latencies = ask("/api/metrics/latencies", quantile=0.95, **asked)[1]
    assert latencies["name"] == "service_latencies"
    value = latencies["metrics"][0]["metricPoints"][-1]["gaugeValue"]["doubleValue"]
    assert value == pytest.approx(300, rel=0.1)
    defaults = ask("/api/metrics/calls", service="payments", endTs=end, groupByOperation="true")[1]
    (metric,) = defaults["metrics"]  # of servers alone
    assert defaults["name"] == "service_operation_call_rate"
    assert (len(metric["metricPoints"]), metric["labels"][0]["value"]) == (721, "charge")
    assert metric["metricPoints"][-1] == {"gaugeValue": {"doubleValue": pytest.approx(1 / 600)}, **stamp(end)}
    assert metric["metricPoints"][-2]["timestamp"] == stamp(end - 5000)["timestamp"]
    assert ask("/api/metrics/minstep")[1]["data"] == 1000
    for path, params in (
        ("calls", {}),
        ("latencies", {"service": "a"}),
        ("latencies", {"service": "a", "quantile": 2}),
    ):
        assert ask(f"/api/metrics/{path}", **params)[0] == 400


def test_otlp_is_turned_into_what_the_ui_reads(ports, ask, ids, known, message):
    """A file of OTLP JSON that is opened in the UI looks like the same trace when it is stored."""
    sent = message([one for one in known if one.trace == ids["MAIN"]])
    body = MessageToDict(sent, use_integers_for_enums=True)
    for group in body["resourceSpans"]:
        for span in group["scopeSpans"][0]["spans"]:
            for owner in (span, *span.get("links", [])):
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in owner:
                        owner[key] = base64.b64decode(owner[key]).hex()
    told = json.loads(ports.get(KEY, "/api/transform", json.dumps(body).encode()).body)
    stored = ask(f"/api/traces/{ids['MAIN']:032x}")[1]

    def shape(answer):
        (trace,) = answer["data"]
        return sorted(
            (span["spanID"], span["startTime"], span["duration"], sorted(map(str, span["tags"])), str(span["logs"]))
            for span in trace["spans"]
        )

    assert shape(told) == shape(stored)
    assert ports.get(KEY, "/api/transform", b"{").status == 400


def test_a_trace_can_be_archived(ports, ask, ids):
    """The archive button works, also twice; the trace stays as it was, and an unknown one is 404."""
    before = ask(f"/api/traces/{ids['OLD']:032x}")[1]["data"]
    for _ in range(2):
        assert ports.get(KEY, f"/api/archive/{ids['OLD']:032x}", b"").status == 200
    assert ask(f"/api/traces/{ids['OLD']:032x}")[1]["data"] == before
    assert ports.get(KEY, "/api/archive/1234", b"").status == 404
