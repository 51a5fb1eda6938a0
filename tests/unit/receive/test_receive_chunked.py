from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.receive.errors import BadRequestError
from clew.receive.http.chunked import ChunkedDecoder


def _encode(chunks: list[bytes], trailers: bytes = b"") -> bytes:
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks if chunk]
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


@given(st.lists(st.binary(max_size=50), max_size=8), st.lists(st.integers(1, 20), min_size=1, max_size=40), st.binary())
def test_a_body_does_not_depend_on_how_it_arrives(chunks: list[bytes], cuts: list[int], rest: bytes) -> None:
    """However the bytes are cut, the body is the same and what follows it is left alone."""
    sent = _encode(chunks) + rest
    decoder = ChunkedDecoder()
    at, turn = 0, 0
    while True:
        size = cuts[turn % len(cuts)]
        turn += 1
        used = decoder.feed(sent[at : at + size])
        if used is not None:
            break
        at += size
    assert bytes(decoder.body) == b"".join(chunks)
    assert sent[at + used :] == rest
    assert decoder.size == len(decoder.body)


def test_extensions_and_trailers_are_skipped() -> None:
    """Both are allowed and mean nothing here."""
    decoder = ChunkedDecoder()
    sent = b"3;name=value\r\nabc\r\n0;last\r\nX: y\r\n\r\n"
    assert decoder.feed(sent) == len(sent)
    assert decoder.body == b"abc"


def test_the_size_is_known_before_the_bytes() -> None:
    """A chunk that announces too much can be refused before it arrives."""
    decoder = ChunkedDecoder()
    assert decoder.feed(b"FFFFFFFF\r\n") is None
    assert decoder.size == 0xFFFFFFFF


def test_a_body_that_is_dropped_takes_no_memory() -> None:
    """The rest of a refused request is read past, not kept."""
    decoder = ChunkedDecoder(keep=False)
    sent = _encode([b"x" * 1000] * 10)
    assert decoder.feed(sent) == len(sent)
    assert decoder.body == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"1\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"0\r\n\n",
        b"1" * 2000,
        b"1;" + b"x" * 2000,
        b"0\r\n" + b"X: y\r\n" * 3000,
        b"1234567890123456\r\n",
    ],
)
def test_broken_framing_is_refused(sent: bytes) -> None:
    """A size that is no number, a missing CRLF, endless lines or trailers: 400."""
    with pytest.raises(BadRequestError):
        ChunkedDecoder().feed(sent)


@given(st.binary(max_size=100))
def test_no_bytes_end_in_anything_but_a_refusal(data: bytes) -> None:
    """Whatever is sent, the decoder goes on, ends or refuses."""
    decoder = ChunkedDecoder()
    try:
        used = decoder.feed(data)
    except BadRequestError:
        return
    assert used is None or used <= len(data)
    assert len(decoder.body) <= len(data)
