"""Which service calls which, in Jaeger's and Zipkin's words, once the traces are settled."""

from __future__ import annotations

import json
import time

import pytest

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


def test_dependencies_and_metrics_of_the_system_pages(jaeger, t0):
    """The System Architecture page gets each pair once."""
    now_ms = t0 // 10**6 + 60_000
    end = time.monotonic() + 60
    links: list = []
    while not links and time.monotonic() < end:
        body = jaeger("/api/dependencies", endTs=now_ms, lookback=120_000)[1]
        links = body["data"]
        time.sleep(0.5)
    assert {"parent": "frontend", "child": "payments", "callCount": 1} in links
    assert all(link["parent"] != link["child"] for link in links)
    named = jaeger("/api/dependencies", endTs=now_ms, lookback=120_000, service="nobody")[1]
    assert named["data"] == []
    told = jaeger("/api/v3/dependencies", startTime=iso(t0 - 60 * S), endTime=iso(t0 + 60 * S))[1]
    assert {"parent": "frontend", "child": "payments", "callCount": "1"} in told["dependencies"]


def test_dependencies_have_calls_and_errors(zipkin, t0):
    """Each pair once, errors only where there are some; endTs is needed."""
    end = time.monotonic() + 60
    links: list = []
    while not links and time.monotonic() < end:
        links = zipkin("/api/v2/dependencies", endTs=t0 // MS + 60_000, lookback=120_000)[1]
        time.sleep(0.5)
    link = next(one for one in links if (one["parent"], one["child"]) == ("frontend", "payments"))
    assert link["callCount"] == 1
    assert link.get("errorCount") == 1
    assert zipkin("/api/v2/dependencies")[0] == 400
