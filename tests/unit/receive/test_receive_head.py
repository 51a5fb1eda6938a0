from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.receive.errors import BadRequestError, HttpVersionError, ReceiveError
from clew.receive.http.head import parse_head

_GOOD = b"POST /v1/traces?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 12"


def test_a_head_is_taken_apart() -> None:
    """Method, path without query, lower-case names, length and keep-alive."""
    head = parse_head(_GOOD)
    assert (head.method, head.path, head.length, head.keep_alive) == ("POST", "/v1/traces", 12, True)
    assert head.get(b"content-type") == "application/json"
    assert head.get(b"missing") == ""


@pytest.mark.parametrize(
    ("lines", "keep_alive"),
    [
        ([b"GET / HTTP/1.1", b"Host: a"], True),
        ([b"GET / HTTP/1.1", b"Host: a", b"Connection: Close"], False),
        ([b"GET / HTTP/1.0"], False),
        ([b"GET / HTTP/1.0", b"Connection: keep-alive"], True),
    ],
)
def test_keep_alive_follows_version_and_header(lines: list[bytes], keep_alive: bool) -> None:  # noqa: FBT001
    """HTTP/1.1 stays open unless told otherwise, HTTP/1.0 the other way round."""
    assert parse_head(b"\r\n".join(lines)).keep_alive is keep_alive


def test_the_body_length_is_known_unknown_or_nothing() -> None:
    """Content-Length counts, chunked is unknown, neither means no body."""
    start = b"POST / HTTP/1.1\r\nHost: a\r\n"
    assert parse_head(start + b"Transfer-Encoding: Chunked").length is None
    assert parse_head(start[:-2]).length == 0
    assert parse_head(start + b"Content-Length: 7\r\nContent-Length: 7").length == 7
    assert parse_head(start + b"Expect: 100-Continue").expects_continue


def test_values_keep_what_they_hold() -> None:
    """White space around a value goes, repeated headers join, any byte above 127 stays."""
    head = parse_head(b"GET / HTTP/1.1\r\nHost: a\r\nX: \t b \r\nX: c\r\nY:\xe9")
    assert (head.get(b"x"), head.get(b"y")) == ("b, c", "\xe9")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST",
        b"POST / HTTP/1.1\nHost: a",
        b"POST  / HTTP/1.1\r\nHost: a",
        b"PO ST / HTTP/1.1\r\nHost: a",
        b"POST / HTTP/1.1",
        b"POST / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"POST / HTTP/1.1\r\nHost: a\r\nBad Name: x",
        b"POST / HTTP/1.1\r\nHost: a\r\nName : x",
        b"POST / HTTP/1.1\r\nHost: a\r\n folded",
        b"POST / HTTP/1.1\r\nHost: a\r\nX: a\x00b",
        b"POST / HTTP/1.1\r\nHost: a\r\nX: a\nb",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_could_be_read_two_ways_is_refused(data: bytes) -> None:
    """Anything that a proxy might frame differently is 400: that is how requests are smuggled."""
    with pytest.raises(BadRequestError):
        parse_head(data)


@pytest.mark.parametrize("line", [b"PRI * HTTP/2.0", b"GET / HTTP/3.0"])
def test_another_version_is_named(line: bytes) -> None:
    """GRPC or HTTP/2 on this port is told which port to use."""
    with pytest.raises(HttpVersionError, match=r"HTTP/1\.1") as caught:
        parse_head(line)
    assert "4317" in caught.value.hint


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_an_error_of_ours(data: bytes) -> None:
    """Whatever is sent, parsing gives a head or a refusal."""
    try:
        parse_head(data)
    except ReceiveError as error:
        assert 400 <= error.http_status < 600  # noqa: PT017 - either outcome is right
