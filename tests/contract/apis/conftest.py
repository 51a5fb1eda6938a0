from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from clew.testing import RunningClew, coverage_flags

S = 10**9
NOW = time.time_ns()
T0 = NOW // S * S - 600 * S + 123_456_789
"""Start of the first trace: ten minutes ago, with odd nanoseconds."""


FIELDS = {
    bool: "bool_value", str: "string_value", int: "int_value", float: "double_value", bytes: "bytes_value",
}  # fmt: skip


def value(one: Any) -> AnyValue:
    """Return a Python value as OTLP; `None` is a value without a type."""
    if one is None:
        return AnyValue()
    if isinstance(one, dict):
        return AnyValue(kvlist_value=KeyValueList(values=pairs(one)))
    if isinstance(one, list):
        return AnyValue(array_value=ArrayValue(values=[value(part) for part in one]))
    return AnyValue(**{FIELDS[type(one)]: one})


def pairs(attributes: dict[str, Any]) -> list[KeyValue]:
    """Return attributes as OTLP."""
    return [KeyValue(key=key, value=value(one)) for key, one in attributes.items()]


@dataclass
class Made:
    """A span as these tests write it."""

    trace: int
    id: int
    name: str
    service: str | None = "shop"
    parent: int = 0
    start: int = 0
    """Nanoseconds after `T0`."""
    duration: int = 1000_000
    kind: int = 1
    status: int = 0
    message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)
    scope: tuple[str, str, dict[str, Any]] = ("", "", {})
    events: list[tuple[str, int, dict[str, Any], int]] = field(default_factory=list)
    links: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    state: str = ""

    @property
    def trace_id(self) -> bytes:
        """The id on the wire."""
        return self.trace.to_bytes(16, "big")

    def span(self) -> Span:
        """Return the OTLP span."""
        return Span(
            trace_id=self.trace_id,
            span_id=self.id.to_bytes(8, "big"),
            parent_span_id=self.parent.to_bytes(8, "big") if self.parent else b"",
            name=self.name,
            kind=self.kind,
            start_time_unix_nano=T0 + self.start,
            end_time_unix_nano=T0 + self.start + self.duration,
            attributes=pairs(self.attributes),
            status={"code": self.status, "message": self.message},
            trace_state=self.state,
            events=[
                Span.Event(name=name, time_unix_nano=T0 + at, attributes=pairs(given), dropped_attributes_count=dropped)
                for name, at, given, dropped in self.events
            ],
            links=[
                Span.Link(trace_id=trace.to_bytes(16, "big"), span_id=span.to_bytes(8, "big"), attributes=pairs(given))
                for trace, span, given in self.links
            ],
        )


def traces_data(made: list[Made]) -> TracesData:
    """Return spans as one OTLP message, each in a resource of its own."""
    data = TracesData()
    for one in made:
        group = data.resource_spans.add()
        named = {} if one.service is None else {"service.name": one.service}
        group.resource.attributes.extend(pairs(named | one.resource))
        scoped = group.scope_spans.add()
        scoped.scope.name, scoped.scope.version, given = one.scope
        scoped.scope.attributes.extend(pairs(given))
        scoped.spans.append(one.span())
    return data


MAIN, SHORT, BARE, BIG, OLD, NAMELESS, EPOCH, ROOTLESS, MANY = (
    0xABCDEF0123456789_1122334455667788,
    0xBEEF,
    0x77 << 64 | 7,
    0xB1 << 64,
    0x01D,
    0x5A,
    0x5B,
    0x5C,
    0x5D00,
)
"""Ids of the known traces; `SHORT` has a high half of zeros, `MANY` is the first of 120."""
AGO = -180_000 * S
"""Two days before the others, where only the requests for odd traces look."""

KNOWN = [
    Made(
        MAIN, 0xA1, "GET /cart", "frontend", 0, 0, 900_000_000, 2, 1,
        attributes={
            "http.method": "GET", "http.status_code": 200, "ratio": 0.5, "cached": False, "raw": b"\x00\xff",
            "list": ["a", "b"], "map": {"k": 1, "a": "x"}, "big": 2**60, "none": None,
        },
        resource={"host.name": "web-1", "pid": 42}, scope=("http-lib", "1.2.3", {"scope.tag": "st"}),
        state="vendor=1", events=[("ready", 1_000_000, {"size": 5}, 0), ("named", 2_000_000, {"event": "own"}, 3)],
    ),
    Made(
        MAIN, 0xA2, "POST /charge", "frontend", 0xA1, 100_000_000, 500_000_000, 3,
        attributes={"peer.service": "payments", "http.status_code": 500},
        resource={"host.name": "web-1", "pid": 42},
        links=[(MAIN, 0xA1, {}), (SHORT, 0xB1, {"why": "retry"}), (BIG, 1, {"opentracing.ref_type": "child_of"})],
    ),
    Made(
        MAIN, 0xA3, "charge", "payments", 0xA2, 200_000_000, 300_000_000, 2, 2, "card declined",
        attributes={"http.status_code": "500", "retry": True}, resource={"host.name": "pay-1"},
        events=[("exception", 450_000_000, {"exception.type": "Declined"}, 0)],
    ),
    Made(MAIN, 0xA4, "SELECT", "payments", 0xA3, 250_000_000, 50_000_000, 3, resource={"host.name": "pay-1"}),
    Made(SHORT, 0xB1, "consume", "worker", 0, 60 * S, 2 * S, 5, attributes={"http.status_code": 200.0}),
    Made(SHORT, 0xB2, "step", "worker", 0xB1, 61 * S, 500, 1),
    Made(BARE, 0xC1, "alone", None, 0, 120 * S, 5_000_000, 0),
    Made(OLD, 0xD1, "GET /old", "frontend", 0, -90_000 * S, 5_000_000, 2),
    Made(OLD, 0xD2, "GET /old", "frontend", 0xD1, -90_000 * S, 4_000_000, 3),
    Made(OLD, 0xD3, "GET /old", "frontend", 0xD2, -90_000 * S, 3_000_000, 2),
    Made(OLD, 0xD4, "GET /old", "frontend", 0xD1, -90_000 * S, 4_000_000, 3),
    Made(OLD, 0xD5, "serve", "writer", 0xD4, -90_000 * S, 3_000_000, 2),
    Made(OLD, 0xD6, "GET /old", "frontend", 0xD1, -90_000 * S, 4_000_000, 4),
    Made(OLD, 0xD7, "consume", "writer", 0xD6, -90_000 * S, 3_000_000, 5),
    Made(
        NAMELESS, 1, "alone", None, 0, AGO, 1999, 0, 0, "not shown",
        attributes={"service.peer.name": "Peer", "peer.service": "other", "safe": 2**53 - 1, "unsafe": -(2**53)},
        resource={"process.executable.name": "python", "k8s.deployment.name": "Deploy", "faas.name": "Fn"},
        events=[("plain", AGO, {}, 0)],
    ),
    Made(
        NAMELESS, 2, "alone", None, 1, AGO, 1999, 0, 2,
        resource={"process.executable.name": "python", "k8s.deployment.name": "Deploy"},
    ),
    Made(NAMELESS, 3, "alone", None, 1, AGO, 1999, 0, resource={"process.executable.name": "python"}),
    Made(EPOCH, 1, "alone", None, 0, -T0, 0, 0, events=[("never", -T0, {}, 0)]),
    Made(ROOTLESS, 1, "late", "writer", 0xFF, AGO + 100 * S),
    Made(ROOTLESS, 2, "early", "writer", 0xFE, AGO),
    *(Made(MANY + n, n + 1, "one of many", "writer", 0, AGO - 7200 * S + n * S) for n in range(120)),
]  # fmt: skip


@dataclass
class Told:
    """An answer of an HTTP port."""

    status: int
    body: bytes
    type: str


@dataclass
class Ports:
    """A running Clew that holds the known traces."""

    clew: RunningClew

    def address(self, key: str) -> str:
        """Return host:port of a listener."""
        return f"127.0.0.1:{self.clew.ports[key]}"

    def get(self, listener: str, path: str, body: bytes | None = None, **params: Any) -> Told:
        """Ask a web port."""
        query = urllib.parse.urlencode(params, doseq=True)
        url = f"http://{self.address(listener)}{path}{'?' if query else ''}{query}"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Told(answer.status, answer.read(), answer.headers["content-type"])
        except urllib.error.HTTPError as error:
            return Told(error.code, error.read(), error.headers["content-type"])


@contextmanager
def holding(data: TracesData, path: Path) -> Iterator[Ports]:
    """Run a Clew that has stored some spans, sent over OTLP."""
    with RunningClew(path, interpreter=coverage_flags()) as clew:
        body = ExportTraceServiceRequest(resource_spans=data.resource_spans).SerializeToString()
        url = f"{clew.otlp_http_url}/v1/traces"
        request = urllib.request.Request(url, body, {"content-type": "application/x-protobuf"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.read() == b""
        clew.wait_stored(sum(len(one.spans) for group in data.resource_spans for one in group.scope_spans))
        yield Ports(clew)
        assert clew.stop() == 0, clew.log()


@pytest.fixture(scope="session")
def ports(tmp_path_factory):
    """A running Clew that has stored the known traces."""
    with holding(traces_data(KNOWN), tmp_path_factory.mktemp("apis")) as ports:
        yield ports


@pytest.fixture(scope="session")
def hold():
    """Run a Clew that has stored other spans."""
    return holding


@pytest.fixture(scope="session")
def known():
    """What was sent."""
    return KNOWN


@pytest.fixture(scope="session")
def ids():
    """The known traces by name."""
    names = ("MAIN", "SHORT", "BARE", "OLD", "NAMELESS", "EPOCH", "ROOTLESS", "MANY")
    return {name: globals()[name] for name in names}


@pytest.fixture(scope="session")
def t0():
    """Start of the first known trace in nanoseconds."""
    return T0


@pytest.fixture(scope="session")
def ago():
    """Start of the odd traces in nanoseconds, which is days earlier; the many lie two hours before it."""
    return T0 + AGO


class Caller:
    """Calls methods by their full names, as generated stubs do."""

    def __init__(self, address: str, files: list[Any]) -> None:
        self.channel = grpc.insecure_channel(address)
        self._services = {one.full_name: one for file in files for one in file.DESCRIPTOR.services_by_name.values()}

    def __call__(self, service: str, method: str, request: Any, timeout: float = 30.0, **more: Any) -> Any:
        """Return the answer, or the list of answers of a stream."""
        described = self._services[service].methods_by_name[method]
        answer = message_factory.GetMessageClass(described.output_type)
        streams = described.server_streaming
        make = self.channel.unary_stream if streams else self.channel.unary_unary
        call = make(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        answered = call(request, timeout=timeout, **more)
        return list(answered) if streams else answered


@pytest.fixture(scope="session")
def calls():
    """The class that calls methods at an address."""
    return Caller


@pytest.fixture(scope="session")
def caller(ports):
    """Open a channel to a port, for the services of some descriptions."""
    opened = []

    def caller(key: str, *files: Any) -> Caller:
        opened.append(Caller(ports.address(key), list(files)))
        return opened[-1]

    yield caller
    for one in opened:
        one.channel.close()


@pytest.fixture(scope="session")
def message():
    """Make an OTLP message of spans."""
    return traces_data


@pytest.fixture(scope="session")
def make():
    """The class of the spans that tests write."""
    return Made
