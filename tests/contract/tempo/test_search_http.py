from __future__ import annotations

from urllib.parse import quote

import pytest

from clew.api.pb import tempo_pb2 as pb

S = 10**9


def search(tempo, grafana_range, query, more=""):
    """Return the answer to a search as strict clients parse it."""
    reply = tempo.get(f"/api/search?q={quote(query)}&{grafana_range}{more}")
    assert reply.status == 200, reply.body
    return reply.strict(pb.SearchResponse())


def test_traces_come_newest_first_with_the_facts_of_the_whole_trace(tempo, grafana_range, t0):
    """Start, duration, root and statistics are the trace's, whichever span matched."""
    answer = search(tempo, grafana_range, "{ status = error }")
    (found,) = answer.traces
    assert found.traceID == f"{0xA1:032x}"
    assert (found.rootServiceName, found.rootTraceName) == ("shop", "GET /cart")
    assert (found.startTimeUnixNano, found.durationMs) == (t0, 1510)
    stats = {name: (one.spanCount, one.errorCount) for name, one in found.serviceStats.items()}
    assert stats == {"shop": (2, 1), "stock": (1, 0)}
    assert found.spanSet == found.spanSets[0]
    assert (found.spanSet.matched, len(found.spanSets)) == (1, 1)
    (span,) = found.spanSet.spans
    assert (span.spanID, span.startTimeUnixNano, span.durationNanos) == (f"{2:016x}", t0 + 10**7, 15 * 10**8)
    starts = [one.startTimeUnixNano for one in search(tempo, grafana_range, "{ }").traces]
    assert starts == sorted(starts, reverse=True)


def test_a_missing_root_shows_as_such(tempo, grafana_range):
    """The placeholder stands for the service, the name is left out."""
    (found,) = search(tempo, grafana_range, '{ name = "lonely" }').traces
    assert (found.rootServiceName, found.rootTraceName) == ("<root span not yet received>", "")


def test_metrics_are_always_there_and_nothing_unknown_is(tempo, grafana_range):
    """An empty answer is `metrics` alone."""
    reply = tempo.get(f"/api/search?q={quote('{ name = `nothing` }')}&{grafana_range}")
    assert set(reply.json) == {"metrics"}
    assert reply.headers["content-type"] == "application/json"


def test_protobuf_is_answered_on_request(tempo, grafana_range):
    """`Accept: application/protobuf` gets the same message."""
    path = f"/api/search?q={quote('{ }')}&{grafana_range}&limit=2"
    binary = pb.SearchResponse.FromString(tempo.get(path, "application/protobuf").body)
    assert len(binary.traces) == 2
    assert list(binary.traces) == list(tempo.get(path).strict(pb.SearchResponse()).traces)


@pytest.mark.parametrize(
    ("tags", "traces"),
    [
        ("service.name=stock", {0xA1, 0xB3}),
        ("service.name=stoc name=lone", {0xB3}),
        ('name="GET /cart"', {0xA1, 0xA2}),
        ("status.code=error", {0xA1}),
        ("error=true", {0xA1}),
        ("root.name=GET", {0xA1, 0xA2}),
        ("root.service.name=sho", {0xA1, 0xA2}),
        ("http.response.status_code=200", {0xA1}),
        ("cached=true ratio=0.5", {0xA1}),
        ("db.system.name=postgres name=reserve", set()),
        ("db.system.name=postgres", {0xA1}),
    ],
)
def test_old_clients_search_by_tags(tempo, grafana_range, tags, traces):
    """Tags are logfmt, texts match by substring."""
    reply = tempo.get(f"/api/search?tags={quote(tags)}&{grafana_range}")
    found = {int(one.traceID, 16) for one in reply.strict(pb.SearchResponse()).traces}
    assert found == traces


@pytest.mark.parametrize(
    ("more", "traces"),
    [("minDuration=1s", {0xA1}), ("maxDuration=6ms", {0xA2}), ("minDuration=6ms&maxDuration=8ms", {0xB3})],
)
def test_durations_are_those_of_the_trace(tempo, grafana_range, more, traces):
    """`minDuration` and `maxDuration` bound the whole trace."""
    reply = tempo.get(f"/api/search?{more}&{grafana_range}")
    assert {int(one.traceID, 16) for one in reply.strict(pb.SearchResponse()).traces} == traces


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("limit=0", b"limit"),
        ("limit=262145", b"limit"),
        ("limit=x", b"limit"),
        ("spss=101", b"spss"),
        ("q=%7B%7D&tags=a%3Db", b"tags"),
        ("start=10", b"end"),
        ("end=10", b"start"),
        ("start=20&end=10", b"end"),
        ("start=20&end=20", b"end"),
        ("minDuration=5x", b"minDuration"),
        ("minDuration=5s&maxDuration=1s", b"maxDuration"),
        ("tags=a%3D%22b", b"tags"),
        ("q=%7B", b""),
        (f"q={'x' * 30_000}", b""),
    ],
)
def test_wrong_parameters_are_refused_in_plain_text(tempo, query, word):
    """400 with a line that names the parameter; nothing is clamped in silence."""
    reply = tempo.get(f"/api/search?{query}")
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("text/plain")
    assert word in reply.body


def test_absent_and_zero_limits_have_their_defaults(tempo, grafana_range):
    """`spss=0` means 3; the largest limit is accepted."""
    assert len(search(tempo, grafana_range, "{ }", "&spss=0&limit=262144").traces) >= 3


def test_a_search_without_a_limit_returns_twenty(tempo, send, long_ago):
    """The newest twenty of more."""
    made = [
        {"traceId": f"{0xD00 + n:032x}", "spanId": f"{n + 1:016x}", "startTimeUnixNano": str(long_ago + n * S),
         "endTimeUnixNano": str(long_ago + n * S)}
        for n in range(23)
    ]  # fmt: skip
    send({"scopeSpans": [{"scope": {"name": "many"}, "spans": made}]})
    query = f"q={quote('{ instrumentation:name = `many` }')}&start={long_ago // S - 60}&end={long_ago // S + 60}"
    found = tempo.get(f"/api/search?{query}").strict(pb.SearchResponse()).traces
    assert [int(one.traceID, 16) for one in found] == [0xD00 + n for n in range(22, 2, -1)]
    assert len(tempo.get(f"/api/search?{query}&limit=22").json["traces"]) == 22


@pytest.mark.parametrize("path", ["search/tags", "v2/search/tags", "search/tag/a/values", "v2/search/tag/.a/values"])
def test_lists_take_whole_seconds(tempo, path):
    """Fractions of seconds and an end before the start are refused in plain text."""
    for wrong in ("start=1.5&end=3", "start=3&end=2"):
        reply = tempo.get(f"/api/{path}?{wrong}")
        assert (reply.status, reply.headers["content-type"].split(";")[0]) == (400, "text/plain")
