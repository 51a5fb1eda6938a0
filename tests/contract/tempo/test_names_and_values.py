from __future__ import annotations

from urllib.parse import quote

import pytest

from clew.api.pb import tempo_pb2 as pb


def values(tempo, tag, query=""):
    """Return the typed values of a field."""
    more = f"?q={quote(query)}" if query else ""
    reply = tempo.get(f"/api/v2/search/tag/{quote(tag, safe='')}/values{more}")
    assert reply.status == 200, reply.body
    return {(one.type, one.value) for one in reply.strict(pb.SearchTagValuesV2Response()).tagValues}


def test_names_come_by_scope_with_the_intrinsics(tempo, grafana_range):
    """The request of the data source's completion."""
    reply = tempo.get(f"/api/v2/search/tags?limit=5000&{grafana_range}")
    scopes = {one.name: set(one.tags) for one in reply.strict(pb.SearchTagsV2Response()).scopes}
    assert {"service.name", "host.cpus"} <= scopes["resource"]
    assert {"http.route", "db.system.name", "tags"} <= scopes["span"]
    assert scopes["event"] == {"exception.type", "exception.message", "exception.stacktrace"}
    assert {"duration", "name", "status", "kind", "rootServiceName"} <= scopes["intrinsic"]


def test_one_scope_can_be_asked_for(tempo):
    """`scope=` narrows, an unknown scope is refused."""
    reply = tempo.get("/api/v2/search/tags?scope=resource").strict(pb.SearchTagsV2Response())
    assert [one.name for one in reply.scopes] == ["resource"]
    assert tempo.get("/api/v2/search/tags?scope=galaxy").status == 400


def test_version_1_lists_names_without_scopes(tempo):
    """Every name once; intrinsics only on request."""
    names = tempo.get("/api/search/tags").strict(pb.SearchTagsResponse()).tagNames
    assert len(set(names)) == len(names)
    assert {"service.name", "http.route"} <= set(names)
    assert "duration" not in names


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("resource.service.name", {("string", "shop"), ("string", "stock")}),
        (".service.name", {("string", "shop"), ("string", "stock")}),
        ("span.http.response.status_code", {("int", "200")}),
        ("resource.host.cpus", {("int", "8")}),
        ("span.ratio", {("float", "0.5")}),
        ("span.cached", {("bool", "true")}),
        ("status", {("keyword", "error"), ("keyword", "ok"), ("keyword", "unset")}),
        ("span:status", {("keyword", "error"), ("keyword", "ok"), ("keyword", "unset")}),
        ("statusMessage", {("string", "timed out")}),
        ("event:name", {("string", "exception")}),
        ("event.exception.type", {("string", "Timeout")}),
        ("instrumentation:name", {("string", "lib")}),
        ("rootServiceName", {("string", "shop")}),
        ("trace:rootName", {("string", "GET /cart")}),
        ("span.nothing", set()),
        ("trace:id", set()),
    ],
)
def test_values_are_typed(tempo, tag, expected):
    """Attributes by their stored type, statuses and kinds as keywords; what cannot be completed has none."""
    assert values(tempo, tag) >= expected if expected else values(tempo, tag) == set()


def test_values_follow_the_query(tempo):
    """Only values of spans that pass the rest of the query are offered."""
    assert values(tempo, "name", '{ resource.service.name = "stock" }') == {("string", "reserve"), ("string", "lonely")}
    assert values(tempo, "resource.service.name", "{ status = error }") == {("string", "shop")}
    assert values(tempo, "span.http.route", '{ resource.service.name = "stock" }') == set()


def test_values_of_events_and_scopes_follow_the_query(tempo):
    """Events and instrumentation scopes count only where their span passes, attributes and names alike."""
    stock, failed = '{ resource.service.name = "stock" }', "{ status = error }"
    for tag, value in (
        ("event.exception.type", "Timeout"),
        ("event:name", "exception"),
        (".exception.type", "Timeout"),
    ):
        assert values(tempo, tag, failed) == {("string", value)}
        assert values(tempo, tag, stock) == set()
    for tag, value in (("instrumentation:name", "lib"), ("instrumentation:version", "1.2")):
        assert values(tempo, tag, failed) == {("string", value)}
        assert values(tempo, tag, stock) == set()
    assert values(tempo, "link.anything", failed) == values(tempo, "instrumentation.anything", failed) == set()


def test_alternatives_of_one_field_narrow_and_others_are_left_out(tempo):
    """Alternatives of a field are one condition; where they are of several fields the rest of the query counts."""
    one = '{ (name = "SELECT" || name = "reserve" || name =~ "lon.*") && resource.service.name = "stock" }'
    assert values(tempo, "name", one) == {("string", "reserve"), ("string", "lonely")}
    several = '{ (name = "SELECT" || kind = server) && resource.service.name = "stock" && .a = '
    assert values(tempo, "name", several) == {("string", "reserve"), ("string", "lonely")}
    assert values(tempo, "name", '{ name = "SELECT" || name = "lonely" }') == {
        ("string", "SELECT"),
        ("string", "lonely"),
    }


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ name = ",
        "}{",
        '{ resource.service.name = "stock" && name =',
        "rubbish |",
        '{ name =~ "(" }',
        '{ name =~ "' + 5000 * "x.*" + '" }',
    ],
)
def test_a_query_that_is_not_finished_is_never_an_error(tempo, query):
    """What can be understood narrows, the rest is left out."""
    assert ("string", "lonely") in values(tempo, "name", query)


def test_version_1_lists_values_as_texts(tempo):
    """Plain texts."""
    reply = tempo.get("/api/search/tag/service.name/values")
    assert reply.status == 200
    assert set(tempo.get("/api/search/tag/.service.name/values").json["tagValues"]) == {"shop", "stock"}
