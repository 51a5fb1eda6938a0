from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.answers import (
    instant_response,
    range_json,
    range_parts,
    range_response,
    search_json,
    search_parts,
    search_response,
)
from clew.api.tempo.names import any_value, attribute_name, go_duration, label_name
from clew.model import Kind, Status
from clew.query.answer import Answer, Meta, Scanned, Truncated
from clew.query.filters import Duration
from clew.query.literals import parse_duration
from clew.query.plan.found import Found, FoundSpan, FoundTrace, ServiceStats, Spanset
from clew.query.plan.series import Exemplar, Series, SeriesAnswer

NAN, INF = float("nan"), float("inf")


def trace(number, *sets, root="shop"):
    """Return a found trace."""
    stats = [ServiceStats("shop", 3, 1)]
    return FoundTrace(number.to_bytes(16, "big"), 5 * 10**9, 1_999_999, root, root and "GET /", 3, 1, stats, list(sets))


def span(**attributes):
    """Return a found span; `__` in a name is a dot."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return FoundSpan(7, "shop", "GET /", 2, 2, 6 * 10**9, 1500, named)


def test_a_row_has_what_strict_clients_read():
    """Ids are 32 and 16 hex digits, durations floor to milliseconds, `spanSet` repeats the first of `spanSets`."""
    found = Spanset(9, [span(span__a="x")], {"count()": 9, "by(resource.b)": None})
    answer = Answer(Found([trace(0xAB, found, found)], None), Meta(scanned=Scanned(10, 20, 1.0), duplicates=2))
    message = search_response(answer)
    (row,) = message.traces
    assert (row.traceID, row.spanSet.spans[0].spanID) == (f"{0xAB:032x}", f"{7:016x}")
    assert (row.durationMs, row.startTimeUnixNano) == (1, 5 * 10**9)
    assert row.spanSet == row.spanSets[0]
    assert len(row.spanSets) == 2
    sets = {one.key: one.value for one in row.spanSet.attributes}
    assert sets["count()"].int_value == 9
    assert sets["by(resource.b)"].string_value == "nil"
    assert message.metrics.inspectedBytes == 20
    assert message.metrics.additionalMetrics == {"duplicateSpans": 2}
    assert ParseDict(MessageToDict(message), pb.SearchResponse(), ignore_unknown_fields=False) == message


def test_attributes_of_rows_lose_their_scope_and_never_repeat_fields():
    """Times, ids and roots have fields of their own; a name is filled only when the query asks for it."""
    fields = {
        "span.http.method": "GET", "resource.service.name": "shop", ".x": 1, "event:name": "exception",
        'span."a b"': True, "status": Status.ERROR, "kind": Kind.SERVER, "span.d": Duration(1_500_000_000),
        "duration": Duration(5), "trace:id": "ab", "rootServiceName": "shop", "traceDuration": Duration(1),
        "nestedSetLeft": 1, "span.missing": None,
    }  # fmt: skip
    quiet = FoundSpan(7, "shop", "GET /", 2, 2, 1, 1, fields)
    named = FoundSpan(7, "shop", "GET /", 2, 2, 1, 1, {**fields, "name": "GET /"})
    answer = Answer(Found([trace(1, Spanset(2, [quiet, named]))], None), Meta())
    first, second = search_response(answer).traces[0].spanSet.spans
    assert (first.name, second.name) == ("", "GET /")
    plain = {one.key: MessageToDict(one.value) for one in second.attributes}
    assert plain == {
        "http.method": {"stringValue": "GET"}, "service.name": {"stringValue": "shop"}, "x": {"intValue": "1"},
        "event:name": {"stringValue": "exception"}, "a b": {"boolValue": True}, "status": {"stringValue": "error"},
        "kind": {"stringValue": "server"}, "d": {"stringValue": "1.5s"}, "nestedSetLeft": {"intValue": "1"},
    }  # fmt: skip


def test_a_trace_without_its_root_says_so():
    """The placeholder is the service, the name is left out; a root without names has empty ones."""
    answer = Answer(Found([trace(1, root=None), trace(2, root="")], None), Meta())
    missing, nameless = search_response(answer).traces
    assert (missing.rootServiceName, missing.rootTraceName) == ("<root span not yet received>", "")
    assert nameless.rootServiceName == ""
    assert not missing.HasField("spanSet")


def test_long_answers_come_in_parts_below_a_mebibyte():
    """Every trace and every series is in exactly one part, and each part is small enough for any client."""
    big = [trace(n, Spanset(1, [span(span__text="x" * 5000)])) for n in range(1, 600)]
    whole = search_response(Answer(Found(big, None), Meta()))
    parts = list(search_parts(whole))
    assert len(parts) > 1
    assert max(part.ByteSize() for part in parts) < 1 << 20
    assert [one.traceID for part in parts for one in part.traces] == [one.traceID for one in whole.traces]
    times = list(range(1000))
    series = [Series({"n": n}, [1.0] * 1000) for n in range(300)]
    answer = range_response(Answer(SeriesAnswer(times, series), Meta()))
    parts = list(range_parts(answer))
    assert max(part.ByteSize() for part in parts) < 1 << 20
    assert [one for part in parts for one in part.series] == list(answer.series)


def test_no_traces_are_one_empty_part():
    """A client that streams gets its metrics also when nothing is found."""
    (part,) = search_parts(search_response(Answer(Found([], None), Meta())))
    assert part.HasField("metrics")


def example():
    """Return series with everything that may occur."""
    exemplar = Exemplar(bytes(15) + b"\x01", 5, 20, 0.25, {"resource.service.name": "shop"})
    return Answer(
        SeriesAnswer(
            [10, 20, 30, 40],
            [
                Series({"__name__": "rate"}, [0.0, None, 1.5, NAN]),
                Series({"span:name": "a", "trace:rootService": "b"}, [1.0, 2.0, INF, -INF], [exemplar]),
                Series({"p": 0.9, "span.d": Duration(10**9), "kind": Kind.CLIENT, "n": 3, "b": False}, [None] * 4),
            ],
        ),
        Meta(truncated=Truncated("too many", 3, "ask less"), scanned=Scanned(1, 2, 3.0)),
    )


def test_points_are_left_out_where_there_are_none():
    """Absent and NaN points are not sent; 0 is a point whose value JSON leaves out, times are text."""
    body = range_json(example())
    assert body["series"][0]["samples"] == [{"timestampMs": "10"}, {"timestampMs": "30", "value": 1.5}]
    assert body["series"][1]["samples"][2:] == [
        {"timestampMs": "30", "value": "Infinity"}, {"timestampMs": "40", "value": "-Infinity"},
    ]  # fmt: skip
    assert "samples" not in body["series"][2]
    assert body["status"] == "PARTIAL"


def test_the_json_of_series_is_the_json_of_their_message():
    """What is written without messages parses strictly into the same message."""
    text = json.loads(json.dumps(range_json(example())))
    assert ParseDict(text, pb.QueryRangeResponse(), ignore_unknown_fields=False) == range_response(example())


def test_the_json_of_a_search_is_the_json_of_its_message():
    """Every kind of value, absent roots, zeros and empty lists come out as protobuf JSON has them."""
    values = ["x", "", 0, 5, -1, 0.0, 1.5, NAN, INF, -INF, True, False, Duration(0), Duration(5), None]
    values += [Status.UNSET, Kind.SERVER, ["a", ""], [1, 2], [0.5], [True], []]
    fields = {f"span.f{number}": value for number, value in enumerate(values)}
    spans = [FoundSpan(0, "s", "n", 0, 0, 0, 0), FoundSpan(7, "s", "n", 1, 1, 5, 6, {**fields, "name": "n"})]
    sets = [Spanset(0, []), Spanset(2, spans, {"count()": 2, "by(x)": None, "avg(duration)": Duration(10**9)})]
    traces = [trace(1), trace(2, *sets, root=None), trace(3, *reversed(sets), root="")]
    answer = Answer(Found(traces, None), Meta(scanned=Scanned(1, 2, 3.0), truncated=Truncated("a", 1, "b")))
    body, message = search_json(answer), search_response(answer)
    assert body == MessageToDict(message)
    assert body["metrics"]["additionalMetrics"] == {"partial": "1"}


def test_labels_have_the_older_names_and_typed_values():
    """Intrinsics with an older name use it; durations and kinds are texts, numbers stay numbers."""
    labels = [{one.key: MessageToDict(one.value) for one in s.labels} for s in range_response(example()).series]
    assert labels[1] == {"name": {"stringValue": "a"}, "rootServiceName": {"stringValue": "b"}}
    assert labels[2] == {
        "p": {"doubleValue": 0.9}, "span.d": {"stringValue": "1s"}, "kind": {"stringValue": "client"},
        "n": {"intValue": "3"}, "b": {"boolValue": False},
    }  # fmt: skip
    (exemplar,) = range_response(example()).series[1].exemplars
    assert {one.key for one in exemplar.labels} == {"resource.service.name", "trace:id", "span:id"}
    assert (exemplar.value, exemplar.timestamp_ms) == (0.25, 20)


def test_an_instant_answer_has_one_value_per_series():
    """The last point; a series without one is left out."""
    answer = Answer(SeriesAnswer([10], [Series({"a": "x"}, [2.0]), Series({"a": "y"}, [None])]), Meta())
    (only,) = instant_response(answer).series
    assert only.value == 2.0


@pytest.mark.parametrize(
    ("field", "label", "attribute"),
    [
        ("span:name", "name", "name"),
        ("trace:rootService", "rootServiceName", "rootServiceName"),
        ("trace:rootName", "rootName", "rootName"),
        ("trace:duration", "traceDuration", "traceDuration"),
        ("event:name", "event:name", "event:name"),
        ("span:childCount", "span:childCount", "span:childCount"),
        ("resource.service.name", "resource.service.name", "service.name"),
        (".x", ".x", "x"),
        ('span."a b"', 'span."a b"', "a b"),
        ("instrumentation.x", "instrumentation.x", "x"),
    ],
)
def test_names_of_labels_and_attributes(field, label, attribute):
    """Series keep the text of the query, rows drop scope and quotes."""
    assert (label_name(field), attribute_name(field)) == (label, attribute)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"), (1, "1ns"), (1500, "1.5µs"), (10**6, "1ms"), (1_500_000, "1.5ms"), (10**9, "1s"),
        (1_500_000_000, "1.5s"), (90 * 10**9, "1m30s"), (3600 * 10**9, "1h0m0s"), (-(10**9), "-1s"),
        (3_661_000_000_001, "1h1m1.000000001s"),
    ],
)  # fmt: skip
def test_durations_are_written_as_go_does(ns, text):
    """The form that clients parse back."""
    assert go_duration(ns) == text


@given(st.integers(-(2**62), 2**62))
def test_written_durations_mean_what_they_say(ns):
    """Parsing gives the same number back."""
    assert parse_duration(go_duration(ns).replace("µ", "u")) == ns


def test_arrays_keep_their_types():
    """A list of texts or numbers is an array value."""
    assert MessageToDict(any_value(["a", "b"])) == {
        "arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}
    }
