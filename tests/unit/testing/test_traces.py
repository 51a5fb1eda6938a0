from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from clew.testing.traces import TraceSource, big_trace

NOW = 1_760_000_000_000_000_000


def spans_of(body: bytes) -> list[Span]:
    """Return all spans of a request."""
    request = ExportTraceServiceRequest.FromString(body)
    return [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]


@pytest.fixture(scope="module")
def source() -> TraceSource:
    """Make requests of four templates."""
    return TraceSource(3, templates=4)


def test_the_same_seed_and_number_give_the_same_bytes(source: TraceSource) -> None:
    """Requests can be made again from their number alone; other numbers give other bytes."""
    again = TraceSource(3, templates=4)
    assert source.request(9, NOW).body == again.request(9, NOW).body
    assert source.request(9, NOW).body != source.request(10, NOW).body


def test_a_number_gives_its_trace_ids_back(source: TraceSource) -> None:
    """The ids of a request are known without its bytes, with the number of spans of each."""
    prepared = source.request(17, NOW)
    spans = spans_of(prepared.body)
    assert source.trace_ids(17) == prepared.trace_ids
    assert len(spans) == prepared.spans == source.spans(17)
    for trace, count in zip(prepared.trace_ids, prepared.spans_of, strict=True):
        assert sum(span.trace_id == trace for span in spans) == count


def test_ids_do_not_repeat(source: TraceSource) -> None:
    """Over many requests no trace id and no span id comes twice."""
    spans = [span for number in range(8) for span in spans_of(source.request(number, NOW).body)]
    assert len({span.span_id for span in spans}) == len(spans)
    ids = [trace for number in range(500) for trace in source.trace_ids(number)]
    assert len(set(ids)) == len(ids)


def test_every_trace_is_a_tree_in_time_order(source: TraceSource) -> None:
    """Each trace has one root, its parents exist, and no child starts before its parent."""
    spans = {(span.trace_id, span.span_id): span for span in spans_of(source.request(2, NOW).body)}
    roots = [span for span in spans.values() if not span.parent_span_id]
    assert len(roots) == len({span.trace_id for span in spans.values()})
    for span in spans.values():
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= NOW
        if span.parent_span_id:
            parent = spans[span.trace_id, span.parent_span_id]
            assert parent.start_time_unix_nano <= span.start_time_unix_nano


def test_spans_look_like_those_of_a_shop(source: TraceSource) -> None:
    """About 650 bytes, eight string and four number attributes, errors with exceptions, and links."""
    requests = [source.request(number, NOW) for number in range(4)]
    size = sum(len(one.body) for one in requests) / sum(one.spans for one in requests)
    assert 550 < size < 750
    spans = [span for one in requests for span in spans_of(one.body)]
    for span in spans:
        strings = sum(item.value.HasField("string_value") for item in span.attributes)
        assert (strings, len(span.attributes) - strings) == (8, 4)
    failed = [span for span in spans if span.status.code == 2]
    assert 0.01 < len(failed) / len(spans) < 0.2
    assert all(span.events[0].name == "exception" for span in failed)
    assert any(span.links for span in spans)


@pytest.mark.parametrize("size", [1, 700, 1000, 1234])
def test_a_big_trace_is_one_tree_of_exact_size(size: int) -> None:
    """One trace id, one root, every parent present, and as many spans as asked for."""
    spans = [span for one in big_trace(b"b" * 16, size, NOW, per_request=500) for span in spans_of(one.body)]
    ids = {span.span_id for span in spans}
    assert len(spans) == len(ids) == size
    assert {span.trace_id for span in spans} == {b"b" * 16}
    assert sum(not span.parent_span_id for span in spans) == 1
    assert all(span.parent_span_id in ids for span in spans if span.parent_span_id)
