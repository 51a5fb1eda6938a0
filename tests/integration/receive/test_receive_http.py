"""OTLP/HTTP byte by byte: every status, every way in which bytes may arrive, and what a bad client can do."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from dataclasses import dataclass
from typing import Any

import pytest
import zstandard
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from clew.journal import JournalFullError
from clew.testing.traces import TraceSource

PROTOBUF = "application/x-protobuf"
_PREPARED = TraceSource(seed=7, spans=20, templates=2).request(1, time.time_ns())
BODY, SPANS = _PREPARED.body, _PREPARED.spans


@dataclass
class Answer:
    """A parsed response."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_answer(stream: Any) -> Answer:
    """Read one response from a buffered socket."""
    line = stream.readline()
    assert line.startswith(b"HTTP/1.1 "), line
    headers: dict[str, str] = {}
    while (field := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = field.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Answer(int(line.split()[1]), headers, body)


def head(method: str = "POST", path: str = "/v1/traces", **headers: Any) -> bytes:
    """Return a request head; underscores in names stand for dashes."""
    fields = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()


def post(body: bytes = BODY, path: str = "/v1/traces", **headers: Any) -> bytes:
    """Return a whole request."""
    return head("POST", path, **{"content_type": PROTOBUF, "content_length": len(body), **headers}) + body


def ask(served: Any, request: bytes) -> Answer:
    """Send bytes on a connection of their own and return the answer."""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(request)
        return read_answer(stream)


def chunked(body: bytes, size: int) -> bytes:
    """Return a body in chunks of `size`."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_full_success_is_an_empty_message(served: Any) -> None:
    """200, the request's content type, `partial_success` unset."""
    answer = ask(served, post())
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")


def test_an_empty_request_succeeds(served: Any) -> None:
    """Nothing sent is nothing refused."""
    assert ask(served, post(b"")).status == 200
    answer = ask(served, post(b"{}", content_type="application/json"))
    assert (answer.status, answer.body) == (200, b"{}")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("identity", lambda body: body),
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("GZIP", gzip.compress),
    ],
)
def test_every_content_encoding_is_read(served: Any, encoding: str, pack: Any) -> None:
    """gzip, zstd and deflate, and none."""
    served.rows()
    assert ask(served, post(pack(BODY), content_encoding=encoding)).status == 200
    assert len(served.rows()) == SPANS


def test_json_is_answered_in_json(served: Any) -> None:
    """OTLP JSON with hex ids and parameters on the content type; the answer has the same type."""
    span = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "name": "from json"}
    bad = {"traceId": "00000000000000000000000000000000", "spanId": "EEE19B7EC3C1B174", "name": "zero"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, "startTimeUnixNano": "1"}, bad]}]}]}
    served.rows()
    request = post(json.dumps(body).encode(), content_type="application/json; charset=utf-8")
    answer = ask(served, request)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    partial = json.loads(answer.body)["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1
    assert "invalid_trace_id" in partial["errorMessage"]
    assert [row["name"] for row in served.rows()] == ["from json"]


def test_partial_success_keeps_the_good_spans(served: Any) -> None:
    """Single bad spans are counted and explained, the rest is kept; the client must not retry."""
    request = ExportTraceServiceRequest.FromString(BODY)
    request.resource_spans[0].scope_spans[0].spans[0].span_id = b""
    served.rows()
    answer = ask(served, post(request.SerializeToString()))
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, partial.rejected_spans) == (200, 1)
    assert "invalid_span_id" in partial.error_message
    assert len(served.rows()) == SPANS - 1


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (post(b"\xff\xff"), 400, 3),
        (post(b"\xff\xff", content_encoding="gzip"), 400, 3),
        (post(b"{", content_type="application/json"), 400, 3),
        (post(path="/v1/metrics"), 404, 12),
        (post(path="/v2/traces"), 404, 12),
        (head("GET"), 405, 12),
        (head("PUT", content_length=3) + b"abc", 405, 12),
        (post(content_type="text/plain"), 415, 3),
        (head(content_length=2) + b"{}", 415, 3),
        (post(content_encoding="br"), 415, 3),
        (post(content_encoding="gzip, gzip"), 415, 3),
        (head(content_type=PROTOBUF, content_length=(64 << 20) + 1), 413, 8),
        (b"nonsense\r\n\r\n", 400, 3),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, 3),
        (head(content_type=PROTOBUF, content_length="x"), 400, 3),
        (head(content_type=PROTOBUF, transfer_encoding="chunked") + b"zz\r\n", 400, 3),
        (head(content_type=PROTOBUF, content_length=1, expect="magic"), 400, 3),
        (b"PRI * HTTP/2.0\r\n\r\n", 505, 3),
        (head(x="y" * 40_000), 431, 3),
    ],
)
def test_every_refusal_is_a_status_in_the_requests_encoding(
    served: Any, request_bytes: bytes, status: int, code: int
) -> None:
    """The body is a `google.rpc.Status`: protobuf for protobuf, JSON for JSON and for what is neither."""
    answer = ask(served, request_bytes)
    assert answer.status == status
    if answer.headers["content-type"] == PROTOBUF:
        parsed = Status.FromString(answer.body)
        assert (parsed.code, bool(parsed.message)) == (code, True)
    else:
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.body)["code"] == code
    assert "retry-after" not in answer.headers


def test_refusals_carry_the_headers_that_help(served: Any) -> None:
    """405 names the methods, 415 the encodings, 404 for metrics what to set."""
    assert ask(served, head("GET")).headers["allow"] == "POST, OPTIONS"
    assert "zstd" in ask(served, post(content_encoding="br")).headers["accept-encoding"]
    assert b"OTEL_METRICS_EXPORTER=none" in ask(served, post(path="/v1/metrics")).body
    assert b"OTEL_METRICS_EXPORTER=none" in ask(served, head("GET", "/v1/metrics")).body


def test_a_head_request_gets_no_body(served: Any) -> None:
    """HEAD is not allowed, and its answer ends with the header."""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(head("HEAD"))
        assert b"405" in stream.readline()
        assert stream.read().endswith(b"\r\n\r\n")


def test_too_large_is_said_before_the_body_is_read(served: Any) -> None:
    """413 comes on the Content-Length alone; nothing is charged."""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(head(content_type=PROTOBUF, content_length=1 << 40))
        answer = read_answer(stream)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert served.used() == 0


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstandard.ZstdCompressor().compress])
def test_a_bomb_is_413_after_decompression(serve: Any, pack: Any) -> None:
    """The limit holds for what a body becomes, too."""
    served = serve(limits__decoded_max_bytes=1 << 20)
    name = {gzip.compress: "gzip", zlib.compress: "deflate"}.get(pack, "zstd")
    answer = ask(served, post(pack(bytes(2 << 20)), content_encoding=name))
    assert answer.status == 413
    assert Status.FromString(answer.body).code == 8


def test_a_chunked_body_over_the_limit_is_413(serve: Any) -> None:
    """Unknown lengths are limited as they announce themselves."""
    served = serve(limits__request_max_bytes=1000)
    assert ask(served, head(content_type=PROTOBUF, transfer_encoding="chunked") + b"1000\r\n").status == 413
    served.wait_used(0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 4000), max_size=12), in_chunks=st.integers(0, 3000), twice=st.booleans())
def test_a_request_does_not_depend_on_how_it_arrives(
    served: Any, cuts: list[int], in_chunks: int, *, twice: bool
) -> None:
    """Cut anywhere, with a length or in chunks, alone or pipelined: the same answers."""
    unknown = head(content_type=PROTOBUF, transfer_encoding="chunked")
    one = unknown + chunked(BODY, in_chunks) if in_chunks else post()
    data = one * (2 if twice else 1) + head("GET", "/nothing")
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        for size in cuts:
            connection.sendall(data[at : at + size])
            at += size
            time.sleep(0.0005)
        connection.sendall(data[at:])
        statuses = [read_answer(stream).status for _ in range(3 if twice else 2)]
    assert statuses == [200] * (2 if twice else 1) + [404]


def test_pipelined_requests_are_answered_in_order(served: Any) -> None:
    """Good and bad ones behind each other on one connection, bodies of refused ones skipped."""
    requests = [post(), post(path="/no"), post(b"\xff"), head("OPTIONS"), post(content_type="text/x"), post()]
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(b"".join(requests))
        statuses = [read_answer(stream).status for _ in requests]
    assert statuses == [200, 404, 400, 204, 415, 200]


def test_expect_100_continue(served: Any) -> None:
    """A client that waits is told to go on, or refused without sending its body."""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(head(content_type=PROTOBUF, content_length=len(BODY), expect="100-continue"))
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert stream.readline() == b"\r\n"
        connection.sendall(BODY)
        assert read_answer(stream).status == 200
        connection.sendall(head(content_type="text/plain", content_length=9, expect="100-continue"))
        answer = read_answer(stream)
        assert (answer.status, answer.headers["connection"]) == (415, "close")
        assert stream.read() == b""


def test_the_connection_closes_when_the_client_asks(served: Any) -> None:
    """`Connection: close` and HTTP/1.0 end after one answer."""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(post(connection="close"))
        assert read_answer(stream).headers["connection"] == "close"
        assert stream.read() == b""
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(b"GET /v1/traces HTTP/1.0\r\n\r\n")
        assert b"405" in stream.read()


def test_a_long_refused_body_does_not_destroy_the_answer(served: Any) -> None:
    """A client that sends all before it reads still gets the status."""
    body = bytes(8 << 20)
    with served.connect() as connection, connection.makefile("rb") as stream:
        with contextlib.suppress(ConnectionError):
            connection.sendall(post(body, content_type="text/plain"))
        assert read_answer(stream).status == 415


def test_a_client_that_goes_away_releases_its_charge(served: Any) -> None:
    """A body that never ends is charged while the client is there and not after."""
    for request in (
        head(content_type=PROTOBUF, content_length=1 << 20) + b"abc",
        head(content_type=PROTOBUF, transfer_encoding="chunked") + b"1000\r\nabc",
    ):
        connection = served.connect()
        connection.sendall(request)
        for _ in range(3000):
            if served.used():
                break
            time.sleep(0.001)
        assert served.used()
        connection.close()
        served.wait_used(0)


def test_a_client_that_leaves_before_the_answer_keeps_its_charge(serve: Any, held: Any) -> None:
    """What the intake still holds is still charged, and given back with the answer nobody reads."""
    served = serve(journal=held)
    connection = served.connect()
    connection.sendall(post())
    assert held.arrived.wait(30)
    connection.close()
    served.wait_used(2 * len(BODY))
    held.answer()
    served.wait_used(0)


def test_over_budget_is_429_with_retry_after(serve: Any, held: Any) -> None:
    """Bytes in flight are bounded: the next request is refused before its body, with RetryInfo and Retry-After."""
    served = serve(
        journal=held,
        limits__request_max_bytes=2 * len(BODY),
        limits__inflight_max_bytes=3 * len(BODY),
        limits__retry_after_s=7,
    )
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(post())
        assert held.arrived.wait(30)
        answer = ask(served, head(content_type=PROTOBUF, content_length=len(BODY)))
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        status = Status.FromString(answer.body)
        assert status.code == 8
        assert any(detail.type_url.endswith("RetryInfo") for detail in status.details)
        held.answer()
        assert read_answer(stream).status == 200
    served.wait_used(0)
    assert served.call(served.refusals.by_code)["overloaded"] == 1


def test_a_full_journal_is_503_before_and_after_the_body(serve: Any, held: Any) -> None:
    """No room is known before the body; a refusal by the journal itself is passed on, and remembered for a moment."""
    served = serve(journal=held)
    held.free_bytes = 10
    answer = ask(served, head(content_type=PROTOBUF, content_length=len(BODY)))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert Status.FromString(answer.body).code == 14
    held.free_bytes = 1 << 30
    time.sleep(0.05)
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(post())
        assert held.arrived.wait(30)
        held.answer(JournalFullError(1, 1))
        answer = read_answer(stream)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        connection.sendall(head(content_type=PROTOBUF, content_length=len(BODY)))
        assert read_answer(stream).status == 503
    assert served.call(served.refusals.by_code) == {"journal_full": 3}


def test_many_large_requests_stay_within_the_budget(serve: Any, held: Any) -> None:
    """However many come at once, the bytes in flight never pass the limit: each is kept or refused for now."""
    limit = 4 << 20
    served = serve(journal=held, limits__request_max_bytes=1 << 20, limits__inflight_max_bytes=limit)
    big = TraceSource(seed=1, spans=1000, templates=1).request(1, time.time_ns()).body
    statuses: list[int] = []
    peaks: list[int] = []

    def client() -> None:
        statuses.append(ask(served, post(big)).status)

    clients = [threading.Thread(target=client) for _ in range(24)]
    for thread in clients:
        thread.start()
    while any(thread.is_alive() for thread in clients):
        peaks.append(served.used())
        held.answer()
        time.sleep(0.001)
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) >= 3
    assert max(peaks) <= limit
    served.wait_used(0)


@pytest.mark.parametrize(
    "sent",
    [b"POST /v1/tra", head(content_type=PROTOBUF, content_length=50) + b"abc"],
    ids=["head", "body"],
)
def test_a_slow_client_is_408(serve: Any, sent: bytes) -> None:
    """A head or a body that does not go on is ended; its charge is given back."""
    served = serve(limits__header_timeout_s=0.1, limits__body_timeout_s=0.1)
    answer = ask(served, sent)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    served.wait_used(0)


def test_a_body_that_trickles_is_408(serve: Any) -> None:
    """Progress by a byte at a time does not keep a connection for ever."""
    served = serve(limits__body_timeout_s=0.2, limits__body_min_rate_bytes=1000)
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(head(content_type=PROTOBUF, content_length=1000))
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(0.02)
        assert read_answer(stream).status == 408


def test_an_idle_connection_is_closed(serve: Any) -> None:
    """Kept-alive connections do not stay for ever; the client sees a plain end."""
    served = serve(limits__idle_timeout_s=0.1)
    with served.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(post())
        assert read_answer(stream).status == 200
        assert stream.read() == b""


def test_too_many_connections_are_refused(serve: Any) -> None:
    """Beyond the limit a connection gets 503 and is closed; the others go on."""
    served = serve(limits__max_connections=2)
    with served.connect() as first, served.connect(), first.makefile("rb") as stream:
        first.sendall(post())
        assert read_answer(stream).status == 200
        with served.connect() as third, third.makefile("rb") as refused:
            answer = read_answer(refused)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        first.sendall(post())
        assert read_answer(stream).status == 200


def test_stopping_answers_what_is_due(serve: Any, held: Any) -> None:
    """A request that was taken is answered; idle connections close; new ones are not accepted."""
    served = serve(journal=held)
    with served.connect() as idle, served.connect() as busy, busy.makefile("rb") as stream:
        busy.sendall(post())
        assert held.arrived.wait(30)
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        assert idle.recv(1) == b""
        held.answer()
        answer = read_answer(stream)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        busy.close()
        stopping.join(30)
    with pytest.raises(ConnectionError):
        served.connect()


ORIGIN = "https://app.example.com"


def test_a_preflight_from_a_configured_origin(served: Any) -> None:
    """Method, headers and age are answered; no body."""
    request = head(
        "OPTIONS",
        origin=ORIGIN,
        access_control_request_method="POST",
        access_control_request_headers="content-type,x-own,x-other",
    )
    answer = ask(served, request)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-headers"] == "content-type, x-own"
    assert answer.headers["access-control-max-age"] == "7200"


def test_a_preflight_from_elsewhere_is_refused(served: Any) -> None:
    """403 without any CORS header, and a text that names cors.origins."""
    answer = ask(served, head("OPTIONS", origin="https://evil.org", access_control_request_method="POST"))
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert b"cors.origins" in answer.body


@pytest.mark.parametrize("body", [BODY, b"\xff"])
def test_answers_carry_cors_headers_also_when_they_refuse(served: Any, body: bytes) -> None:
    """A page can read success and failure alike; other origins get neither."""
    answer = ask(served, post(body, origin=ORIGIN))
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in ask(served, post(body, origin="https://evil.org")).headers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_no_bytes_break_the_listener(served: Any, data: bytes) -> None:
    """Whatever is sent, the connection is answered or closed, and the next client is served."""
    with served.connect() as connection:
        connection.sendall(data + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while connection.recv(65536):
                pass
    assert ask(served, head("GET")).status == 405


TOKENS = [
    {"name": "shop", "token": "shop-secret", "tenant": "shop", "scopes": ["ingest"]},
    {"name": "reader", "token": "read-secret", "tenant": "shop", "scopes": ["read"]},
]


def test_tokens_are_checked_before_the_body(serve: Any) -> None:
    """401 and 403 come on the head alone; the right token decides the tenant."""
    served = serve(tokens=TOKENS)
    for sent, status in ((None, 401), ("Bearer wrong", 401), ("Bearer read-secret", 403)):
        fields = {"authorization": sent} if sent else {}
        answer = ask(served, head(content_type=PROTOBUF, content_length=len(BODY), **fields))
        assert answer.status == status
        assert ("www-authenticate" in answer.headers) is (status == 401)
    assert ask(served, post(authorization="Bearer shop-secret")).status == 200
    assert {row["tenant"] for row in served.rows()} == {"shop"}
