"""`/api/v3` over HTTP, as Jaeger's newer UI and scripts ask it."""

from __future__ import annotations

import base64
import json
import time

import pytest

KEY = "listen.jaeger_http"
S = 10**9


@pytest.fixture(scope="module")
def ask(ports):
    """Ask Jaeger's port and return status, JSON and content type."""

    def ask(path, **params):
        told = ports.get(KEY, f"/api/v3{path}", **params)
        return told.status, json.loads(told.body), told.type

    return ask


def iso(ns: int) -> str:
    """Return a time as RFC 3339 with nanoseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // S)) + f".{ns % S:09d}Z"


@pytest.fixture
def times(t0):
    """The range of the known traces."""
    return {"query.startTimeMin": iso(t0 - 60 * S), "query.startTimeMax": iso(t0 + 500 * S)}


def spans_of(body):
    """Return the spans of an answer with traces."""
    return [
        span for group in body["result"]["resourceSpans"] for scoped in group["scopeSpans"] for span in scoped["spans"]
    ]


def test_a_trace_is_otlp_json_in_a_wrapper(ask, ids, t0):
    """Ids are hex and times decimal strings; the id may be written in base64."""
    status, body, _ = ask(f"/traces/{ids['MAIN']:032x}")
    assert status == 200
    spans = {span["name"]: span for span in spans_of(body)}
    assert set(spans) == {"GET /cart", "POST /charge", "charge", "SELECT"}
    assert spans["GET /cart"]["traceId"] == f"{ids['MAIN']:032x}"
    assert spans["GET /cart"]["startTimeUnixNano"] == str(t0)
    assert spans["charge"]["parentSpanId"] == f"{0xA2:016x}"
    short = base64.b64encode(ids["MAIN"].to_bytes(16, "big")).decode()
    assert len(spans_of(ask(f"/traces/{short}")[1])) == 4


def test_what_is_not_found_is_an_error_as_text(ask, times):
    """No match and no trace give 404 with Jaeger's words, as plain text that is JSON."""
    said = {"error": {"httpCode": 404, "message": "No traces found"}}
    for answer in (ask("/traces/1234"), ask("/traces", **times, **{"query.serviceName": "nobody"})):
        assert answer[:2] == (404, said)
        assert answer[2].startswith("text/plain")


def test_search_by_every_parameter_in_both_spellings(ask, ids, times):
    """Camel case is the name, snake case and num_traces still work."""

    def found(**params):
        named = {f"query.{key}": value for key, value in params.items()}
        return list(dict.fromkeys(span["traceId"] for span in spans_of(ask("/traces", **times, **named)[1])))

    main = [f"{ids['MAIN']:032x}"]
    assert found(serviceName="payments", operationName="charge") == main
    assert found(service_name="payments", operation_name="charge") == main
    assert found(attributes=json.dumps({"http.status_code": "500"})) == main
    assert found(durationMin="300ms", durationMax="1s", serviceName="payments") == main
    assert found(searchDepth=1) == [f"{ids['BARE']:032x}"]
    assert found(num_traces=1) == [f"{ids['BARE']:032x}"]
    assert len(found()) == 3


def test_a_search_without_a_depth_returns_a_hundred(ask, ago):
    """The default of `query.searchDepth`."""
    times = {"query.startTimeMin": iso(ago - 8000 * S), "query.startTimeMax": iso(ago - 1000 * S)}
    assert len({span["traceId"] for span in spans_of(ask("/traces", **times)[1])}) == 100


def test_the_range_is_required_and_must_be_one(ask, times, t0):
    """Both ends are RFC 3339 and the first comes before the last."""
    assert ask("/traces")[0] == 400
    wrong = {"query.startTimeMin": iso(t0), "query.startTimeMax": iso(t0)}
    assert ask("/traces", **wrong)[0] == 400
    assert ask("/traces", **(times | {"query.startTimeMin": "12345"}))[0] == 400
    status, body, _ = ask("/traces", **times, **{"query.attributes": "no"})
    assert (status, body["error"]["httpCode"]) == (400, 400)


def test_lists_are_not_wrapped(ask, ids, times):
    """Services, operations and summaries are protobuf JSON: 64-bit numbers as strings, what is empty left out."""
    assert "frontend" in ask("/services")[1]["services"]
    assert ask("/operations", service="unknown_service")[1] == {
        "operations": [{"name": "alone", "spanKind": "internal"}]
    }
    assert ask("/operations", service="nobody")[1] == {}
    summaries = ask("/trace-summaries", **times, **{"query.serviceName": "payments"})[1]["summaries"]
    assert [one["traceId"] for one in summaries] == [f"{ids['MAIN']:032x}"]
    assert summaries[0]["spanCount"] == 4
    assert isinstance(summaries[0]["minStartTimeUnixNano"], str)
    assert ask("/trace-summaries", **times, **{"query.serviceName": "nobody"})[1] == {}
