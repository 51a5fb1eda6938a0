"""What becomes of single spans: buckets, marks, rejections, promoted columns, bounds."""

from __future__ import annotations

import threading

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from clew.codec import Encoding, MalformedError, encode_traces
from clew.model import RESOURCES, SCOPES, SPANS, Mark

NOW = 1_700_000_000_000_000_000
BUCKET = NOW // 10**9 // 600 * 600


def text(key: str, value: str) -> KeyValue:
    """A string attribute."""
    return KeyValue(key=key, value=AnyValue(string_value=value))


def number(key: str, value: int) -> KeyValue:
    """An integer attribute."""
    return KeyValue(key=key, value=AnyValue(int_value=value))


def row_of(builder, request):
    """The one row of a request."""
    (pushed,) = builder.push([request])
    assert pushed.error is None, pushed.error
    assert pushed.accepted == 1, pushed.message
    return builder.finish().rows.to_pylist()[0]


def test_batches_have_the_schemas_of_the_model(builder, make_request):
    """Rows, resources and scopes have exactly the model's schemas, empty batches too."""
    for request in (make_request(b""), make_request({})):
        builder.push([request])
        batches = builder.finish()
        assert batches.rows.schema.equals(SPANS, check_metadata=True)
        assert batches.resources.schema.equals(RESOURCES, check_metadata=True)
        assert batches.scopes.schema.equals(SCOPES, check_metadata=True)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b""}, "invalid_trace_id"),
        ({"trace_id": bytes(16)}, "invalid_trace_id"),
        ({"trace_id": b"\1" * 15}, "invalid_trace_id"),
        ({"span_id": bytes(8)}, "invalid_span_id"),
        ({"span_id": b"\1" * 9}, "invalid_span_id"),
        ({"parent_span_id": b"\1"}, "invalid_parent_id"),
        ({"start_time_unix_nano": 2**63}, "time_out_of_range"),
        ({"end_time_unix_nano": 2**64 - 1}, "time_out_of_range"),
        ({"events": [Span.Event(time_unix_nano=2**63)]}, "time_out_of_range"),
        ({"links": [Span.Link(trace_id=b"\1" * 3, span_id=b"\1" * 8)]}, "invalid_link_id"),
    ],
)
def test_a_bad_span_is_rejected_alone(fields, reason, builder, make_request):
    """A span that cannot be kept is counted by reason, named in the message, and leaves nothing behind."""
    bad = make_request(fields | {"name": "bad", "attributes": [text("left", "behind")]})
    first, second = builder.push([bad, make_request({"name": "good"})])
    assert (first.accepted, first.rejected, first.reasons, first.error) == (0, 1, {reason: 1}, None)
    assert reason in first.message
    assert second.message == ""
    batches = builder.finish()
    assert batches.rows.column("name").to_pylist() == ["good"]
    assert batches.rows.column("attr_str").to_pylist() == [[]]
    assert batches.resources.num_rows == 1


@pytest.mark.parametrize(
    ("start", "bucket", "marks"),
    [
        (NOW, BUCKET, 0),
        (NOW - 86_400 * 10**9, (NOW - 86_400 * 10**9) // 10**9 // 600 * 600, 0),
        (NOW - 86_400 * 10**9 - 1, BUCKET, Mark.CLAMPED),
        (NOW + 600 * 10**9, BUCKET + 600, 0),
        (NOW + 600 * 10**9 + 1, BUCKET, Mark.CLAMPED),
        (0, BUCKET, Mark.CLAMPED),
        (2**63 - 1, BUCKET, Mark.CLAMPED),
    ],
)
def test_the_bucket_is_bounded_by_the_arrival(start, bucket, marks, builder, make_request):
    """The bucket follows the start within retention and ten minutes ahead, else the arrival, and says so."""
    row = row_of(builder, make_request({"start_time_unix_nano": start, "end_time_unix_nano": start}))
    assert (int(row["bucket"].timestamp()), row["marks"]) == (bucket, marks)


def test_a_negative_duration_keeps_the_sent_end(builder, make_request):
    """An end before the start gives duration 0, the mark and the sent end, and comes back as it was sent."""
    builder.push([make_request({"end_time_unix_nano": end}) for end in (NOW - 5, 0, NOW + 5)])
    batches = builder.finish()
    rows = batches.rows.to_pylist()
    assert [(r["duration"], r["end_raw"], r["marks"]) for r in rows] == [(0, NOW - 5, 8), (0, 0, 8), (5, 0, 0)]
    body = encode_traces(batches.rows, batches.resources, batches.scopes, Encoding.PROTOBUF)
    builder.push([make_request(body)])
    assert builder.finish().rows.to_pylist() == rows


def test_promoted_columns_prefer_current_names(builder, make_request):
    """Promoted columns take the current name over older ones whatever their order; attributes stay as they are."""
    attributes = [
        text("net.peer.name", "old"),
        text("server.address", "new"),
        number("http.status_code", 500),
        number("http.response.status_code", 404),
        text("db.system", "mysql"),
        text("http.route", "/a"),
        text("http.route", "/b"),
    ]
    row = row_of(builder, make_request({"attributes": attributes, "kind": 3}))
    promoted = [row[name] for name in ("peer", "http_status", "db_system", "http_route")]
    assert promoted == ["new", 404, "mysql", "/a"]
    assert [k for k, _ in row["attr_str"]] == [a.key for a in attributes if a.value.HasField("string_value")]
    assert row_of(builder, make_request({"attributes": attributes, "kind": 2}))["peer"] == ""


def test_values_without_a_column_of_their_own_are_json(builder, make_request):
    """Bytes, lists of pairs, mixed arrays and absent values are kept as compact OTLP JSON; empty arrays are arrays."""
    mixed = ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="a")])
    pairs = KeyValueList(values=[number("n", 2)])
    attributes = [
        KeyValue(key="bytes", value=AnyValue(bytes_value=b"\0\1")),
        KeyValue(key="none"),
        KeyValue(key="mixed", value=AnyValue(array_value=mixed)),
        KeyValue(key="pairs", value=AnyValue(kvlist_value=pairs)),
        KeyValue(key="empty", value=AnyValue(array_value=ArrayValue())),
        KeyValue(key="ints", value=AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=i) for i in (1, 2)]))),
    ]
    row = row_of(builder, make_request({"attributes": attributes}))
    assert row["attr_any"] == [
        ("bytes", '{"bytesValue":"AAE="}'),
        ("none", "{}"),
        ("mixed", '{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a"}]}}'),
        ("pairs", '{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"2"}}]}}'),
    ]
    assert (row["arr_str"], row["arr_int"]) == ([("empty", [])], [("ints", [1, 2])])


def test_nesting_is_bounded(builder, make_request):
    """Sixty values inside each other are kept, a hundred are refused."""

    def nested(depth: int) -> bytes:
        value = b""
        for _ in range(depth - 1):
            value = varint_field(5, varint_field(1, value))
        attribute = varint_field(1, b"k") + varint_field(2, value)
        span = varint_field(1, b"\1" * 16) + varint_field(2, b"\1" * 8) + varint_field(9, attribute)
        return varint_field(1, varint_field(2, varint_field(2, span)))

    good, bad = builder.push([make_request(nested(60)), make_request(nested(100))])
    assert good.error is None
    assert isinstance(bad.error, MalformedError)


def varint_field(number: int, content: bytes) -> bytes:
    """A field of bytes on the wire."""
    size, length = len(content), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def test_resource_after_its_spans_counts(builder, make_request):
    """Fields in an order that no SDK uses, and messages in two pieces, mean the same."""
    span = varint_field(2, varint_field(1, b"\1" * 16) + varint_field(2, b"\1" * 8))
    pieces = [text("service.name", "shop").SerializeToString(), text("a", "b").SerializeToString()]
    group = varint_field(2, span) + b"".join(varint_field(1, varint_field(1, piece)) for piece in pieces)
    builder.push([make_request(varint_field(1, group))])
    batches = builder.finish()
    assert batches.rows.column("service").to_pylist() == ["shop"]
    assert batches.resources.column("attr_str").to_pylist() == [[("service.name", "shop"), ("a", "b")]]


def test_a_resource_is_written_once_per_day(builder, make_request):
    """Spans of two days refer to one resource, which has a row for each day with the times it was seen."""
    yesterday = {"start_time_unix_nano": NOW - 86_000 * 10**9}
    requests = [make_request({}), make_request(yesterday), make_request({}, received_ns=NOW + 5 * 10**9)]
    builder.push(requests)
    rows = sorted(builder.finish().resources.to_pylist(), key=lambda row: row["day"])
    assert len({row["resource_id"] for row in rows}) == 1
    seen = [(int(row["first_seen"].timestamp()), int(row["last_seen"].timestamp())) for row in rows]
    assert seen == [(NOW // 10**9, NOW // 10**9), (NOW // 10**9, NOW // 10**9 + 5)]


def test_ids_do_not_depend_on_the_order_of_attributes(builder, make_request):
    """The id of a resource is a hash of its sorted content."""
    bodies = []
    for attributes in ([text("a", "1"), number("b", 2)], [number("b", 2), text("a", "1")], [text("a", "2")]):
        message = ExportTraceServiceRequest()
        group = message.resource_spans.add()
        group.resource.attributes.extend(attributes)
        group.scope_spans.add().spans.add(trace_id=b"\1" * 16, span_id=b"\1" * 8)
        bodies.append(make_request(message.SerializeToString()))
    builder.push(bodies)
    ids = builder.finish().rows.column("resource_id").to_pylist()
    assert ids[0] == ids[1] != ids[2]


def test_the_builder_starts_again_after_finish(builder, make_request):
    """Rows and bytes count the open batch, and a new batch knows nothing of the last one's words."""
    builder.push([make_request({"name": "first"})])
    assert builder.rows == 1
    assert builder.bytes > 0
    first = builder.finish().rows
    assert (builder.rows, builder.bytes) == (0, 0)
    builder.push([make_request({"name": "second"})])
    second = builder.finish().rows
    assert first.column("name").to_pylist() == ["first"]
    assert second.column("name").dictionary.to_pylist() == ["second"]


def test_other_threads_run_while_it_decodes(builder, make_request):
    """The interpreter lock is not held during a push: another thread goes on counting."""
    request = make_request({"attributes": [text("k", "v" * 50)] * 200})
    stop, counted = threading.Event(), []

    def count() -> None:
        n = 0
        while not stop.is_set():
            n += 1
        counted.append(n)

    thread = threading.Thread(target=count)
    thread.start()
    answers = builder.push([request] * 2000)
    stop.set()
    thread.join()
    assert all(answer.error is None for answer in answers)
    assert counted[0] > 0
