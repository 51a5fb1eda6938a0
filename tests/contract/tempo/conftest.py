"""One running Clew with known traces, asked as Tempo's clients ask."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from clew.testing import RunningClew, coverage_flags

S = 10**9
T0 = time.time_ns() // S * S - 600 * S
"""Start of the first trace."""


def attribute(key: str, value: Any) -> dict[str, Any]:
    """Return an attribute of OTLP JSON."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    if isinstance(value, list):
        kind = kinds[type(value[0])]
        return {"key": key, "value": {"arrayValue": {"values": [{kind: one} for one in value]}}}
    return {"key": key, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}


def span(trace: int, ids: tuple[int, int], name: str, start: int, duration: int, **more: Any) -> dict[str, Any]:
    """Return a span of OTLP JSON."""
    number, parent = ids
    given = {"attributes": [attribute(*pair) for pair in more.pop("attributes", {}).items()]}
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        **({"parentSpanId": f"{parent:016x}"} if parent else {}),
        "name": name,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + duration),
        **{key: value for key, value in given.items() if value},
        **more,
    }


TRACES = (0xA1, 0xA2, 0xB3)
"""Two traces of a shop, and one without a root."""
SENT = {
    "resourceSpans": [
        {
            "resource": {"attributes": [attribute("service.name", "shop"), attribute("host.cpus", 8)]},
            "scopeSpans": [
                {
                    "scope": {"name": "lib", "version": "1.2"},
                    "spans": [
                        span(
                            0xA1, (1, 0), "GET /cart", T0, 300_000_000, kind=2,
                            attributes={"http.route": "/cart", "http.response.status_code": 200, "ratio": 0.5,
                                        "cached": True, "tags": ["a", "b"]},
                        ),
                        span(
                            0xA1, (2, 1), "SELECT", T0 + 10_000_000, 1_500_000_000, kind=3,
                            status={"code": 2, "message": "timed out"},
                            attributes={"db.system.name": "postgresql"},
                            events=[{"timeUnixNano": str(T0 + 11_000_000), "name": "exception",
                                     "attributes": [attribute("exception.type", "Timeout"),
                                                    attribute("exception.message", "no answer"),
                                                    attribute("exception.stacktrace", "at stock:1")]}],
                        ),
                        span(
                            0xA2, (3, 0), "GET /cart", T0 + 60 * S, 5_000_000, kind=2,
                            attributes={"http.route": "/cart"},
                        ),
                    ],
                }
            ],
        },
        {
            "resource": {"attributes": [attribute("service.name", "stock")]},
            "scopeSpans": [
                {
                    "scope": {},
                    "spans": [
                        span(0xA1, (4, 1), "reserve", T0 + 20_000_000, 100_000_000, kind=2),
                        span(0xB3, (5, 99), "lonely", T0 + 120 * S, 7_000_000, kind=5),
                    ],
                }
            ],
        },
    ]
}  # fmt: skip


@dataclass
class Reply:
    """An answer over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def strict(self, message: Message) -> Any:
        """Return the body parsed into a message as strict clients parse it: an unknown field is an error."""
        return Parse(self.body, message, ignore_unknown_fields=False)


class Client:
    """Asks one port over HTTP, with any headers."""

    def __init__(self, base: str) -> None:
        self.base = base

    def get(self, path: str, accept: str = "", headers: dict[str, str] | None = None) -> Reply:
        """Return the answer of a GET, whatever its status."""
        sent = {**({"Accept": accept} if accept else {}), **(headers or {})}
        request = urllib.request.Request(self.base + path, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read(), dict(error.headers))


@pytest.fixture(scope="session")
def clew(tmp_path_factory: pytest.TempPathFactory):
    """Run Clew with the traces stored."""
    with RunningClew(tmp_path_factory.mktemp("clew"), interpreter=coverage_flags()) as running:
        body = json.dumps(SENT).encode()
        request = urllib.request.Request(
            f"{running.otlp_http_url}/v1/traces", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()
        running.wait_stored(5)
        yield running
        assert running.stop() == 0, running.log()


@pytest.fixture(scope="session")
def send(clew: RunningClew):
    """Return a function that stores spans of OTLP JSON, for traces that one test needs: they begin `long_ago`."""

    def send(*groups: dict[str, Any]) -> None:
        spans = sum(len(scope["spans"]) for group in groups for scope in group["scopeSpans"])
        before = clew.status()["ledger"]["stored"]
        body = json.dumps({"resourceSpans": groups}).encode()
        request = urllib.request.Request(f"{clew.otlp_http_url}/v1/traces", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.read() == b"{}"
        clew.wait_stored(before + spans)

    return send


@pytest.fixture(scope="session")
def long_ago() -> int:
    """A time three days before the traces of all tests, so that no list of names and no default range reaches it."""
    return T0 - 3 * 86_400 * S


@pytest.fixture(scope="session")
def port(clew: RunningClew) -> int:
    """The port of Tempo's API."""
    return clew.ports["listen.tempo"]


@pytest.fixture(scope="session")
def tempo(port: int) -> Client:
    """Ask port 3200's stand-in."""
    return Client(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
def grafana_range() -> str:
    """The range that a dashboard sends, in whole seconds."""
    return f"start={T0 // S - 600}&end={T0 // S + 600}"


@pytest.fixture(scope="session")
def t0() -> int:
    """Start of the first trace in nanoseconds."""
    return T0


@pytest.fixture(scope="session")
def sent() -> dict[str, Any]:
    """What was sent, as OTLP JSON."""
    return SENT


@pytest.fixture(scope="session")
def connect():
    """Return a client of any address."""
    return Client
