"""Which service calls which, in Jaeger's and Zipkin's words, once the traces are settled."""

from __future__ import annotations

import json
import time

import pytest

from clew.api.pb import jaeger_api_v2_pb2 as v2
from clew.api.pb import jaeger_api_v3_pb2 as v3
from clew.api.pb import jaeger_storage_v2_pb2 as storage

OLD = -90_000
"""Where a service calls itself: seconds after the first trace."""
PAIR, SELF = ("frontend", "payments"), ("frontend", "frontend")
TWICE = ("frontend", "writer")
"""Who calls and sends a message: two edges of the service graph."""
FILES = {
    "jaeger.api_v2.QueryService": v2,
    "jaeger.api_v3.QueryService": v3,
    "jaeger.storage.v2.DependencyReader": storage,
}
JAEGER, ZIPKIN = "listen.jaeger_http", "listen.zipkin"
S = 10**9
MS = 10**6


def iso(ns: int) -> str:
    """Return a time as RFC 3339 with nanoseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // S)) + f".{ns % S:09d}Z"


@pytest.fixture(scope="module")
def jaeger(ports):
    """Ask Jaeger's port and return status and JSON."""

    def ask(path, **params):
        told = ports.get(JAEGER, path, **params)
        return told.status, json.loads(told.body)

    return ask


@pytest.fixture(scope="module")
def zipkin(ports):
    """Ask Zipkin's port and return status and what it says."""

    def ask(path, **params):
        told = ports.get(ZIPKIN, path, **params)
        return told.status, json.loads(told.body) if told.status == 200 else told.body.decode()

    return ask


@pytest.fixture(scope="module")
def linked(zipkin, t0):
    """Wait until the traces are settled, and return the links of both as Zipkin has them, by (caller, called)."""

    def ask(after):
        links = zipkin("/api/v2/dependencies", endTs=t0 // MS + after * 1000 + 60_000, lookback=120_000)[1]
        return {(one["parent"], one["child"]): one for one in links}

    end = time.monotonic() + 60
    main, old = ask(0), ask(OLD)
    while not (PAIR in main and SELF in old) and time.monotonic() < end:
        time.sleep(0.5)
        main, old = ask(0), ask(OLD)
    return main, old


def test_dependencies_of_the_system_page(jaeger, linked, t0):
    """The System Architecture page gets each pair once, summed, by default of the last day, and nobody with himself."""
    assert PAIR in linked[0]
    assert SELF in linked[1]

    def ask(**params):
        status, body = jaeger("/api/dependencies", **params)
        assert status == 200
        assert all(set(one) == {"parent", "child", "callCount"} for one in body["data"])
        return [(one["parent"], one["child"], one["callCount"]) for one in body["data"]]

    now_ms = t0 // MS + 60_000
    for asked in ({"endTs": now_ms, "lookback": 120_000}, {}, {"endTs": now_ms}):
        found = ask(**asked)
        assert (*PAIR, 1) in found
        assert len({one[:2] for one in found}) == len(found)
    assert ask(endTs=now_ms, service="nobody") == []
    old = ask(endTs=now_ms + OLD * 1000, lookback=120_000)
    assert [one for one in old if one[:2] in {SELF, TWICE}] == [(*TWICE, 2)]
    told = jaeger("/api/v3/dependencies", startTime=iso(t0 - 60 * S), endTime=iso(t0 + 60 * S))[1]
    assert {"parent": "frontend", "child": "payments", "callCount": "1"} in told["dependencies"]


@pytest.mark.parametrize(
    ("listener", "service"),
    [
        ("listen.jaeger_grpc", "jaeger.api_v2.QueryService"),
        ("listen.jaeger_grpc", "jaeger.api_v3.QueryService"),
        ("listen.jaeger_storage", "jaeger.storage.v2.DependencyReader"),
    ],
)
def test_dependencies_over_grpc(caller, linked, t0, listener, service):
    """Every service answers with the same link within its range, and with none outside of it."""
    assert PAIR in linked[0]
    file = FILES[service]
    call = caller(listener, file)

    def ask(low, high):
        times = {"start_time": {"seconds": low // S}, "end_time": {"seconds": high // S}}
        answer = call(service, "GetDependencies", file.GetDependenciesRequest(**times))
        return [(one.parent, one.child, one.call_count) for one in answer.dependencies]

    assert (*PAIR, 1) in ask(t0 - 60 * S, t0 + 60 * S)
    assert ask(t0 - 7200 * S, t0 - 3600 * S) == []


def test_dependencies_have_calls_and_errors(zipkin, linked):
    """Each pair once, errors only where there are some; endTs is needed."""
    assert linked[0][PAIR] == {"parent": "frontend", "child": "payments", "callCount": 1, "errorCount": 1}
    assert linked[1][SELF] == {"parent": "frontend", "child": "frontend", "callCount": 1}
    assert linked[1][TWICE] == {"parent": "frontend", "child": "writer", "callCount": 2}
    status, said = zipkin("/api/v2/dependencies")
    assert (status, "endTs" in said) == (400, True)
