"""Zipkin's read API, version 2: the requests of its UI, answered from stored OTLP spans that are known."""

from __future__ import annotations

import json

import pytest

KEY = "listen.zipkin"
S = 10**9
MS = 10**6


@pytest.fixture(scope="module")
def ask(ports):
    """Ask Zipkin's port and return status and JSON, or text where it is none."""

    def ask(path, **params):
        told = ports.get(KEY, path, **params)
        text = told.body.decode()
        return told.status, json.loads(text) if told.type.startswith("application/json") else text

    return ask


@pytest.fixture(scope="module")
def found(ask, t0):
    """Search and return the ids of the traces."""

    def found(**params):
        times = {"endTs": t0 // MS + 500_000, "lookback": 600_000, "limit": 10}
        status, traces = ask("/api/v2/traces", **(times | params))
        assert status == 200, traces
        return [spans[0]["traceId"] for spans in traces]

    return found


def hexed(number: int) -> str:
    """Return an id as Zipkin writes it."""
    return f"{number:032x}" if number >> 64 else f"{number:016x}"


def test_a_trace_is_a_flat_list_of_spans_with_string_tags(ask, ids, t0):
    """Every attribute of resource, scope and span is a tag; names are in lower case, times in microseconds."""
    status, spans = ask(f"/api/v2/trace/{ids['MAIN']:032x}")
    assert status == 200
    named = {span["name"]: span for span in spans}
    assert set(named) == {"get /cart", "post /charge", "charge", "select"}
    root = named["get /cart"]
    assert {key: root[key] for key in ("traceId", "id", "kind", "timestamp", "duration", "localEndpoint")} == {
        "traceId": hexed(ids["MAIN"]), "id": f"{0xA1:016x}", "kind": "SERVER", "timestamp": t0 // 1000,
        "duration": 900_000, "localEndpoint": {"serviceName": "frontend"},
    }  # fmt: skip
    assert "parentId" not in root
    assert root["tags"] == {
        "host.name": "web-1", "pid": "42", "otel.scope.name": "http-lib", "otel.scope.version": "1.2.3",
        "scope.tag": "st", "http.method": "GET", "http.status_code": "200", "ratio": "0.5", "cached": "false",
        "raw": "AP8=", "list": '["a","b"]', "map": '{"a":"x","k":1}', "big": str(2**60), "none": "",
        "otel.status_code": "OK", "w3c.tracestate": "vendor=1",
    }  # fmt: skip
    assert root["annotations"] == [
        {"timestamp": (t0 + 1_000_000) // 1000, "value": 'ready|{"size":5}|0'},
        {"timestamp": (t0 + 2_000_000) // 1000, "value": 'named|{"event":"own"}|3'},
    ]
    client = named["post /charge"]
    assert client["remoteEndpoint"] == {"serviceName": "payments"}
    assert "peer.service" not in client["tags"]
    assert client["tags"]["otlp.link.0"] == f"{ids['MAIN']:032x}|{0xA1:016x}||{{}}|0"
    charge = named["charge"]
    assert charge["tags"]["error"] == "card declined"
    assert charge["tags"]["otel.status_code"] == "ERROR"
    assert charge["parentId"] == f"{0xA2:016x}"


def test_kinds_and_names_that_zipkin_has_not(ask, ids):
    """Internal becomes a tag, an unspecified kind nothing; a span without a service has no local endpoint."""
    _, spans = ask(f"/api/v2/trace/{ids['SHORT']:x}")
    step = next(span for span in spans if span["name"] == "step")
    assert "kind" not in step
    assert step["tags"]["span.kind"] == "internal"
    assert step["duration"] == 1
    assert {span["traceId"] for span in spans} == {f"{ids['SHORT']:016x}"}
    (alone,) = ask(f"/api/v2/trace/{ids['BARE']:032x}")[1]
    assert not {"kind", "localEndpoint", "tags"} & set(alone)


def test_services_that_have_another_name(ask, ids, ago):
    """Without service.name function, deployment and executable name the service, the best first; the rest are tags."""
    _, spans = ask(f"/api/v2/trace/{ids['NAMELESS']:x}")
    local = {int(span["id"], 16): (span["localEndpoint"]["serviceName"], span.get("tags", {})) for span in spans}
    assert {number: name for number, (name, _) in local.items()} == {1: "fn", 2: "deploy", 3: "python"}
    assert local[1][1] == {
        "k8s.deployment.name": "Deploy", "process.executable.name": "python", "peer.service": "other",
        "safe": str(2**53 - 1), "unsafe": str(-(2**53)),
    }  # fmt: skip
    assert local[2][1] == {"process.executable.name": "python", "otel.status_code": "ERROR", "error": "true"}
    assert local[3][1] == {}
    first = next(span for span in spans if span["id"] == f"{1:016x}")
    assert first["remoteEndpoint"] == {"serviceName": "peer"}
    assert first["annotations"] == [{"timestamp": ago // 1000, "value": "plain"}]
    assert first["duration"] == 1


def test_times_of_zero_are_left_out(ask, ids):
    """A span that has no times has neither timestamp nor duration, its event no timestamp."""
    (span,) = ask(f"/api/v2/trace/{ids['EPOCH']:x}")[1]
    assert not {"timestamp", "duration"} & set(span)
    assert span["annotations"] == [{"value": "never"}]


def test_ids_are_read_as_zipkin_reads_them(ask, ids):
    """Unknown is 404, upper case and rubbish 400, all as text."""
    assert ask("/api/v2/trace/123") == (404, "0000000000000123 not found")
    assert ask("/api/v2/trace/ABC")[0] == 400
    assert ask("/api/v2/trace/xyz")[0] == 400
    for written in (f"{ids['SHORT']:x}", f"{ids['SHORT']:016x}", f"{ids['SHORT']:032x}"):
        assert ask(f"/api/v2/trace/{written}")[1][0]["traceId"] == hexed(ids["SHORT"])
    both = f"{ids['SHORT']:x},{ids['MAIN']:x},77"
    status, traces = ask("/api/v2/traceMany", traceIds=both)
    assert status == 200
    assert [spans[0]["traceId"] for spans in traces] == [hexed(ids["SHORT"]), hexed(ids["MAIN"])]
    for wrong in ("", "1", "1,1", "1,x"):
        assert ask("/api/v2/traceMany", traceIds=wrong)[0] == 400


def test_lists_of_names_are_sorted_and_in_lower_case(ask):
    """Services, span names and remote services are what the UI offers to choose from."""
    _, names = ask("/api/v2/services")
    assert [name for name in names if name != "writer"] == ["frontend", "payments", "worker"]
    assert ask("/api/v2/spans", serviceName="FRONTEND") == (200, ["get /cart", "post /charge"])
    assert ask("/api/v2/remoteServices", serviceName="frontend") == (200, ["payments"])
    assert ask("/api/v2/spans")[0] == 400
    assert ask("/api/v2/remoteServices")[0] == 400


def test_search_by_names_in_any_case(found, ids):
    """All means any; names are compared in lower case."""
    main, short, bare = (hexed(ids[name]) for name in ("MAIN", "SHORT", "BARE"))
    assert found() == [bare, short, main]
    assert found(limit=1) == [bare]
    assert found(serviceName="all", spanName="all") == [bare, short, main]
    assert found(serviceName="Frontend") == [main]
    assert found(serviceName="frontend", spanName="get /CART") == [main]
    assert found(serviceName="frontend", spanName="charge") == []
    assert found(serviceName="frontend", remoteServiceName="payments") == [main]
    assert found(serviceName="payments", remoteServiceName="payments") == []
    assert found(serviceName="nobody") == []


def test_conditions_are_met_by_spans_of_the_service_each_its_own(found, ids):
    """Tags of two spans of one service add up, those of another service do not."""
    main = [hexed(ids["MAIN"])]
    assert found(serviceName="frontend", annotationQuery="http.method=GET and http.status_code=500") == main
    assert found(serviceName="frontend", annotationQuery="retry=true") == []
    assert found(serviceName="payments", annotationQuery="retry=true and error") == main
    assert found(annotationQuery="retry=true and http.method=GET") == main
    assert found(serviceName="payments", annotationQuery="error=card declined") == main
    assert found(annotationQuery="otel.status_code=OK") == main
    assert found(annotationQuery="pid=42") == main
    assert found(annotationQuery="ready") == main
    assert found(annotationQuery="scope.tag") == main
    assert found(annotationQuery="scope.tag=other") == []


def test_durations_are_microseconds_with_both_ends(found, ids):
    """The duration is that of a span of the service."""
    main = [hexed(ids["MAIN"])]
    assert found(serviceName="payments", minDuration=300_000, maxDuration=300_000) == main
    assert found(serviceName="payments", minDuration=300_001) == []
    assert found(serviceName="frontend", minDuration=900_000) == main


def test_the_root_decides_whether_a_trace_lies_in_the_range(found, ids, t0):
    """A trace whose root starts before the range is left out, though its spans reach into it."""
    main = hexed(ids["MAIN"])
    first = t0 // MS
    assert found(endTs=first + 1000, lookback=1000) == [main]
    assert found(endTs=first + 1000, lookback=900) == []
    assert found(endTs=first + 1, lookback=1000) == [main]
    assert found(endTs=first, lookback=1000) == []


def test_without_a_root_the_first_span_decides(found, ids, ago):
    """A trace of which no root came lies where its earliest span starts, also when a later one is asked for."""
    rootless, begin = hexed(ids["ROOTLESS"]), ago // MS
    assert found(endTs=begin + 1000, lookback=2000, serviceName="writer") == [rootless]
    assert found(endTs=begin + 1000, lookback=2000, serviceName="writer", spanName="late") == [rootless]
    assert found(endTs=begin + 101_000, lookback=2000, serviceName="writer") == []


def test_a_search_without_a_limit_returns_ten(ask, ids, ago):
    """The newest ten."""
    _, traces = ask("/api/v2/traces", endTs=ago // MS - 1000_000, lookback=7_200_000)
    assert [spans[0]["traceId"] for spans in traces] == [hexed(ids["MANY"] + n) for n in range(119, 109, -1)]


def test_what_does_not_go_together_is_refused_as_text(ask):
    """Numbers must be above 0 and maxDuration needs minDuration."""
    for params in (
        {"limit": 0}, {"lookback": 0}, {"endTs": 0}, {"minDuration": 0}, {"maxDuration": 5}, {"limit": "x"},
        {"limit": -1}, {"lookback": -1}, {"endTs": -1}, {"minDuration": -1},
    ):  # fmt: skip
        status, said = ask("/api/v2/traces", **params)
        assert status == 400
        assert isinstance(said, str)
        assert next(iter(params)) in said


def test_tags_can_be_completed(ask):
    """Keys and values come from the catalogue of what was sent."""
    assert {"http.method", "retry", "host.name"} <= set(ask("/api/v2/autocompleteKeys")[1])
    assert ask("/api/v2/autocompleteValues", key="http.method") == (200, ["GET"])
    assert ask("/api/v2/autocompleteValues")[0] == 400


def test_the_ui_finds_its_configuration_and_health(ask):
    """Zipkin's UI asks below /zipkin, probes ask for /health."""
    assert ask("/health")[1]["status"] == "UP"
    assert "version" in ask("/info")[1]["clew"]
    status, config = ask("/zipkin/config.json")
    assert (status, config["searchEnabled"]) == (200, True)
    assert ask("/zipkin/api/v2/services")[0] == 200
    assert ask("/zipkin/nothing")[0] == 404
