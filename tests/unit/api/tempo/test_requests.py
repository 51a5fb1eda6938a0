from __future__ import annotations

import pytest

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.params import logfmt, moment, step
from clew.api.tempo.requests import metrics_of, metrics_of_message, search_of, search_of_message
from clew.api.tempo.tagquery import tag_query
from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.traceql import parse

S = 10**9
NOW = 1_800_000_000 * S


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1700000000", 1_700_000_000 * S),
        ("1700000000123456789", 1_700_000_000_123_456_789),
        ("1700000000.5", 1_700_000_000_500_000_000),
        ("1700000000.123456789", 1_700_000_000_123_456_789),
        ("2023-11-14T22:13:20Z", 1_700_000_000 * S),
        ("2023-11-14T23:13:20.25+01:00", 1_700_000_000_250_000_000),
        ("10", 10 * S),
        ("12345678901", 12_345_678_901),
    ],
)
def test_points_in_time_have_the_forms_of_the_reference(text, ns):
    """Up to 10 characters are seconds, more are nanoseconds, a point makes fractions of seconds; or RFC 3339."""
    assert moment({"start": text}, "start") == ns


@pytest.mark.parametrize("text", ["x", "-5", "1e9", "2023-11-14", "99999999999999999999"])
def test_other_points_in_time_are_refused(text):
    """Nothing is guessed."""
    with pytest.raises(InvalidRequestError):
        moment({"start": text}, "start")


@pytest.mark.parametrize(
    ("text", "ns"),
    [("15", 15 * S), ("0.5", S // 2), ("1.5s", 3 * S // 2), ("1m", 60 * S), ("1h30m", 5400 * S), ("100ms", S // 10)],
)
def test_steps_are_seconds_or_durations(text, ns):
    """Float seconds or a Go duration."""
    assert step({"step": text}) == ns


@pytest.mark.parametrize("text", ["0", "-1", "x", "1y2"])
def test_other_steps_are_refused(text):
    """A step is above 0."""
    with pytest.raises(InvalidRequestError):
        step({"step": text})


def test_a_metrics_query_has_the_defaults_of_the_reference():
    """The last hour, some 240 points, 100 exemplars; 0 exemplars mean the same as none given."""
    asked = metrics_of({"q": "{} | rate()"}, NOW, instant=False).ask
    assert (asked.window, asked.step_ns) == (Window(NOW - 3600 * S, NOW), 15 * S)
    assert (asked.exemplars, asked.instant) == (100, False)
    assert metrics_of({"query": "{} | rate()", "exemplars": "0"}, NOW, instant=False).ask.exemplars == 100
    assert metrics_of({"q": "{} | rate()", "exemplars": "7"}, NOW, instant=False).ask.exemplars == 7


def test_since_looks_back_from_the_end():
    """`since` is a duration of Prometheus, units up to years."""
    for text, seconds in (("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("1w2d", 777_600), ("1y", 31_536_000)):
        window = metrics_of({"q": "{} | rate()", "since": text, "step": "1h"}, NOW, instant=False).ask.window
        assert window == Window(NOW - int(seconds * S), NOW)
    asked = metrics_of({"q": "{} | rate()", "since": "1d"}, NOW, instant=True).ask
    assert asked.window == Window(NOW - 86_400 * S, NOW)
    assert (asked.instant, asked.exemplars) == (True, 0)
    ended = metrics_of({"q": "{} | rate()", "since": "1h", "end": "1700000000"}, NOW, instant=False).ask
    assert ended.window == Window(1_699_996_400 * S, 1_700_000_000 * S)


@pytest.mark.parametrize(
    "given",
    [
        {"q": ""},
        {"q": "{} | rate()", "start": "1700000000", "end": "1700000000"},
        {"q": "{} | rate()", "start": "1700000001", "end": "1700000000"},
        {"q": "{} | rate()", "start": "1700000000", "end": "1700010002", "step": "1"},
        {"q": "x" * (128 * 1024 + 1)},
        {"q": "{} | rate()", "maxSeries": "-1"},
    ],
)
def test_metrics_queries_beyond_the_limits_are_refused(given):
    """Missing query, empty range, more than 10,000 points, more than 128 KiB."""
    with pytest.raises(InvalidRequestError):
        metrics_of(given, NOW, instant=False)


def test_ten_thousand_points_are_accepted():
    """The limit itself is allowed."""
    given = {"q": "{} | rate()", "start": "1700000000", "end": "1700010000", "step": "1"}
    assert metrics_of(given, NOW, instant=False).ask.step_ns == S


def test_zero_over_grpc_means_absent():
    """Proto3 has no absent number: limit 0 is 20, spss 0 is 3, no range the last day."""
    ask = search_of_message(pb.SearchRequest(), NOW).ask
    assert (ask.limit, ask.spans_per_spanset, ask.window) == (20, 3, Window(NOW - 86_400 * S, NOW))
    metrics = metrics_of_message(pb.QueryRangeRequest(query="{} | rate()", start=NOW - 60 * S, end=NOW, step=S), NOW)
    assert (metrics.ask.exemplars, metrics.ask.step_ns) == (100, S)


def test_seconds_of_searches_are_whole():
    """`start` and `end` of searches are integers."""
    with pytest.raises(InvalidRequestError):
        search_of({"start": "1700000000.5", "end": "1700000001"}, NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b c=d", {"a": "b", "c": "d"}),
        ('http.url="a b=c" x=1', {"http.url": "a b=c", "x": "1"}),
        (r'a="say \"hi\""', {"a": 'say "hi"'}),
        ("flag", {"flag": "true"}),
        ("it=it's", {"it": "it's"}),
        ("", {}),
    ],
)
def test_tags_are_logfmt(text, found):
    """Pairs with optional double quotes; a key alone is true."""
    assert logfmt(text) == found


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"a": "b"},
        {"a.b": 'x"y\\z.*'},
        {"status.code": "error", "root.service.name": "x", "root.name": "y", "name": "z"},
        {"http.status_code": "200", "flag": "true", "ratio": "0.5"},
        {'odd "key" {': "v"},
    ],
)
def test_a_search_by_tags_is_a_query(tags):
    """Whatever keys and values hold, the query made of them can be parsed."""
    assert parse(tag_query(tags, 10**8, 2 * S))
