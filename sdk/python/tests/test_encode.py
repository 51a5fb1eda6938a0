from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from clew_sdk.export.encode import MAX_KEPT, Encoder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SCALAR = st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))
ARRAY = st.one_of(*(st.lists(kind, max_size=4) for kind in (TEXT, st.booleans(), st.integers(-9, 9), st.floats(-1, 1))))
ATTRIBUTES = st.dictionaries(st.text(string.ascii_lowercase + ".", min_size=1, max_size=12), SCALAR | ARRAY, max_size=6)
ID64 = st.integers(1, 2**64 - 1)
STATE = TraceState([("vendor", "a"), ("ot", "th:8")])


def provider(**more):
    """Return a provider and the exporter that collects its spans."""
    made, exporter = TracerProvider(**more), InMemorySpanExporter()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made, exporter


def read(spans, encoder=None):
    """Return our request as a message."""
    return ExportTraceServiceRequest.FromString((encoder or Encoder()).request(spans))


def oracle(spans):
    """Return the stock encoder's message, with what it leaves out or adds: W3C's flags, empty statuses."""
    message = encode_spans(spans)
    by_id = {span.context.span_id.to_bytes(8, "big"): span for span in spans}
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                told = by_id[span.span_id]
                span.flags |= int(told.context.trace_flags)
                if span.HasField("status") and not span.status.code and not span.status.message:
                    span.ClearField("status")
                for link, sent in zip(span.links, told.links, strict=True):
                    link.flags |= int(sent.context.trace_flags)
                    if sent.context.trace_state:
                        link.trace_state = sent.context.trace_state.to_header()
    return message


@given(
    names=st.lists(TEXT, min_size=1, max_size=5),
    attributes=ATTRIBUTES,
    resource=ATTRIBUTES,
    events=st.lists(st.tuples(TEXT, ATTRIBUTES, st.integers(0, 2**62)), max_size=3),
    links=st.lists(st.tuples(st.integers(1, 2**128 - 1), ID64, ATTRIBUTES), max_size=3),
    kind=st.sampled_from(SpanKind),
    status=st.sampled_from([Status(), Status(StatusCode.OK), Status(StatusCode.ERROR, "no way")]),
    start=st.integers(0, 2**62),
)
@settings(max_examples=150, deadline=None)
def test_a_request_says_what_the_stock_encoder_says(names, attributes, resource, events, links, kind, status, start):
    """Whatever spans hold, our bytes read as the message that OpenTelemetry's own encoder makes."""
    made, exporter = provider(resource=Resource(resource, "https://schema/1"))
    linked = [Link(SpanContext(trace, span, True, TraceFlags(1), STATE), more) for trace, span, more in links]
    for at, name in enumerate(names):
        tracer = made.get_tracer(f"scope-{at % 2}", "1.0", schema_url="https://schema/2" if at % 2 else None)
        span = tracer.start_span(name, kind=kind, attributes=attributes, links=linked, start_time=start)
        for event, more, when in events:
            span.add_event(event, more, when)
        span.set_status(status)
        span.end(start + at)
    spans = exporter.get_finished_spans()
    assert read(spans) == oracle(spans)


def test_parents_trace_state_and_dropped_counts_are_kept():
    """A child bears its parent's id and the trace state; what limits have dropped is counted."""
    made, exporter = provider(span_limits=SpanLimits(max_attributes=1, max_events=1, max_links=1))
    tracer = made.get_tracer("t")
    other = Link(SpanContext(7, 8, True))
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("child", links=[other, other]) as child:
        child.set_attributes({"a": 1, "b": 2, "c": 3})
        for name in ("one", "two", "three"):
            child.add_event(name, {"x": 1, "y": 2})
    spans = exporter.get_finished_spans()
    assert read(spans) == oracle(spans)
    first = read(spans).resource_spans[0].scope_spans[0].spans[0]
    assert (first.dropped_attributes_count, first.dropped_events_count, first.dropped_links_count) == (2, 2, 1)


def test_values_that_equal_each_other_keep_their_types():
    """1, 1.0, True and "1" under one key stay what they are, also when the encoder has seen one of them before."""
    made, exporter = provider()
    encoder = Encoder()
    for value in (1, True, 1.0, "1", 1):
        made.get_tracer("t").start_span("s", attributes={"k": value}).end()
        spans = exporter.get_finished_spans()
        exporter.clear()
        assert read(spans, encoder) == oracle(spans)


def test_what_is_kept_stays_within_bounds():
    """However many values come, the encoder keeps at most so many."""
    made, exporter = provider()
    encoder = Encoder()
    for at in range(MAX_KEPT + 10):
        made.get_tracer("t").start_span(f"n{at}", attributes={f"k{at}": f"v{at}"}).end()
    encoder.request(exporter.get_finished_spans())
    assert max(len(encoder._attributes), len(encoder._keys), len(encoder._names)) <= MAX_KEPT


def test_lone_surrogates_and_huge_numbers_do_no_harm():
    """Text that is no UTF-8 becomes readable, and a number beyond 64 bits its digits."""
    made, exporter = provider()
    made.get_tracer("t").start_span("bad \ud800 name", attributes={"big": 2**70, "nested": {"a": [1, None]}}).end()
    span = read(exporter.get_finished_spans()).resource_spans[0].scope_spans[0].spans[0]
    assert span.name == "bad ? name"
    assert {one.key: one.value.WhichOneof("value") for one in span.attributes} == {
        "big": "string_value",
        "nested": "kvlist_value",
    }
