"""Compressed bodies, size limits, and the errors of the codec."""

from __future__ import annotations

import gzip
import resource
import zlib

import pytest
import zstandard

from clew.codec import (
    BadCompressionError,
    BatchFullError,
    Compression,
    MalformedError,
    SpanBuilder,
    TooLargeError,
    UnsupportedCompressionError,
)


def raw_deflate(body: bytes) -> bytes:
    """Deflate without the zlib wrapper."""
    tool = zlib.compressobj(wbits=-15)
    return tool.compress(body) + tool.flush()


def without_size(body: bytes) -> bytes:
    """A zstd frame that does not say how large its content is."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(body)


PACKED = [
    (Compression.NONE, bytes),
    (Compression.GZIP, gzip.compress),
    (Compression.GZIP, lambda body: gzip.compress(body[:20]) + gzip.compress(body[20:])),
    (Compression.GZIP, lambda body: gzip.compress(body) + bytes(7)),
    (Compression.ZSTD, zstandard.compress),
    (Compression.ZSTD, without_size),
    (Compression.DEFLATE, zlib.compress),
    (Compression.DEFLATE, raw_deflate),
]


@pytest.mark.parametrize(("compression", "pack"), PACKED)
def test_packed_bodies_are_unpacked(compression, pack, builder, make_request):
    """Gzip (also of several members), zstd with and without a size, zlib and raw deflate give the same rows."""
    body = make_request({"name": "x" * 1000}).body
    (pushed,) = builder.push([make_request(pack(body), compression=compression)])
    assert pushed.error is None
    assert builder.finish().rows.column("name").to_pylist() == ["x" * 1000]


@pytest.mark.parametrize(("compression", "pack"), PACKED)
def test_a_body_over_the_limit_is_refused_for_good(compression, pack, builder, make_request):
    """A body that is larger than the limit after decompression is refused with 413, and must not be retried."""
    body = pack(bytes((1 << 20) + 1))
    (pushed,) = builder.push([make_request(body, compression=compression)])
    assert isinstance(pushed.error, TooLargeError)
    assert (pushed.error.http_status, pushed.error.grpc_status) == (413, "RESOURCE_EXHAUSTED")
    assert not pushed.error.retryable
    assert builder.rows == 0


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD, Compression.DEFLATE])
def test_a_broken_stream_is_refused(compression, builder, make_request):
    """Bytes that are no compressed stream, or a part of one, are a bad request."""
    whole = {Compression.GZIP: gzip.compress, Compression.ZSTD: zstandard.compress, Compression.DEFLATE: zlib.compress}
    packed = whole[compression](make_request({"name": "x" * 100}).body)
    answers = builder.push([make_request(b, compression=compression) for b in (b"\xff\xffno", packed[:-5], packed)])
    assert [type(a.error) for a in answers] == [BadCompressionError, BadCompressionError, type(None)]
    assert answers[0].error.http_status == 400


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
def test_a_claim_of_gigabytes_takes_no_memory(compression, make_request):
    """A kilobyte that claims to become two gigabytes is refused without taking memory for them."""
    if compression is Compression.GZIP:
        body = gzip.compress(b"x" * 10)[:-4] + (2**31).to_bytes(4, "little") + bytes(900)
    else:
        body = b"\x28\xb5\x2f\xfd\xe0" + (2**31).to_bytes(8, "little") + bytes(900)
    builder = SpanBuilder(retention_s=60, max_decoded_bytes=1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (pushed,) = builder.push([make_request(body, compression=compression)])
    assert pushed.error is not None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_an_empty_body_is_an_empty_request(builder, make_request):
    """A protobuf body of no bytes is a request without spans, whatever its compression says."""
    for compression in Compression:
        (pushed,) = builder.push([make_request(b"", compression=compression)])
        assert (pushed.accepted, pushed.rejected, pushed.error) == (0, 0, None)
    assert builder.finish().rows.num_rows == 0


def test_content_encodings_are_read():
    """Content-Encoding names are read in any case, and others are refused with 415."""
    assert Compression.of(None) is Compression.NONE
    assert Compression.of(" GZip ") is Compression.GZIP
    assert Compression.of("zstd") is Compression.ZSTD
    assert Compression.of("") is Compression.NONE
    with pytest.raises(UnsupportedCompressionError) as caught:
        Compression.of("br")
    assert caught.value.http_status == 415


def test_a_malformed_body_is_a_bad_request(builder, make_request):
    """A body that is no message is refused with 400 and INVALID_ARGUMENT."""
    (pushed,) = builder.push([make_request(b"\x0a\xff")])
    assert isinstance(pushed.error, MalformedError)
    assert (pushed.error.http_status, pushed.error.grpc_status) == (400, "INVALID_ARGUMENT")
    assert pushed.error.code == "malformed_body"


def test_a_full_batch_asks_to_come_again(make_request):
    """A request that the open batch has no room for is refused as retryable and fits after `finish`."""
    builder = SpanBuilder(retention_s=60, max_decoded_bytes=160 << 20)
    # An unknown field of 100 MB: much to take in, nothing to keep.
    size = 100_000_000
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21])
    request = make_request(bytes([15 << 3 | 2]) + length + bytes(size))
    answers = builder.push([request] * 4)
    assert [a.error is None for a in answers] == [True, True, True, False]
    assert isinstance(answers[3].error, BatchFullError)
    assert answers[3].error.retryable
    builder.finish()
    assert builder.push([request])[0].error is None


def test_an_unknown_compression_name_is_a_programming_error(builder):
    """The native builder refuses names that are none of the enum's."""
    with pytest.raises(ValueError, match="unknown compression"):
        builder._native.push([("t", b"", "protobuf", "br", 0)])
