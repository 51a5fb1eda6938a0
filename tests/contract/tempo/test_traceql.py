from __future__ import annotations

from urllib.parse import quote

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from clew.api.pb import tempo_pb2 as pb

STRUCTURE = (
    "({nestedSetParent<0} &>> {status = error}) || ({nestedSetParent<0}) | select(status, resource.service.name, name, "
    "nestedSetParent, nestedSetLeft, nestedSetRight)"
)
EXCEPTIONS = (
    "{ status = error } | select(event.exception.message, event.exception.stacktrace, event.exception.type, "
    "resource.service.name) with(most_recent=true)"
)
EXCEPTION = {
    "exception.message": "no answer",
    "exception.stacktrace": "at stock:1",
    "exception.type": "Timeout",
    "service.name": "shop",
    "status": "error",
}
LIST = "{nestedSetParent<0 && true} | select(status, resource.service.name, name, duration, span.http.route)"


def search(tempo, grafana_range, query, more=""):
    """Return the traces by the number of their id, as a strict client reads them."""
    reply = tempo.get(f"/api/search?q={quote(query)}&{grafana_range}{more}")
    assert reply.status == 200, reply.body
    return {int(one.traceID, 16): one for one in reply.strict(pb.SearchResponse()).traces}


def shown(spanset):
    """Return the spans of a spanset: their attributes by the number of their id."""
    return {
        int(one.spanID, 16): {each.key: next(iter(MessageToDict(each.value).values())) for each in one.attributes}
        for one in spanset.spans
    }


@pytest.mark.parametrize(
    ("query", "traces"),
    [
        ('{ resource.service.name = "shop" } >> { name = "SELECT" }', {0xA1}),
        ('{ name = "GET /cart" } > { resource.service.name = "stock" }', {0xA1}),
        ('{ name = "GET /cart" } !> { status = error }', set()),
        ('{ name = "GET /cart" } && { status = error }', {0xA1}),
        ('{ status = error } || { name = "lonely" }', {0xA1, 0xB3}),
        ("{ } | count() > 2", {0xA1}),
        ("{ duration > 1s }", {0xA1}),
        ('{ .tags = "b" }', {0xA1}),
        ("{ span.http.response.status_code >= 200 && span.ratio < 1 }", {0xA1}),
        ('{ event.exception.type = "Timeout" }', {0xA1}),
        ("{ traceDuration < 6ms }", {0xA2}),
        ("{ nestedSetParent < 0 }", {0xA1, 0xA2}),
    ],
)
def test_the_whole_language_is_understood(tempo, grafana_range, query, traces):
    """Structure, aggregates, arrays, events and numbers find the traces that are known to match."""
    assert set(search(tempo, grafana_range, query)) == traces


def test_the_list_of_drilldown(tempo, grafana_range):
    """Selected fields come without scope; name and duration stand in fields of their own."""
    found = search(tempo, grafana_range, LIST, "&limit=200&spss=10")
    assert set(found) == {0xA1, 0xA2}
    (span,) = found[0xA1].spanSet.spans
    assert (span.name, span.durationNanos) == ("GET /cart", 300_000_000)
    attributes = shown(found[0xA1].spanSet)[1]
    assert attributes["service.name"] == "shop"
    assert attributes["http.route"] == "/cart"
    assert attributes["status"] == "unset"
    assert not {"name", "duration", "span:name"} & set(attributes)


def test_the_structure_tab_of_drilldown(tempo, grafana_range):
    """Roots with their failed descendants, each with its place in the tree."""
    found = search(tempo, grafana_range, STRUCTURE, "&limit=200&spss=20")
    spans = shown(found[0xA1].spanSet)
    assert set(spans) == {1, 2}
    assert (spans[1]["nestedSetParent"], spans[1]["nestedSetLeft"], spans[1]["nestedSetRight"]) == ("-1", "1", "6")
    assert spans[2]["nestedSetParent"] == "1"
    assert spans[2]["status"] == "error"


def test_the_exceptions_of_drilldown(tempo, grafana_range):
    """Attributes of events are selected without their scope beside those of the span; only failed spans are shown."""
    found = search(tempo, grafana_range, EXCEPTIONS, "&limit=400&spss=10")
    assert set(found) == {0xA1}
    assert shown(found[0xA1].spanSet) == {2: EXCEPTION}


def test_groups_have_their_value_and_aggregate(tempo, grafana_range):
    """`by` makes one spanset per value, `count()` adds an attribute; the first spanset stands twice."""
    (trace,) = search(tempo, grafana_range, "{ } | by(resource.service.name) | count() > 1").values()
    attributes = {one.key: MessageToDict(one.value) for one in trace.spanSets[0].attributes}
    assert attributes["by(resource.service.name)"] == {"stringValue": "shop"}
    assert attributes["count()"] == {"intValue": "2"}
    assert trace.spanSet == trace.spanSets[0]


def test_matched_counts_all_and_spss_shows_some(tempo, grafana_range):
    """`matched` is the true number, `spss` how many spans are shown."""
    found = search(tempo, grafana_range, "{ }", "&spss=1")[0xA1].spanSet
    assert (found.matched, len(found.spans)) == (3, 1)


def test_trace_windows_overlap(tempo, t0):
    """A trace that only reaches into the range is found, and evaluated whole."""
    within = f"start={t0 // 10**9 + 1}&end={t0 // 10**9 + 30}"
    assert set(search(tempo, within, '{ name = "GET /cart" }')) == {0xA1}


def test_drilldown_compares_a_selection(tempo, grafana_range):
    """`compare` as a range query with one step: typed series of both sides and their totals."""
    query = "{true && true} | compare({status = error}, 10)"
    reply = tempo.get(f"/api/metrics/query_range?q={quote(query)}&{grafana_range}&step=1200s")
    assert reply.status == 200, reply.body
    series = [{label.key: label.value for label in one.labels} for one in reply.strict(pb.QueryRangeResponse()).series]
    kinds = {one["__meta_type"].string_value for one in series}
    assert kinds == {"baseline", "selection", "baseline_total", "selection_total"}
    assert all(len(one) == 2 for one in series)
    selected = [one for one in series if one["__meta_type"].string_value == "selection"]
    assert any(
        one.get("resource.service.name") and one["resource.service.name"].string_value == "shop" for one in selected
    )
    totals = [one for one in series if one["__meta_type"].string_value.endswith("_total")]
    assert all(value.string_value == "nil" for one in totals for key, value in one.items() if key != "__meta_type")


def test_a_streaming_search_ends_complete(port, t0):
    """Progress first, then every trace once; the last message has all jobs done."""
    request = pb.SearchRequest(Query=STRUCTURE, start=t0 // 10**9 - 600, end=t0 // 10**9 + 600, Limit=10)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_stream(
            "/tempopb.StreamingQuerier/Search", pb.SearchRequest.SerializeToString, pb.SearchResponse.FromString
        )
        answers = list(call(request))
    assert len(answers) > 1
    ids = [one.traceID for answer in answers for one in answer.traces]
    assert sorted(ids) == [f"{0xA1:032x}", f"{0xA2:032x}"]
    assert answers[-1].metrics.completedJobs == answers[-1].metrics.totalJobs


def test_series_are_no_search_and_searches_no_series(tempo, grafana_range):
    """Each route says which one is right."""
    reply = tempo.get(f"/api/search?q={quote('{ } | rate()')}&{grafana_range}")
    assert reply.status == 400
    assert b"series" in reply.body
