"""Checksum, catalogue and conform."""

from __future__ import annotations

import pyarrow as pa
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from clew.codec import Catalogue, Encoding, MalformedError, checksum, checksum_bytes, conform, encode_traces
from clew.model import RESOURCES, SCOPES, SPANS

NOW = 1_700_000_000_000_000_000


def text(key: str, value: str) -> KeyValue:
    """A string attribute."""
    return KeyValue(key=key, value=AnyValue(string_value=value))


def items(*values: int) -> AnyValue:
    """An array of integers."""
    return AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=v) for v in values]))


@pytest.fixture
def batches(builder, make_request):
    """Twenty spans with attributes of every type, an event and a link each."""
    events = [Span.Event(name="e", time_unix_nano=NOW, attributes=[text("ek", "ev")])]
    links = [Span.Link(trace_id=b"\3" * 16, span_id=b"\4" * 8, attributes=[text("lk", "lv")])]
    spans = [
        {
            "name": f"n{i % 3}",
            "attributes": [
                text("k", f"v{i}"),
                KeyValue(key="i", value=AnyValue(int_value=i % 2)),
                KeyValue(key="b", value=AnyValue(bool_value=i % 2 == 0)),
                KeyValue(key="f", value=AnyValue(double_value=1.5)),
                KeyValue(key="a", value=items(1, 2)),
                KeyValue(key="x", value=AnyValue(bytes_value=b"1")),
            ],
            "events": events,
            "links": links,
        }
        for i in range(20)
    ]
    builder.push([make_request(span) for span in spans])
    return builder.finish()


def round_trip(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch after Arrow IPC."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch()


def test_the_checksum_survives_a_round_trip(batches):
    """A batch has the same checksum after Arrow IPC, whole or as a slice."""
    for batch in (batches.rows, batches.resources, batches.scopes, batches.rows.slice(3, 11), batches.rows.slice(5, 0)):
        assert checksum(round_trip(batch)) == checksum(batch)


def test_the_checksum_sees_every_value(batches):
    """Other values in any column, or other rows, give another checksum."""
    rows = batches.rows
    seen = {checksum(rows), checksum(rows.slice(0, 19)), checksum(rows.slice(1))}
    for i, field in enumerate(rows.schema):
        column = rows.column(i)
        turned = column.take(pa.array(list(reversed(range(20)))))
        if turned.to_pylist() != column.to_pylist():
            seen.add(checksum(rows.set_column(i, field, turned)))
    assert len(seen) >= 3 + 4


def test_bytes_have_a_seeded_checksum():
    """Bytes and memoryviews have xxh3-64 checksums that continue from a seed."""
    assert checksum_bytes(b"") == 0x2D06800538D394C2
    assert checksum_bytes(memoryview(b"xabc")[1:]) == checksum_bytes(b"abc") != checksum_bytes(b"abc", 1)
    with pytest.raises(BufferError):
        checksum_bytes(memoryview(b"abcdef")[::2])


def rows_of(found: pa.RecordBatch) -> list[tuple[object, ...]]:
    """What the catalogue handed out, without tenant, day and level."""
    return [(r["key"], r["type"], r["value"], r["more"]) for r in found.to_pylist()]


def test_the_catalogue_hands_out_each_value_once(batches):
    """New keys and values of each level come out once, as text, with tenant and day."""
    catalogue = Catalogue()
    first = catalogue.scan(batches.rows, "span")
    assert set(rows_of(first)) >= {
        ("k", "string", "v19", False),
        ("i", "int", "1", False),
        ("b", "bool", "true", False),
        ("f", "float", "1.5", False),
        ("a", "int", "2", False),
        ("x", "any", "", True),
    }
    assert first.num_rows == 20 + 2 + 2 + 1 + 2 + 1
    assert {(r["tenant"], str(r["day"]), r["level"]) for r in first.to_pylist()} == {("t", "2023-11-14", "span")}
    assert rows_of(catalogue.scan(batches.rows, "event")) == [("ek", "string", "ev", False)]
    assert rows_of(catalogue.scan(batches.rows, "link")) == [("lk", "string", "lv", False)]
    assert catalogue.scan(batches.resources, "resource").num_rows == 0
    catalogue.commit()
    assert catalogue.scan(batches.rows, "span").num_rows == 0


def test_a_rollback_hands_out_again(batches):
    """After a failed write the same rows come again, also those that reached the limit."""
    catalogue = Catalogue(max_values=5)
    first = rows_of(catalogue.scan(batches.rows, "span"))
    catalogue.rollback()
    assert rows_of(catalogue.scan(batches.rows, "span")) == first


def test_the_catalogue_says_when_there_are_more(batches):
    """Beyond the limit one row says that there are more values, and no other comes."""
    catalogue = Catalogue(max_values=5)
    found = [row for row in rows_of(catalogue.scan(batches.rows, "span")) if row[0] == "k"]
    assert [row[3] for row in found] == [False] * 5 + [True]
    catalogue.commit()
    assert catalogue.scan(batches.rows, "span").num_rows == 0


def test_long_values_are_not_catalogued(builder, make_request):
    """A string of more than 128 characters is not offered, but its key is, with the remark."""
    builder.push([make_request({"attributes": [text("s", "é" * 128), text("l", "é" * 129)]})])
    found = rows_of(Catalogue().scan(builder.finish().rows, "span"))
    assert found == [("s", "string", "é" * 128, False), ("l", "string", "", True)]


def test_a_batch_of_another_kind_is_refused(batches):
    """A batch without the needed columns is an error, not an empty answer."""
    with pytest.raises(ValueError, match="tenant"):
        Catalogue().scan(batches.rows.select(["name"]), "span")


def plain(batch: pa.RecordBatch) -> pa.Table:
    """The batch as an engine may give it back: plain words, times as integers, nested lists by field."""
    table = pa.Table.from_batches([batch])
    words = {name: pa.utf8() for name in ("tenant", "name", "service")}
    for i, name in enumerate(table.column_names):
        if name in words:
            table = table.set_column(i, name, table.column(name).cast(words[name]))
        if name == "bucket":
            table = table.set_column(i, name, table.column(name).cast(pa.int64()).cast(pa.uint32()))
        if name == "day":
            table = table.set_column(i, name, table.column(name).cast(pa.int32()).cast(pa.uint16()))
        if name == "attr_str":
            table = table.set_column(i, name, table.column(name).cast(pa.map_(pa.utf8(), pa.utf8())))
        if name == "trace_id":
            table = table.set_column(i, name, table.column(name).cast(pa.binary()))
    for nested in ("events", "links"):
        if nested in table.column_names:
            lists = table.column(nested).combine_chunks()
            lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
            values = lists.flatten()
            for j, field in enumerate(values.type):
                column = pa.ListArray.from_arrays(lists.offsets, values.field(j))
                table = table.append_column(f"{nested}.{field.name}", column)
            table = table.drop_columns([nested])
    return table


def test_rows_of_an_engine_are_conformed(batches):
    """Plain words, integer times, binary ids and flattened lists become the model's schema again, and encode alike."""
    given = [plain(batch) for batch in (batches.rows, batches.resources, batches.scopes)]
    doubled = pa.concat_tables([given[0].slice(0, 7), given[0].slice(7)])
    rows = conform(doubled, SPANS)
    assert rows.schema.equals(SPANS)
    assert rows.to_pylist() == batches.rows.to_pylist()
    direct = encode_traces(batches.rows, batches.resources, batches.scopes, Encoding.PROTOBUF)
    assert encode_traces(doubled, given[1], given[2], Encoding.PROTOBUF) == direct
    assert conform(given[1], RESOURCES).to_pylist() == batches.resources.to_pylist()
    assert conform(given[2].slice(0, 0), SCOPES).num_rows == 0


def test_rows_that_do_not_fit_are_refused(batches):
    """A missing column and values of another type are errors that name the column."""
    table = pa.Table.from_batches([batches.rows])
    with pytest.raises(MalformedError, match="trace_id"):
        conform(table.drop_columns(["trace_id"]), SPANS)
    broken = table.set_column(2, "span_id", pa.array(["x"] * 20))
    with pytest.raises(MalformedError):
        conform(broken, SPANS)


def test_a_span_without_its_resource_still_encodes(batches):
    """Spans whose resource is not among the given ones get an empty one."""
    out = encode_traces(batches.rows, batches.resources.slice(0, 0), batches.scopes.slice(0, 0), Encoding.JSON)
    assert b'"resource":{}' in out


def test_a_broken_stored_value_is_an_error(batches):
    """Text in attr_any that is no OTLP JSON is reported, not exported."""
    column = batches.rows.schema.get_field_index("attr_any")
    kind = SPANS.field("attr_any").type
    broken = pa.array([[("x", "{")]] * 20, pa.map_(pa.utf8(), pa.utf8())).cast(kind)
    rows = batches.rows.set_column(column, SPANS.field("attr_any"), broken)
    with pytest.raises(MalformedError, match="attribute value"):
        encode_traces(rows, batches.resources, batches.scopes, Encoding.PROTOBUF)
