from __future__ import annotations

import time
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from clew.api.pb import tempo_pb2 as pb

S = 10**9
DRILLDOWN = (
    "{} | rate()",
    "{nestedSetParent<0 && true} | rate() by(resource.service.name) with(sample=true)",
    "{nestedSetParent<0 && true && status=error} | rate() by(name) with(sample=true)",
    "{kind=server && true && resource.service.name != nil} | rate() by(resource.service.name) with(sample=true)",
    "{nestedSetParent<0 && true} | quantile_over_time(duration, 0.9) by(resource.service.name)",
    "{nestedSetParent<0 && true} | histogram_over_time(duration) with(sample=true)",
    '{nestedSetParent<0 && (resource.service.name="shop" || resource.service.name="stock")} | rate() with(sample=true)',
    '{kind=server && resource.service.name=~"shop|stock" && true} | rate() by(resource.service.name)',
    "{nestedSetParent<0 && true && name != nil} | rate() by(name) with(sample=true)",
    "{nestedSetParent<0 && true && kind != nil} | quantile_over_time(duration, 0.9) by(kind)",
    "{nestedSetParent<0 && true && statusMessage != nil} | rate() by(statusMessage) with(sample=true)",
    "{true && event:name != nil} | rate() by(event:name) with(sample=true)",
    "{true && event.exception.type != nil} | rate() by(event.exception.type) with(sample=true)",
    "{true && instrumentation:name != nil} | rate() by(instrumentation:name) with(sample=true)",
    '{span.db.system.name!="" && true} | rate() by(span.db.system.name) with(sample=true)',
)
"""Queries of Traces Drilldown's panels."""


def by_label(response, key):
    """Return the sum of the points of each series by one of its labels."""
    found = {}
    for one in response.series:
        labels = {label.key: label.value.string_value for label in one.labels}
        found[labels.get(key, "")] = sum(sample.value for sample in one.samples)
    return found


@pytest.mark.parametrize("query", DRILLDOWN)
def test_the_panels_of_drilldown_are_answered(tempo, grafana_range, query):
    """Each query gives at least one series that a strict client can read."""
    reply = tempo.get(f"/api/metrics/query_range?q={quote(query)}&{grafana_range}&step=60s")
    assert reply.status == 200, reply.body
    answer = reply.strict(pb.QueryRangeResponse())
    if "status=error" not in query:
        assert answer.series
    assert answer.HasField("metrics")
    assert reply.headers["content-type"] == "application/json"


def test_counts_are_those_of_the_traces_that_were_sent(tempo, grafana_range):
    """Two spans of the shop failed or not, by service and status."""
    query = "{ } | count_over_time() by (resource.service.name)"
    reply = tempo.get(f"/api/metrics/query_range?q={quote(query)}&{grafana_range}&step=60")
    assert by_label(reply.strict(pb.QueryRangeResponse()), "resource.service.name") == {"shop": 3, "stock": 2}
    failed = tempo.get(
        f"/api/metrics/query_range?q={quote('{ status = error } | count_over_time() by (name)')}&{grafana_range}"
    )
    assert by_label(failed.strict(pb.QueryRangeResponse()), "name") == {"SELECT": 1}


def test_events_group_what_has_some(tempo, grafana_range):
    """`!= nil` of what events and links have is true where a span has one."""
    for field, expected in (("event:name", {"exception": 1}), ("link:spanID", {})):
        query = quote(f"{{ {field} != nil }} | count_over_time() by ({field})")
        reply = tempo.get(f"/api/metrics/query_range?q={query}&{grafana_range}&step=60")
        assert by_label(reply.strict(pb.QueryRangeResponse()), field) == expected


def test_points_stand_at_multiples_of_the_step(tempo, grafana_range):
    """Times are the ends of right-closed buckets, as text."""
    reply = tempo.get(f"/api/metrics/query_range?q={quote('{ } | rate()')}&{grafana_range}&step=60")
    times = [int(sample["timestampMs"]) for sample in reply.json["series"][0]["samples"]]
    assert all(one % 60_000 == 0 for one in times)
    assert times == list(range(times[0], times[-1] + 1, 60_000))


def test_an_instant_query_has_one_value_each(tempo, grafana_range):
    """`/api/metrics/query` counts the whole range."""
    query = quote("{ } | count_over_time() by (resource.service.name)")
    answer = tempo.get(f"/api/metrics/query?q={query}&{grafana_range}").strict(pb.QueryInstantResponse())
    assert {one.labels[0].value.string_value: one.value for one in answer.series} == {"shop": 3, "stock": 2}


def test_series_stream_over_grpc_as_over_http(port, tempo, t0):
    """The last message of both streaming methods is complete and says what HTTP says."""
    start, end = (t0 // S - 600) * S, (t0 // S + 600) * S
    query = "{ } | rate() by (resource.service.name)"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        path = "/tempopb.StreamingQuerier/"
        ranged = channel.unary_stream(
            f"{path}MetricsQueryRange", pb.QueryRangeRequest.SerializeToString, pb.QueryRangeResponse.FromString
        )
        instant = channel.unary_stream(
            f"{path}MetricsQueryInstant", pb.QueryInstantRequest.SerializeToString, pb.QueryInstantResponse.FromString
        )
        *_, last = ranged(pb.QueryRangeRequest(query=query, start=start, end=end, step=60 * S))
        *_, single = instant(pb.QueryInstantRequest(query=query, start=start, end=end))
    over_http = tempo.get(f"/api/metrics/query_range?q={quote(query)}&start={start}&end={end}&step=60")
    assert MessageToDict(last)["series"] == over_http.json["series"]
    assert len(single.series) == 2


def test_exemplars_lead_to_traces(tempo, grafana_range):
    """Points carry spans with their attributes and the id of their trace; `exemplars=0` means the default."""
    query = quote("{ status = error } | rate() by (span:name)")
    for more in ("", "&exemplars=0", "&exemplars=5"):
        answer = tempo.get(f"/api/metrics/query_range?q={query}&{grafana_range}&step=60{more}")
        (series,) = answer.strict(pb.QueryRangeResponse()).series
        assert [label.key for label in series.labels] == ["name"]
        (exemplar,) = series.exemplars
        labels = {label.key: label.value.string_value for label in exemplar.labels}
        assert labels["trace:id"] == f"{0xA1:032x}"
        assert labels["name"] == "SELECT"
        assert exemplar.value in {sample.value for sample in series.samples}
    for hint in ("false", "0"):
        off = quote(f"{{ status = error }} | rate() with(exemplars={hint})")
        reply = tempo.get(f"/api/metrics/query_range?q={off}&{grafana_range}&step=60")
        assert not reply.strict(pb.QueryRangeResponse()).series[0].exemplars


def test_series_are_json_whatever_is_accepted(tempo, grafana_range):
    """Both routes answer JSON to a client that asks for protobuf, as traces and searches would not."""
    for path, message in (("query_range", pb.QueryRangeResponse()), ("query", pb.QueryInstantResponse())):
        reply = tempo.get(f"/api/metrics/{path}?q={quote('{ } | rate()')}&{grafana_range}", "application/protobuf")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.strict(message).series


def test_names_that_need_quotes_keep_them(tempo, grafana_range):
    """A label is the text of its field; only a name with a character that would end it is quoted."""
    for text, key in (('span."odd name"', 'span."odd name"'), ('span."http.route"', "span.http.route")):
        query = quote(f"{{ }} | rate() by ({text})")
        series = tempo.get(f"/api/metrics/query_range?q={query}&{grafana_range}").strict(pb.QueryRangeResponse()).series
        assert {label.key for one in series for label in one.labels} == {key}


@pytest.mark.parametrize("q", ["{ } | ratio()", "{ }", "", "{ } | rate() by ("])
def test_what_is_no_metrics_query_is_refused(tempo, q):
    """400 with a line of text."""
    reply = tempo.get(f"/api/metrics/query_range?q={quote(q)}")
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("text/plain")


def test_without_a_range_the_last_hour_counts(tempo):
    """What came in ten minutes ago is in it."""
    reply = tempo.get(f"/api/metrics/query_range?q={quote('{ name = `lonely` } | count_over_time()')}")
    answer = reply.strict(pb.QueryRangeResponse())
    assert sum(sample.value for sample in answer.series[0].samples) == 1
    assert int(answer.series[0].samples[-1].timestamp_ms) >= int(time.time() * 1000) - 60_000
