from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Decision, ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, TraceState, set_span_in_context

from clew_sdk.export import HttpSender, QueueProcessor
from clew_sdk.sampling import (
    ConsistentProbability,
    ConsistentRate,
    DebugSampler,
    ErrorBuffer,
    KeepErrors,
    RemoteSampler,
    sign,
)
from clew_sdk.sampling.debug import BAGGAGE, LONGEST_S, DebugPropagator
from clew_sdk.sampling.threshold import (
    ALL,
    parse_threshold,
    print_threshold,
    probability_of,
    randomness,
    threshold_in,
    threshold_of,
    with_threshold,
)


def root(state=None):
    """Return the context of a remote parent with a trace state."""
    span = SpanContext(5, 6, True, TraceFlags(1), state)
    return set_span_in_context(NonRecordingSpan(span), Context())


@given(st.integers(0, ALL - 1))
def test_a_threshold_survives_its_text(threshold):
    """Printing and reading gives the same threshold, without needless zeros."""
    text = print_threshold(threshold)
    assert parse_threshold(text) == threshold
    assert text == "0" or not text.endswith("0")


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "0"), (0.5, "8"), (0.25, "c"), (0.01, "fd70a3d70a3d71"), (2**-56, "ffffffffffffff")]
)
def test_probabilities_have_the_thresholds_of_the_specification(probability, text):
    """Known shares have known thresholds."""
    assert print_threshold(threshold_of(probability)) == text
    assert probability_of(parse_threshold(text)) == pytest.approx(probability)


@pytest.mark.parametrize("text", ["", "g", "F", "123456789abcdef", "-1"])
def test_a_text_that_is_no_threshold_is_none(text):
    """What cannot be read is not believed."""
    assert parse_threshold(text) is None


@given(st.integers(1, 2**128 - 1), st.floats(0, 1), st.floats(0, 1))
def test_a_smaller_share_keeps_a_part_of_what_a_larger_one_keeps(trace_id, one, other):
    """Samplers agree: what is kept by a share is kept by every larger one."""
    low, high = sorted((one, other))
    kept = [
        ConsistentProbability(p).should_sample(None, trace_id, "x").decision is Decision.RECORD_AND_SAMPLE
        for p in (low, high)
    ]
    assert kept[1] or not kept[0]


def test_a_share_is_kept_and_told():
    """Of random ids the share is kept, and the trace state tells the threshold beside what else it held."""
    kept = sum(
        ConsistentProbability(0.25)
        .should_sample(None, (at * 0x9E3779B97F4A7C15) & (2**128 - 1), "x")
        .decision.is_sampled()
        for at in range(1, 4001)
    )
    assert 850 < kept < 1150
    state = TraceState([("vendor", "1"), ("ot", "rv:ffffffffffffff;th:8;x:1")])
    told = ConsistentProbability(0.25).should_sample(root(state), 5, "x").trace_state
    assert dict(told.items()) == {"ot": "th:c;rv:ffffffffffffff;x:1", "vendor": "1"}
    dropped = ConsistentProbability(0.0).should_sample(root(state), 5, "x")
    assert dropped.decision is Decision.DROP
    assert threshold_in(dropped.trace_state) is None


def test_the_random_value_of_the_trace_state_comes_before_the_id():
    """`rv` decides where it is there, else the low 56 bits of the id."""
    assert randomness(2**128 - 1, TraceState([("ot", "rv:00000000000001")])) == 1
    assert randomness(0xAB << 56 | 7, None) == 7
    assert randomness(7, TraceState([("ot", "rv:1")])) == 7
    assert list(with_threshold(TraceState([("ot", "th:8")]), None).items()) == []


def test_a_rate_is_kept_by_a_share_that_follows_the_traffic():
    """Ten times the traffic gives about as many traces, each with a threshold from which it can be weighed."""
    now = [0.0]
    sampler = ConsistentRate(10.0, clock=lambda: now[0])
    for per_second in (100, 1000):
        kept, weight = 0, 0.0
        for at in range(per_second * 20):
            now[0] += 1 / per_second
            told = sampler.should_sample(None, hash((at, per_second)) & (2**128 - 1) | 1, "x")
            if at >= per_second * 10 and told.decision.is_sampled():
                kept += 1
                weight += 1 / probability_of(threshold_in(told.trace_state))
        assert 60 < kept < 150
        assert weight == pytest.approx(per_second * 10, rel=0.4)
    now[0] += 3600
    assert sampler.should_sample(None, 1, "x").decision.is_sampled()


def test_a_signed_token_keeps_the_trace_and_a_stranger_cannot():
    """Header or baggage with a good signature keeps the trace; expired, foreign, endless and changed ones do not."""
    sampler = DebugSampler(ParentBased(ALWAYS_OFF), "secret", now=lambda: 1000.0)
    good = sign("secret", now=1000.0)
    context = DebugPropagator().extract({"X-Clew-Debug": good}, root())
    told = sampler.should_sample(context, 5, "x", attributes={"a": 1})
    assert told.decision is Decision.RECORD_AND_SAMPLE
    assert told.attributes == {"a": 1, "clew.debug": True}
    bad = [
        sign("other", now=1000.0),
        sign("secret", now=0.0),
        sign("secret", seconds=LONGEST_S + 1, now=1000.0),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        "9" * 5000,
        "",
        "ü.ü",
    ]
    for token in bad:
        context = baggage.set_baggage(BAGGAGE, token, Context())
        assert not sampler.should_sample(context, 5, "x").decision.is_sampled(), token
    with pytest.raises(ValueError, match="CLEW_DEBUG_KEY"):
        DebugSampler(ALWAYS_OFF, "")


def test_an_unsampled_trace_that_fails_is_sent_whole(endpoint):
    """With the decision open, all spans of a failing request are kept, and those of a good one are not."""
    queue = QueueProcessor(HttpSender(endpoint.url), interval_s=0.01)
    provider = TracerProvider(sampler=KeepErrors(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(queue)
    buffer = ErrorBuffer(queue)
    provider.add_span_processor(buffer)
    tracer = provider.get_tracer("t")
    for failing in (False, True):
        with tracer.start_as_current_span("root"), tracer.start_as_current_span("child") as child:
            assert not child.get_span_context().trace_flags.sampled
            if failing:
                child.set_status(StatusCode.ERROR)
    assert queue.force_flush()
    assert sorted(endpoint.names()) == ["child", "root"]
    assert not buffer._held
    queue.shutdown()


def test_the_error_buffer_is_bounded():
    """Traces whose root never ends do not pile up, and of a giant one only so many spans are held."""
    buffer = ErrorBuffer(QueueProcessor(HttpSender("http://127.0.0.1:9")), max_traces=3, max_spans=2)
    provider = TracerProvider(sampler=KeepErrors(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(buffer)
    tracer = provider.get_tracer("t")
    for _ in range(10):
        context = trace.set_span_in_context(tracer.start_span("root", Context()), Context())
        for _ in range(5):
            tracer.start_span("child", context).end()
    assert len(buffer._held) == 3
    assert all(len(held.spans) == 2 for held in buffer._held.values())


@pytest.fixture
def strategies():
    """A server of sampling strategies; what it answers can be changed."""
    told = {"body": b"{}", "asked": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            told["asked"].append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told["body"])

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told, f"http://127.0.0.1:{server.server_address[1]}/sampling"
    server.shutdown()
    server.server_close()


def test_strategies_of_a_server_are_followed(strategies):
    """Probability, rate and per-operation strategies take effect; a bad answer leaves the last one in force."""
    told, url = strategies
    sampler = RemoteSampler(url, "a shop", interval_s=3600)

    def kept(name):
        return sum(
            sampler.should_sample(None, at * 0x9E3779B97F4A7C15 | 1, name).decision.is_sampled() for at in range(200)
        )

    answers = {
        "none": {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.0}},
        "rate": {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": 1}},
        "operations": {
            "strategyType": "PROBABILISTIC",
            "operationSampling": {
                "defaultSamplingProbability": 0.0,
                "perOperationStrategies": [{"operation": "pay", "probabilisticSampling": {"samplingRate": 1.0}}],
            },
        },
    }
    told["body"] = json.dumps(answers["operations"]).encode()
    assert sampler.refresh()
    assert (kept("pay"), kept("search")) == (200, 0)
    for bad in (b"", b"[]", b"{}", b'{"probabilisticSampling": {"samplingRate": 7}}'):
        told["body"] = bad
        assert not sampler.refresh()
        assert (kept("pay"), kept("search")) == (200, 0)
    told["body"] = json.dumps(answers["rate"]).encode()
    assert sampler.refresh()
    assert 1 <= kept("x") < 50
    told["body"] = json.dumps(answers["none"]).encode()
    assert sampler.refresh()
    assert kept("pay") == 0
    assert "service=a%20shop" in told["asked"][0]
    sampler.close()


def test_the_first_trace_asks_and_does_not_wait(strategies):
    """Until the server has answered the fallback decides."""
    told, url = strategies
    told["body"] = json.dumps({"probabilisticSampling": {"samplingRate": 0.0}}).encode()
    sampler = RemoteSampler(url, "shop", interval_s=3600)
    assert sampler.should_sample(None, 1, "x").decision.is_sampled()
    end = time.monotonic() + 20
    while sampler.should_sample(None, 1, "x").decision.is_sampled():
        assert time.monotonic() < end
        time.sleep(0.01)
    sampler.close()
