"""The requests of Traces Drilldown, as its Tempo data source sends them, against the traces that are known."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from google.protobuf.json_format import MessageToDict

from clew.api.pb import tempo_pb2 as pb

S = 10**9
ROOTS = "nestedSetParent<0"
SHOP = f'{ROOTS} && resource.service.name="shop"'
SELECT = "status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight"


@pytest.fixture(scope="module")
def series(tempo, t0):
    """Return a function from a metrics query to its series: labels and the sum of their points."""

    def ask(query, step="60s", **more):
        asked = {"q": query, "start": t0 // S - 600, "end": t0 // S + 600, "step": step, **more}
        reply = tempo.get(f"/api/metrics/query_range?{urlencode(asked)}", "application/json")
        assert reply.status == 200, reply.body
        found = {}
        for one in reply.strict(pb.QueryRangeResponse()).series:
            labels = tuple((each.key, str(next(iter(MessageToDict(each.value).values())))) for each in one.labels)
            assert labels not in found
            found[labels] = sum(sample.value for sample in one.samples)
        return found

    return ask


@pytest.fixture(scope="module")
def search(tempo, t0):
    """Return a function from a search to the ids of spans by number of the trace, and one to the traces."""

    def ask(query, limit=200, spss=10):
        asked = {"q": query, "limit": limit, "spss": spss, "start": t0 // S - 600, "end": t0 // S + 600}
        reply = tempo.get(f"/api/search?{urlencode(asked)}", "application/json")
        assert reply.status == 200, reply.body
        return {int(one.traceID, 16): one for one in reply.strict(pb.SearchResponse()).traces}

    return ask


def ids(traces):
    """Return the spans that are shown, by trace."""
    return {trace: {int(span.spanID, 16) for span in one.spanSet.spans} for trace, one in traces.items()}


def attributes(span):
    """Return the attributes of a span that is shown."""
    return {one.key: next(iter(MessageToDict(one.value).values())) for one in span.attributes}


def test_the_probe_for_metrics(tempo, t0):
    """One minute of `{} | rate()` has no error, whether or not anything happened in it."""
    for start in (t0 // S - 30, t0 // S - 3600):
        reply = tempo.get(f"/api/metrics/query_range?q={quote('{} | rate()')}&start={start}&end={start + 60}")
        assert reply.status == 200
        reply.strict(pb.QueryRangeResponse())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{{{ROOTS} && true}} | rate()  with(sample=true)", {(): 2}),
        ("{true && true && status=error} | rate()  with(sample=true)", {(): 1}),
        ("{kind=server && true} | rate()  with(sample=true)", {(): 3}),
        ('{span.db.system.name!="" && true} | rate() ', {(): 1}),
        (f"{{{SHOP} && name != nil}} | rate() by(name)", {("GET /cart",): 2}),
        (
            "{true && true && resource.service.name != nil} | rate() by(resource.service.name)",
            {("shop",): 3, ("stock",): 2},
        ),
        (
            "{true && true && status=error && span.db.system.name != nil} | rate() by(span.db.system.name)",
            {("postgresql",): 1},
        ),
        ('{true && true && name="reserve"} | rate() by(name)', {("reserve",): 1}),
        ("{true && true && status=unset} | rate() by(status)", {("unset",): 4}),
        ("{true && true && kind=server} | rate() by(kind)", {("server",): 3}),
        ("{true && span.http.response.status_code=200 && true} | rate()", {(): 1}),
        ("{true && span.cached=true && span.cached != nil} | rate() by(span.cached)", {("True",): 1}),
        ('{true && resource.service.name!="shop"&&resource.service.name!="none"} | rate()', {(): 2}),
        ('{true && event.exception.message="no answer"} | rate() by(event.exception.message)', {("no answer",): 1}),
    ],
)
def test_rates_and_breakdowns(series, query, expected):
    """Spans per second in each minute, by the value of the attribute that is broken down by."""
    found = {
        tuple(value for key, value in labels if key != "__name__"): round(each * 60, 6)
        for labels, each in series(query).items()
    }
    assert {labels: value for labels, value in found.items() if value} == expected


@pytest.mark.parametrize("step", ["15s", "30s", "1m", "1200s"])
def test_steps_lose_no_span(series, step):
    """Whatever width its points have, a panel shows all spans."""
    seconds = {"15s": 15, "30s": 30, "1m": 60, "1200s": 1200}[step]
    assert sum(series("{true && true} | rate()", step).values()) * seconds == pytest.approx(5)


def test_durations_by_percentile(series):
    """Each percentile is a series; values are those of the histogram, within a power of two."""
    found = series(f"{{{ROOTS} && true}} | quantile_over_time(duration, 0.5,0.9) ", "1200s")
    by_percentile = {dict(labels)["p"]: value for labels, value in found.items()}
    assert set(by_percentile) == {"0.5", "0.9"}
    assert by_percentile["0.9"] == pytest.approx(0.3, rel=1)
    by_name = series("{kind=server && true && name != nil} | quantile_over_time(duration, 0.9) by(name)", "1200s")
    assert {dict(labels)["name"] for labels in by_name} == {"GET /cart", "reserve"}


def test_the_heatmap_of_durations(series):
    """Powers of two in seconds as buckets, with the number of spans in each."""
    found = series("{true && true} | histogram_over_time(duration) with(sample=true)", "1200s")
    buckets = sorted((float(dict(labels)["__bucket"]), value) for labels, value in found.items() if value)
    assert sum(value for _, value in buckets) == 5
    for bucket, duration in zip((one for one, _ in buckets[-3:]), (0.1, 0.3, 1.5), strict=True):
        assert bucket / 2 < duration <= bucket


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        ("{status = error}, 10", 1),
        ("{duration >= 256ms && duration <= 2s}, 10", 2),
        ("{duration >= 0 && duration <= 16ms}, 10", 2),
        ("{status = error && duration >= 1s}, 10", 1),
        ("{}", 5),
    ],
)
def test_comparisons(series, selection, selected):
    """The spans that are selected against the others, counted for every attribute that is compared."""
    found = series(f"{{true && true}} | compare({selection})", "1200s")
    totals = {}
    for labels, value in found.items():
        kind = dict(labels)["__meta_type"]
        if kind.endswith("_total") and dict(labels).get("resource.service.name") == "nil":
            totals[kind] = value
    assert totals.get("selection_total", 0) == selected
    assert totals.get("baseline_total", 0) == 5 - selected


def test_a_comparison_within_a_part_of_the_time(series, t0):
    """Only spans of the window are selected, all others are the baseline."""
    window = f"{(t0 // S + 50) * S}, {(t0 // S + 70) * S}"
    found = series(f"{{true && true}} | compare({{true}}, 10, {window})", "1200s")
    selected = {dict(labels)["name"]: value for labels, value in found.items()
                if dict(labels)["__meta_type"] == "selection" and "name" in dict(labels)}  # fmt: skip
    assert {name: value for name, value in selected.items() if value} == {"GET /cart": 1}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (" && status = error", {0xA1: {2}}),
        ("&& duration > 1s", {0xA1: {2}}),
        ("&& duration >= 256ms && duration <= 1s", {0xA1: {1}}),
        ("&& duration >= 0 && duration <= 6ms", {0xA2: {3}}),
        ("&& duration > 99.5ms", {0xA1: {1, 2, 4}}),
        ("", {0xA1: {1, 2, 4}, 0xA2: {3}, 0xB3: {5}}),
    ],
)
def test_lists_of_spans(search, condition, expected):
    """What a panel or a selection in it narrows to, with the columns that were chosen."""
    found = search(f"{{true && true{condition}}} | select(span.http.route,resource.service.name,duration,status)")
    assert ids(found) == expected
    services = {attributes(span)["service.name"] for one in found.values() for span in one.spanSet.spans}
    assert services <= {"shop", "stock"}


@pytest.mark.parametrize(
    ("signal", "selection", "inner", "expected"),
    [
        (ROOTS, "", "kind = server", {0xA1: {1, 4}, 0xA2: {3}}),
        (ROOTS, "&& status = error", "status = error", {}),
        (ROOTS, "&& duration > 100ms", "duration > 90ms", {0xA1: {1, 2, 4}}),
        ("true", "&& status = error", "status = error", {0xA1: {2}}),
        ("kind=server", "", "kind = server", {0xA1: {1, 4}, 0xA2: {3}}),
    ],
)
def test_the_structure_of_traces(search, signal, selection, inner, expected):
    """Trees from the spans of the signal down to those of the metric, each span with its place."""
    outer = f"{signal} && true {selection}"
    found = search(f"({{{outer}}} &>> {{ {inner} }}) || ({{{outer}}}) | select({SELECT})", 200, 20)
    assert ids(found) == expected
    for one in found.values():
        for span in one.spanSet.spans:
            known = attributes(span)
            assert {"service.name", "status", "nestedSetParent", "nestedSetLeft", "nestedSetRight"} <= set(known)
            assert int(known["nestedSetLeft"]) < int(known["nestedSetRight"])
            assert span.name


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ('event.exception.message = "no answer"', True),
        ('event.exception.message =~ "^no\\\\s+answer$"', True),
        ('event.exception.message =~ "^no\\\\s+[0-9]+$"', False),
        ('event.exception.message = "no answer" && event.exception.type = "Timeout"', True),
        ('event.exception.message = "no answer" && event.exception.type = "Other"', False),
    ],
)
def test_one_exception(search, message, found):
    """Its spans, with any attribute; numbers and ids in messages are patterns."""
    base = f"{{true && true && status = error && {message}}}"
    expected = {0xA1: {2}} if found else {}
    for selected in ("", " | select(resource.service.name,span.db.system.name)", " | select(name)"):
        assert ids(search(base + selected, 100)) == expected


def test_filters_offer_names_and_values(tempo, t0):
    """Keys by scope; values under the filters that are set already, with numbers and words unquoted."""
    window = f"limit=5000&start={t0 // S - 600}&end={t0 // S + 600}"
    scopes = {one["name"]: one["tags"] for one in tempo.get(f"/api/v2/search/tags?{window}").json["scopes"]}
    assert "service.name" in scopes["resource"]
    assert "http.route" in scopes["span"]
    assert {"name", "kind", "status"} <= set(scopes["intrinsic"])
    for tag, query, expected in (
        ("resource.service.name", "{}", {"shop", "stock"}),
        ("resource.service.name", '{name="reserve"}', {"stock"}),
        ("name", '{resource.service.name="shop" && kind=server}', {"GET /cart"}),
        ("span.http.route", "{span.http.response.status_code=200}", {"/cart"}),
        ("status", '{resource.service.name="shop"}', {"unset", "error"}),
        ("resource.service.name", '{duration>"1s"}', {"shop", "stock"}),
    ):
        reply = tempo.get(f"/api/v2/search/tag/{quote(tag, safe='')}/values?q={quote(query)}&{window}")
        assert reply.status == 200
        assert {one["value"] for one in reply.json["tagValues"]} >= expected, (tag, query)
        if tag != "status" and query != '{duration>"1s"}':
            assert {one["value"] for one in reply.json["tagValues"]} == expected
