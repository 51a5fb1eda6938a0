from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, set_span_in_context

from clew_sdk.build import propagator
from clew_sdk.context import (
    B3Propagator,
    DatadogPropagator,
    GuardedBaggagePropagator,
    JaegerPropagator,
    W3CPropagator,
    XRayPropagator,
)
from clew_sdk.context.environ import from_environ, to_environ
from clew_sdk.context.records import from_headers, to_headers
from clew_sdk.settings import Settings

TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ALL = [
    W3CPropagator(),
    B3Propagator(),
    B3Propagator(single=False),
    JaegerPropagator(),
    XRayPropagator(),
    DatadogPropagator(),
]


class Multi(Getter):
    """Headers of a request in which one may stand several times."""

    def get(self, carrier, key):
        """Return every value."""
        return [value for name, value in carrier if name.lower() == key] or None

    def keys(self, carrier):
        """Return the names."""
        return [name for name, _ in carrier]


def span_of(context):
    """Return the current span's context."""
    return trace.get_current_span(context).get_span_context()


def sent(propagator, context):
    """Return the headers that a propagator writes."""
    carrier = {}
    propagator.inject(carrier, context)
    return carrier


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        GOOD.upper(),
        GOOD + "-",
        GOOD + "-extra",
        "ff" + GOOD[2:],
        "0x" + GOOD[2:],
        "cc" + GOOD[2:] + "extra",
        GOOD.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        GOOD.replace("b7ad6b7169203331", "0" * 16),
        GOOD[:-2] + "0g",
        GOOD[:-1],
        GOOD.replace("-", "_"),
        GOOD[:10] + " " + GOOD[11:],
        "00-\u0660af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)
def test_a_traceparent_that_is_not_valid_is_none(header):
    """What the specification does not allow starts no trace, and takes the trace state with it."""
    context = W3CPropagator().extract({"traceparent": header, "tracestate": "a=b"})
    assert not span_of(context).is_valid
    assert not span_of(context).trace_state


@pytest.mark.parametrize("header", [GOOD, "cc" + GOOD[2:], "01" + GOOD[2:] + "-what-the-future-brings", f"  {GOOD} "])
def test_known_and_future_versions_are_read(header):
    """Version 00 is read whole, a later one by the part that is known."""
    found = span_of(W3CPropagator().extract({"traceparent": header}))
    assert (found.trace_id, found.span_id, found.is_remote) == (TRACE, SPAN, True)
    assert found.trace_flags.sampled


def test_a_traceparent_sent_twice_is_none():
    """Two headers are as good as none, also when they are equal."""
    headers = [("traceparent", GOOD), ("Traceparent", GOOD)]
    assert not span_of(W3CPropagator().extract(headers, getter=Multi())).is_valid


@pytest.mark.parametrize("flags", ["00", "01", "02", "03", "ff"])
def test_the_random_flag_stays_what_the_sender_said(flags):
    """A trace id is as random as its maker says; flags that are not known are not passed on."""
    context = W3CPropagator().extract({"traceparent": GOOD[:-2] + flags})
    assert sent(W3CPropagator(), context)["traceparent"][-2:] == f"{int(flags, 16) & 3:02x}"


def test_a_trace_that_begins_here_is_random():
    """An id of the SDK's own is told to be random."""
    context = set_span_in_context(NonRecordingSpan(SpanContext(TRACE, SPAN, False, TraceFlags(1))))
    assert sent(W3CPropagator(), context)["traceparent"] == GOOD[:-2] + "03"


@pytest.mark.parametrize(
    ("headers", "members"),
    [
        (["foo=1,bar=2"], [("foo", "1"), ("bar", "2")]),
        (["foo=1", "bar=2"], [("foo", "1"), ("bar", "2")]),
        ([" foo=1 \t,\t, bar=2,"], [("foo", "1"), ("bar", "2")]),
        (["0vendor@sys=x"], [("0vendor@sys", "x")]),
        ("foo=1=2", None),
        ("foo=1,foo=2", None),
        ("Foo=1", None),
        ("foo@=1,=2", None),
        ("foo", None),
        ("foo=", None),
        ("foo=a\x7f", None),
        ("k" * 257 + "=1", None),
        ("foo=" + "x" * 257, None),
        (",".join(f"k{i}=1" for i in range(33)), None),
        (",".join(f"k{i}=1" for i in range(32)), [(f"k{i}", "1") for i in range(32)]),
    ],
)
def test_trace_state_is_taken_whole_or_not_at_all(headers, members):
    """Valid members keep their order over several headers; one bad member costs the state, never the trace."""
    texts = headers if isinstance(headers, list) else [headers]
    carrier = [("traceparent", GOOD), *(("tracestate", text) for text in texts)]
    found = span_of(W3CPropagator().extract(carrier, getter=Multi()))
    assert found.is_valid
    assert list(found.trace_state.items()) == (members or [])


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_every_format_brings_back_what_it_wrote(trace_id, span_id, sampled):
    """Ids and the decision survive each format, whatever the ids are."""
    if not trace_id & (2**64 - 1) or not trace_id >> 96:
        trace_id |= 1 | 1 << 96
    flags = TraceFlags(int(sampled))
    context = set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, False, flags)), Context())
    for one in ALL:
        found = span_of(one.extract(sent(one, context)))
        assert (found.trace_id, found.span_id, found.trace_flags.sampled) == (trace_id, span_id, sampled), one


@pytest.mark.parametrize(
    ("one", "headers", "trace_id", "sampled"),
    [
        (
            B3Propagator(),
            {"b3": "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d"},
            0x80F198EE56343BA864FE8B2A57D3EFF7,
            True,
        ),
        (B3Propagator(), {"b3": "64fe8b2a57d3eff7-e457b5a2e4d86bd1"}, 0x64FE8B2A57D3EFF7, False),
        (B3Propagator(), {"b3": "0"}, 0, False),
        (
            B3Propagator(),
            {"X-B3-Traceid": "64fe8b2a57d3eff7", "X-B3-Spanid": "e457b5a2e4d86bd1", "X-B3-Flags": "1"},
            0x64FE8B2A57D3EFF7,
            True,
        ),
        (JaegerPropagator(), {"uber-trace-id": "abc%3A12%3A0%3A1"}, 0xABC, True),
        (JaegerPropagator(), {"uber-trace-id": "abc:12:0"}, 0, False),
        (
            XRayPropagator(),
            {"x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"},
            0x5759E988BD862E3FE1BE46A994272793,
            True,
        ),
        (XRayPropagator(), {"x-amzn-trace-id": "Self=1-1-1;Root=2-5759e988-bd862e3fe1be46a994272793"}, 0, False),
        (
            DatadogPropagator(),
            {"x-datadog-trace-id": "42", "x-datadog-parent-id": "7", "x-datadog-sampling-priority": "-1"},
            42,
            False,
        ),
        (DatadogPropagator(), {"x-datadog-trace-id": "99999999999999999999", "x-datadog-parent-id": "7"}, 0, False),
        (
            DatadogPropagator(),
            {
                "x-datadog-trace-id": "42",
                "x-datadog-parent-id": "7",
                "x-datadog-tags": "_dd.p.dm=-0,_dd.p.tid=640cfd8d00000000",
            },
            0x640CFD8D00000000000000000000002A,
            True,
        ),
    ],
)
def test_headers_of_other_systems_are_read(one, headers, trace_id, sampled):
    """Headers as those systems send them are understood, and broken ones left alone."""
    found = span_of(one.extract(headers))
    assert found.trace_id == trace_id
    assert found.trace_flags.sampled is sampled


def test_the_first_named_format_wins():
    """A request that bears two formats is read by the one that was named first."""
    carrier = {"traceparent": GOOD, "b3": "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1"}
    for names, expected in (
        (("tracecontext", "b3"), TRACE),
        (("b3", "tracecontext"), 0x80F198EE56343BA864FE8B2A57D3EFF7),
    ):
        assert span_of(propagator(Settings(propagators=names)).extract(carrier)).trace_id == expected


def test_baggage_is_bounded_and_passes_the_allow_list():
    """Members beyond the limits are left, those that are not allowed stay in the process, values are any text."""
    one = GuardedBaggagePropagator(allow=["tenant", "app.*"], max_members=3)
    header = "tenant=a%20b;prop=1, bad key=1,=2,secret=x,app.plan=gold,more=1"
    context = one.extract({"baggage": header})
    assert baggage.get_all(context) == {"tenant": "a b", "secret": "x", "app.plan": "gold"}
    assert sent(one, context) == {"baggage": "tenant=a%20b,app.plan=gold"}
    giant = GuardedBaggagePropagator().extract({"baggage": "a=1,b=" + "x" * 9000 + ",c=1"})
    assert baggage.get_all(giant) == {"a": "1"}
    context = baggage.set_baggage("k", 'ü, "x" =;%', Context())
    assert baggage.get_all(GuardedBaggagePropagator().extract(sent(GuardedBaggagePropagator(), context))) == {
        "k": 'ü, "x" =;%'
    }


def test_an_environment_carries_context_to_a_child():
    """A batch job finds the span that started it, its state and baggage; a stale parent is not handed on."""
    span = NonRecordingSpan(SpanContext(TRACE, SPAN, False, TraceFlags(1), TraceState([("a", "b")])))
    context = baggage.set_baggage("run", "7", set_span_in_context(span, Context()))
    made = to_environ({"PATH": "/bin", "TRACEPARENT": "old"}, context)
    assert made["TRACEPARENT"] == GOOD[:-2] + "03"
    assert made["PATH"] == "/bin"
    found = from_environ(made)
    assert span_of(found).span_id == SPAN
    assert span_of(found).trace_state.get("a") == "b"
    assert baggage.get_baggage("run", found) == "7"
    assert "TRACEPARENT" not in to_environ({"TRACEPARENT": "old"}, Context())
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    assert span_of(from_environ({"_X_AMZN_TRACE_ID": header})).span_id == 0x53995C3F42CD8AD8


def test_a_record_that_is_passed_on_carries_its_newest_sender():
    """Headers of records are pairs of name and bytes: context replaces what an earlier producer left there."""
    span = NonRecordingSpan(SpanContext(TRACE, SPAN, False, TraceFlags(1)))
    old = ("traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01")
    made = to_headers([("key", b"7"), ("empty", None), old], set_span_in_context(span, Context()))
    assert made == [("key", b"7"), ("empty", None), ("traceparent", GOOD.encode())]
    assert span_of(from_headers([old, *made])).span_id == SPAN
    assert not span_of(from_headers(None, Context())).is_valid
    assert not span_of(from_headers([("traceparent", b"\xff\xfe")], Context())).is_valid
