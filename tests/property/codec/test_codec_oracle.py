"""The native codec against the pure-Python oracle."""

from __future__ import annotations

import base64
import json

import pyarrow as pa
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from otlp_strategies import LOG_REQUESTS, NOW, TRACE_REQUESTS

from clew.codec import (
    Batches,
    Compression,
    Encoding,
    LogBuilder,
    Pushed,
    Request,
    SpanBuilder,
    encode_logs,
    encode_traces,
)
from clew.codec.reference import Decoded, decode_logs, decode_traces
from clew.model import Mark

RETENTION_S = 2 * 86_400
BUILDERS = {"spans": SpanBuilder(retention_s=RETENTION_S), "logs": LogBuilder(retention_s=RETENTION_S)}
REFERENCE = {"spans": decode_traces, "logs": decode_logs}
ENCODE = {"spans": encode_traces, "logs": encode_logs}
SIGNALS = st.one_of(st.tuples(st.just("spans"), TRACE_REQUESTS), st.tuples(st.just("logs"), LOG_REQUESTS))
quick = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def request(body: bytes, encoding: Encoding = Encoding.PROTOBUF, tenant: str = "t", at: int = NOW) -> Request:
    """An uncompressed request."""
    return Request(tenant, body, encoding, Compression.NONE, at)


def to_json(message: Message) -> bytes:
    """OTLP JSON of a message, by Google's library plus what OTLP says otherwise: hex ids and enum numbers."""
    plain = MessageToDict(message, use_integers_for_enums=True)
    return json.dumps(_hex_ids(plain)).encode()


def _hex_ids(value: object) -> object:
    if isinstance(value, list):
        return [_hex_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {"traceId", "spanId", "parentSpanId"}
    return {k: base64.b64decode(v).hex().upper() if k in ids else _hex_ids(v) for k, v in value.items()}


def decode(signal: str, requests: list[Request]) -> tuple[list[Pushed], Batches]:
    """Decode with the native builder."""
    builder = BUILDERS[signal]
    pushed = builder.push(requests)
    return pushed, builder.finish()


def by_id(batch: pa.RecordBatch) -> list[dict[str, object]]:
    """Resource or scope rows in a fixed order."""
    key = next(name for name in ("resource_id", "scope_id") if name in batch.schema.names)
    return sorted(batch.to_pylist(), key=lambda row: (row["tenant"], row[key], row["day"]))


def check_same(pushed: list[Pushed], native: Batches, oracle: Decoded) -> None:
    """Outcomes and rows are the same."""
    outcomes = [None if p.error else (p.accepted, p.reasons) for p in pushed]
    assert outcomes == list(oracle.outcomes)
    assert native.rows.schema.equals(oracle.rows.schema)
    native.rows.validate(full=True)
    assert native.rows.to_pylist() == oracle.rows.to_pylist()
    assert by_id(native.resources) == by_id(oracle.resources)
    assert by_id(native.scopes) == by_id(oracle.scopes)


@quick
@given(SIGNALS)
def test_protobuf_becomes_the_rows_of_the_oracle(case: tuple[str, Message]) -> None:
    """Any protobuf request gives the rows, resources, scopes and rejections of the oracle."""
    signal, message = case
    requests = [request(message.SerializeToString())]
    check_same(*decode(signal, requests), REFERENCE[signal](requests, retention_s=RETENTION_S))


@quick
@given(SIGNALS)
def test_json_becomes_the_same_rows_as_protobuf(case: tuple[str, Message]) -> None:
    """OTLP JSON with upper-case ids and numbers as strings gives the oracle's rows, and those of protobuf."""
    signal, message = case
    requests = [request(to_json(message), Encoding.JSON)]
    pushed, batches = decode(signal, requests)
    check_same(pushed, batches, REFERENCE[signal](requests, retention_s=RETENTION_S))
    proto = decode(signal, [request(message.SerializeToString())])[1]
    assert batches.rows.to_pylist() == proto.rows.to_pylist()


@quick
@given(SIGNALS, st.sampled_from(Encoding))
def test_encoding_is_the_inverse_of_decoding(case: tuple[str, Message], encoding: Encoding) -> None:
    """Rows that are encoded and decoded again are the same rows, in either encoding."""
    signal, message = case
    first = decode(signal, [request(message.SerializeToString())])[1]
    body = ENCODE[signal](first.rows, first.resources, first.scopes, encoding)
    pushed, second = decode(signal, [request(body, encoding)])
    assert pushed[0].error is None
    key = "span_id"
    assert sorted(second.rows.to_pylist(), key=repr) == sorted(first.rows.to_pylist(), key=repr), key
    assert by_id(second.resources) == by_id(first.resources)
    assert by_id(second.scopes) == by_id(first.scopes)


@quick
@given(st.lists(st.tuples(TRACE_REQUESTS, st.booleans(), st.sampled_from(["a", "b"])), min_size=2, max_size=5))
def test_a_malformed_request_is_rolled_back_alone(cases: list[tuple[Message, bool, str]]) -> None:
    """Requests of many tenants share a batch, in which nothing is left of those that end in the middle of a field."""
    requests = [
        request(message.SerializeToString() + (b"\x0a\x7f" if broken else b""), tenant=tenant, at=NOW + i * 10**9)
        for i, (message, broken, tenant) in enumerate(cases)
    ]
    pushed, batches = decode("spans", requests)
    check_same(pushed, batches, decode_traces(requests, retention_s=RETENTION_S))
    words = {name: batches.rows.column(name).dictionary.to_pylist() for name in ("tenant", "name", "service")}
    assert {name: set(w) for name, w in words.items()} == {
        name: set(batches.rows.column(name).to_pylist()) for name in words
    }


@settings(quick, max_examples=8)
@given(SIGNALS)
def test_every_truncation_is_what_the_oracle_says(case: tuple[str, Message]) -> None:
    """Valid bytes cut at any offset are refused or read exactly as the oracle does."""
    signal, message = case
    body = message.SerializeToString()[:400]
    requests = [request(body[:end]) for end in range(len(body))]
    check_same(*decode(signal, requests), REFERENCE[signal](requests, retention_s=RETENTION_S))


@settings(quick, max_examples=150)
@given(SIGNALS, st.data())
def test_mutated_bytes_never_disagree(case: tuple[str, Message], data: st.DataObject) -> None:
    """Bytes changed at random are refused or give the oracle's rows; only text that is no UTF-8 is read more kindly."""
    signal, message = case
    body = bytearray(message.SerializeToString())
    assume(body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    requests = [request(bytes(body))]
    pushed, batches = decode(signal, requests)
    oracle = REFERENCE[signal](requests, retention_s=RETENTION_S)
    if oracle.outcomes[0] is not None:
        check_same(pushed, batches, oracle)
    elif pushed[0].error is None:
        # Google's parser refuses a whole message for text that is no UTF-8, also in fields that are not read here.
        assert all(row["marks"] is not None for row in batches.rows.to_pylist())


@quick
@given(TRACE_REQUESTS, st.data())
def test_text_that_is_no_utf8_is_replaced_and_marked(message: Message, data: st.DataObject) -> None:
    """A name of arbitrary bytes is stored as Python's `errors="replace"` reads it, with the mark when it changed."""
    raw = data.draw(st.binary(min_size=1, max_size=20))
    body = _span_named(raw)
    batches = decode("spans", [request(message.SerializeToString()), request(body)])[1]
    row = batches.rows.to_pylist()[-1]
    text = raw.decode(errors="replace")
    assert row["name"] == text
    assert dict(row["attr_str"]) == {"k": text}
    assert dict(row["events"][0]["attr_str"]) == {"k": text}
    damaged = text.encode() != raw
    assert bool(row["marks"] & Mark.INVALID_UTF8) is damaged


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def _span_named(raw: bytes) -> bytes:
    attribute = _field(1, b"k") + _field(2, _field(1, raw))
    span = _field(1, b"\x01" * 16) + _field(2, b"\x01" * 8) + _field(5, raw) + _field(9, attribute)
    event = _field(3, attribute)
    span += _field(11, event)
    assert len(span) < 200
    size = bytes([len(span) & 0x7F | 0x80, len(span) >> 7])
    scope = bytes([2 << 3 | 2]) + size + span
    scope_size = bytes([len(scope) & 0x7F | 0x80, len(scope) >> 7])
    group = bytes([2 << 3 | 2]) + scope_size + scope
    group_size = bytes([len(group) & 0x7F | 0x80, len(group) >> 7])
    return bytes([1 << 3 | 2]) + group_size + group


@pytest.mark.parametrize("tenants", [1, 3])
def test_a_row_belongs_to_its_tenant(tenants: int) -> None:
    """Each row carries the tenant of its own request, and each tenant has resource rows of its own."""
    body = _span_named(b"x")
    batches = decode("spans", [request(body, tenant=f"t{i}") for i in range(tenants)])[1]
    assert batches.rows.column("tenant").to_pylist() == [f"t{i}" for i in range(tenants)]
    assert sorted(batches.resources.column("tenant").to_pylist()) == [f"t{i}" for i in range(tenants)]
