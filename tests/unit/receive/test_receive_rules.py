from __future__ import annotations

import json
import os
import socket
from typing import Any

import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from clew.access import InvalidTokenError
from clew.codec import Compression, Encoding, MalformedError, Pushed
from clew.config import CorsConfig
from clew.receive import bind
from clew.receive.errors import BodyTooLargeError, ListenError, OverloadedError, PortInUseError
from clew.receive.grpc.export import sniff
from clew.receive.grpc.peers import PeerSizes
from clew.receive.http.cors import Cors, OriginRefusedError
from clew.receive.ports import holder_of
from clew.receive.status import encode_status, status_of
from clew.receive.success import success_body


def _details(status: status_pb2.Status) -> set[str]:
    return {detail.type_url.rpartition(".")[2] for detail in status.details}


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (MalformedError("bad"), 3, {"ErrorInfo", "BadRequest"}),
        (OverloadedError(1, 2), 8, {"ErrorInfo", "RetryInfo"}),
        (BodyTooLargeError(5), 8, {"ErrorInfo"}),
        (InvalidTokenError(), 16, {"ErrorInfo"}),
    ],
)
def test_an_error_becomes_a_status(error: Any, code: int, details: set[str]) -> None:
    """Retryable errors carry RetryInfo, bad data BadRequest, and a size limit neither: it must not be retried."""
    status = status_of(error, 7)
    assert status.code == code
    assert _details(status) == details
    assert error.detail in status.message
    assert status_pb2.Status.FromString(encode_status(status, Encoding.PROTOBUF)) == status
    as_json = json.loads(encode_status(status, Encoding.JSON))
    assert as_json["code"] == code
    if "RetryInfo" in details:
        retry = error_details_pb2.RetryInfo()
        assert any(detail.Unpack(retry) for detail in status.details)
        assert retry.retry_delay.seconds == 7
        assert any(item.get("retryDelay") == "7s" for item in as_json["details"])


def test_a_long_message_is_cut() -> None:
    """A status fits into a trailer whatever the error says."""
    assert len(encode_status(status_of(MalformedError("x" * 100_000), 1), Encoding.PROTOBUF)) < 8000


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_full_success_leaves_partial_success_unset(signal: Any) -> None:
    """The answer to a request that was kept whole is the empty message."""
    pushed = Pushed(5, 0)
    assert success_body(signal, pushed, Encoding.PROTOBUF) == b""
    assert success_body(signal, pushed, Encoding.JSON) == b"{}"


def test_partial_success_counts_and_explains() -> None:
    """Rejected rows and the reason, in the request's encoding; a warning alone counts none."""
    pushed = Pushed(5, 2, {"invalid_span_id": 2}, "2 rejected")
    traces = ExportTraceServiceResponse.FromString(success_body("traces", pushed, Encoding.PROTOBUF))
    assert (traces.partial_success.rejected_spans, traces.partial_success.error_message) == (2, "2 rejected")
    logs = ExportLogsServiceResponse.FromString(success_body("logs", pushed, Encoding.PROTOBUF))
    assert logs.partial_success.rejected_log_records == 2
    as_json = json.loads(success_body("traces", pushed, Encoding.JSON))
    assert as_json == {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "2 rejected"}}
    warning = json.loads(success_body("logs", Pushed(5, 0, {}, "look out"), Encoding.JSON))
    assert warning == {"partialSuccess": {"errorMessage": "look out"}}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", True),
        ("https://a.b.example.com", True),
        ("HTTPS://APP.EXAMPLE.COM", True),
        ("https://example.com", False),
        ("https://app.example.com.evil.org", False),
        ("https://evil.org/.example.com", False),
        ("http://app.example.com", False),
        ("http://localhost:3000", True),
        ("null", False),
    ],
)
def test_origins_match_whole(origin: str, allowed: bool) -> None:  # noqa: FBT001
    """A star stands for host text, never for a path, and the dot is a dot."""
    cors = Cors(CorsConfig(origins=("https://*.example.com", "http://localhost:*")))
    assert cors.allows(origin) is allowed


def test_a_star_allows_every_origin_and_nothing_allows_none() -> None:
    """The two ends of the configuration."""
    assert Cors(CorsConfig(origins=("*",))).allows("null")
    closed = Cors(CorsConfig())
    assert closed.headers("") == ()
    assert closed.headers("https://a.example") == (("Vary", "Origin"),)
    with pytest.raises(OriginRefusedError):
        closed.preflight("https://a.example", "", private_network=False)


def test_a_preflight_allows_known_and_configured_headers() -> None:
    """What OTLP needs is always allowed, the rest by configuration; a star allows all."""
    cors = Cors(CorsConfig(origins=("*",), headers=("X-Own",), max_age_s=60))
    answer = dict(cors.preflight("https://a", "Content-Type, x-own, x-other", private_network=True))
    assert answer["Access-Control-Allow-Headers"] == "content-type, x-own"
    assert (answer["Access-Control-Max-Age"], answer["Access-Control-Allow-Private-Network"]) == ("60", "true")
    everything = Cors(CorsConfig(origins=("*",), headers=("*",))).preflight("x://a", "x-other", private_network=False)
    assert dict(everything)["Access-Control-Allow-Headers"] == "x-other"


def test_a_taken_port_names_port_option_and_process() -> None:
    """The error says everything that is needed to get on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            bind("listen.otlp_http", "127.0.0.1", port)
        error = caught.value
        assert f"(pid {os.getpid()})" in (error.holder or "")
        assert str(port) in error.detail
        assert "listen.otlp_http.port" in error.hint
        assert "--otlp-http-port" in error.hint
    assert holder_of(port) is None


def test_free_ports_and_names_work() -> None:
    """Port 0 takes one free port for every address of a name."""
    sockets = bind("listen.ui", "localhost", 0)
    assert len({listening.getsockname()[1] for listening in sockets}) == 1
    for listening in sockets:
        listening.close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    """The error names key, host and the way out."""
    with pytest.raises(ListenError) as caught:
        bind("listen.ui", host, 0)
    assert "listen.ui" in caught.value.detail
    assert host in caught.value.detail


@pytest.mark.parametrize(
    ("start", "compression"),
    [
        (b"\x1f\x8b\x08", Compression.GZIP),
        (b"\x78\x9c", Compression.DEFLATE),
        (b"\x78\x01", Compression.DEFLATE),
        (b"\x0a\x05", Compression.NONE),
        (b"\x78\x9d", Compression.NONE),
        (b"", Compression.NONE),
        (b"\x78", Compression.NONE),
    ],
)
def test_a_message_tells_its_compression(start: bytes, compression: Compression) -> None:
    """Gzip and zlib are known by their first bytes."""
    assert sniff(start) is compression


@given(st.binary(max_size=300))
def test_no_otlp_message_looks_compressed(payload: bytes) -> None:
    """Every OTLP request starts with field 1, which neither gzip nor zlib does."""
    assert sniff(b"\x0a" + payload) is Compression.NONE


def test_a_peer_is_charged_what_it_usually_sends() -> None:
    """Unknown at first, then twice the largest message, within bounds; the oldest peers are forgotten."""
    sizes = PeerSizes(1 << 20)
    assert sizes.expected("a") is None
    sizes.seen("a", 10)
    assert sizes.expected("a") == 64 << 10
    sizes.seen("a", 100_000)
    sizes.seen("a", 50_000)
    assert sizes.expected("a") == 200_000
    sizes.seen("a", 900_000)
    assert sizes.expected("a") == 1 << 20
    for number in range(5000):
        sizes.seen(str(number), 1)
    assert sizes.expected("a") is None
