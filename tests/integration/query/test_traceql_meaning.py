"""The meaning of every construct of a TraceQL search, on spans where the answer is known."""

from __future__ import annotations

import time

import pytest

from clew.query.answer import Window
from clew.query.errors import InvalidQueryError
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.plan.histogram import histogram
from clew.query.plan.spots import spots
from clew.query.spancols import columns
from clew.query.traceql import parse

S = 10**9
T0 = (time.time_ns() // (600 * S) - 12) * 600 * S
WINDOW = Window(T0, T0 + 3600 * S)


@pytest.fixture(scope="module")
def store(make_store, kinds):
    """One shop request (1): root a, its children b and c, d below c, an orphan o; a job (2) that links back to c."""
    span, event = kinds
    store = make_store()
    trace = (1).to_bytes(16, "big")
    store.insert(
        [
            span(
                1, 0xA, T0, duration=10 * S, service="shop", name="GET /", kind=2,
                attributes=[
                    ("code", 200), ("ratio", 0.5), ("ok", True), ("user", "Ann"), ("tags", ["x", "y"]), ("n", 7),
                ],
                resource=[("zone", "eu"), ("both", "resource")],
                scope=[("lib", "http"), ("both", "scope")],
            ),
            span(
                1, 0xB, T0 + 1, 0xA, 4 * S, "shop", "render", 1, status=1,
                attributes=[("both", "span"), ("n", 2), ("d", 0), ("line", "one\ntwo")],
                events=[
                    event("exception", [("type", "Timeout"), ("retry", True)], T0 + 1 + 5 * S),
                    event("log", [("type", "note")], T0 + 1 + S),
                ],
            ),
            span(
                1, 0xC, T0 + 2, 0xA, 3 * S, "db", "SELECT", 3, status=2, message="no connection",
                attributes=[("n", 2.5)],
            ),
            span(
                1, 0xD, T0 + 3, 0xC, 1 * S, "db", "read", 1,
                attributes=[("list", []), ("any", ('{"kvlistValue":{}}',))],
            ),
            span(
                1, 0xE, T0 + 4, 0xFF, 1 * S, "mail", "send", 4,
                attributes=[("counts", [1, 3]), ("shares", [0.5]), ("flags", [False])],
            ),
            span(
                2, 0x1, T0 + 60 * S, duration=S, service="job", name="nightly", kind=5, attributes=[("code", "200")],
                links=[event("", [("why", "retry")], 0, trace, 0xC)],
            ),
        ]
    )  # fmt: skip
    return store


NAMES = {0xA: "a", 0xB: "b", 0xC: "c", 0xD: "d", 0xE: "o", 0x1: "j"}
CASES = {
    # literals and types
    "{ }": "abcdoj",
    "{ true }": "abcdoj",
    "{ false }": "",
    "{ span.code = 200 }": "a",
    '{ span.code = "200" }': "j",
    "{ span.code = 200.0 }": "a",
    "{ span.code != 201 }": "a",
    "{ span.code > 199 && span.code <= 200 }": "a",
    "{ 199 < span.code }": "a",
    "{ span.n > 2 }": "ac",
    "{ span.n < 1h }": "abc",
    "{ span.ratio = 0.5 }": "a",
    "{ span.ok }": "a",
    "{ span.ok = true }": "a",
    "{ !span.ok }": "",
    "{ !span.missing }": "",
    "{ span.user }": "",
    '{ span.user < "B" }': "a",
    "{ span.code < maxInt && span.code > minInt }": "a",
    "{ span.n >= 2.5 && span.n <= 1m }": "ac",
    "{ duration >= 1.5s && duration < 1h30m }": "abc",
    "{ duration > -1s && duration < 1d }": "abcdoj",
    '{ span.user = `Ann` && span."code" = 200 }': "a",
    '{ span.user = "\\x41n\\156" && span.user = "\\u0041nn" }': "a",
    "{ /* all */ span.code = 200 // of one\n }": "a",
    "": "abcdoj",
    "{ span.code = span.code }": "aj",
    "{ span.code != span.n }": "a",
    "{ span.code = true || span.ok = 1 }": "",
    "{ (span.n > 2) = span.ok }": "a",
    "{ (span.n > 2) = false }": "bdoj",
    '{ (event.type = "Timeout") = event.retry }': "b",
    '{ (resource.service.name = "db") != (kind = client) }': "d",
    "{ true && (false || !false) }": "abcdoj",
    "{ 1 < 1h && 2 * 3 = 6.0 && ok != error }": "abcdoj",
    # absence
    '{ span.user != "Bob" }': "a",
    '{ !(span.user = "Ann") }': "bcdoj",
    "{ span.user = nil }": "bcdoj",
    "{ span.user != nil }": "a",
    "{ nil = span.user }": "bcdoj",
    "{ span.any != nil }": "d",
    '{ span.user !=? "Ann" }': "bcdoj",
    '{ span.user !=? "Bob" }': "abcdoj",
    '{ span.user !~? "A.*" }': "bcdoj",
    "{ nil != span.user }": "a",
    "{ span.n !=? 7 }": "bcdoj",
    "{ kind !=? server }": "bcdoj",
    "{ span.ok !=? true }": "bcdoj",
    "{ span.n = nil && span.d = nil }": "doj",
    "{ span.user != nil = true }": "a",
    # case and patterns
    '{ span.user =i "ANN" }': "a",
    '{ span.user !=i "ann" }': "",
    '{ span.user =~ "A" }': "",
    '{ span.user =~ "A|Ann" }': "a",
    '{ span.user =~ "A.n" }': "a",
    '{ span.user !~ "B.*" }': "a",
    '{ span.user =~i "a.n" }': "a",
    '{ span.user !~i "a.n" }': "",
    '{ span.line =~ "one.two" }': "b",
    # arrays
    '{ span.tags = "x" }': "a",
    '{ span.tags != "x" }': "",
    '{ span.tags != "z" }': "a",
    '{ span.tags =~ "[yz]" }': "a",
    '{ span.tags !~ "[yz]" }': "",
    '{ span.tags > "x" }': "a",
    '{ "x" < span.tags }': "a",
    '{ span.list != "x" }': "d",
    '{ span.list = "x" }': "",
    "{ span.counts >= 3 }": "o",
    "{ span.counts = 1 && span.counts != 2 }": "o",
    "{ 2 < span.counts }": "o",
    "{ span.counts < 1.5s && span.shares < 1 }": "o",
    "{ span.flags = true && span.flags != false }": "",
    "{ span.flags = false }": "o",
    "{ span.flags }": "",
    "{ span.tags = span.tags || span.counts != span.tags }": "",
    "{ span.counts + 1 > 0 }": "",
    '{ span.tags =i "X" && span.tags =~i "Y" }': "a",
    '{ span.tags !=i "X" || span.tags !~i "Y" }': "",
    '{ span.tags !=? "x" }': "bcdoj",
    "{ span.tags != nil && span.list != nil }": "",
    "{ span.list != nil }": "d",
    # scopes
    '{ resource.zone = "eu" }': "a",
    '{ resource.service.name = "db" }': "cd",
    '{ .zone = "eu" }': "a",
    '{ .both = "span" }': "b",
    '{ .both = "resource" }': "a",
    '{ .both = "scope" }': "",
    '{ instrumentation.lib = "http" }': "a",
    '{ instrumentation:name = "lib" }': "abcdoj",
    '{ event.type = "Timeout" }': "b",
    '{ event.type = "Timeout" && event.retry = true }': "b",
    '{ event.type = "note" && event.retry = true }': "",
    '{ event:name = "exception" && event.type = "note" }': "",
    '{ event:name = "exception" }': "b",
    '{ event.type != "note" }': "b",
    "{ event:name != nil }": "b",
    "{ event:name = nil }": "acdoj",
    '{ event:name != nil && event:name = "log" && event.type != nil }': "b",
    "{ nil != event:timeSinceStart }": "b",
    "{ link:traceID != nil }": "j",
    "{ link:spanID = nil && span.n != nil }": "abc",
    "{ !(link:spanID != nil) && event:name != nil }": "b",
    "{ event:timeSinceStart > 4s }": "b",
    "{ event:timeSinceStart > 5s }": "",
    '{ link.why = "retry" }': "j",
    '{ link:spanID = "c" }': "j",
    '{ link:traceID = "1" }': "j",
    '{ .why = "retry" }': "j",
    "{ event.type > .both }": "",
    "{ event.type < .both }": "b",
    "{ event:timeSinceStart > .n * 2s ^ .n }": "",
    # intrinsics
    '{ name = "render" }': "b",
    "{ status = error }": "c",
    "{ status != ok }": "acdoj",
    "{ kind = client }": "c",
    '{ statusMessage = "no connection" }': "c",
    "{ duration > 3s }": "ab",
    "{ duration = 1s }": "doj",
    '{ span:id = "000000000000000b" }': "b",
    '{ span:id = "B" }': "b",
    '{ span:parentID = "a" }': "bc",
    '{ span:parentID = "" }': "aj",
    '{ trace:id = "02" }': "j",
    "{ trace:duration > 5s }": "abcdo",
    '{ rootName = "GET /" }': "abcdo",
    '{ trace:rootService = "job" }': "j",
    "{ span:childCount = 2 }": "a",
    "{ span:childCount > 0 }": "ac",
    "{ nestedSetParent < 0 }": "aj",
    "{ nestedSetParent = -1 }": "aj",
    "{ nestedSetParent >= 0 }": "bcdo",
    "{ nestedSetLeft = 1 }": "aj",
    "{ nestedSetRight = 8 }": "a",
    "{ nestedSetLeft = 0 }": "o",
    '{ span:name = "send" && name > "a" }': "o",
    "{ status = ok || span:status = unset }": "abdoj",
    "{ kind = server || span:kind = consumer }": "aj",
    "{ kind = producer || kind = unspecified }": "o",
    "{ kind = internal }": "bd",
    "{ kind != internal }": "acoj",
    '{ span:statusMessage =~ "no .*" }': "c",
    '{ statusMessage = "" }': "abdoj",
    "{ span:duration >= 10s }": "a",
    "{ traceDuration < 10s }": "j",
    "{ duration = trace:duration }": "aj",
    "{ duration * 2 > traceDuration }": "aj",
    '{ trace:rootName =~ "night.*" && rootServiceName = "job" }': "j",
    '{ instrumentation:version = "" && instrumentation:version != nil }': "abcdoj",
    "{ instrumentation:name = nil }": "",
    '{ span:id =~ "0+[ab]" }': "ab",
    '{ span:id > "000000000000000c" }': "do",
    '{ trace:id = "00000000000000000000000000000000000002" }': "j",
    '{ trace:id != "2" && trace:id != "no id" }': "abcdo",
    "{ parent.span:id = span:parentID }": "bcd",
    "{ link:traceID = trace:id }": "",
    "{ nestedSetRight - nestedSetLeft = 1 }": "bdj",
    # parents
    '{ parent.name = "GET /" }': "bc",
    '{ parent.span.user = "Ann" }': "bc",
    '{ parent.resource.service.name = "db" }': "d",
    "{ parent.span.user = nil }": "adoj",
    "{ parent.span.n > span.n }": "bc",
    "{ parent.duration > 3s && kind = client }": "c",
    '{ !(parent.name = "GET /") }': "adoj",
    "{ parent.kind = kind }": "",
    "{ parent.kind = server && kind != internal }": "c",
    "{ parent.name = nil }": "aoj",
    "{ nil != parent.duration }": "bcd",
    "{ parent.span.n = parent.span.n }": "bcd",
    "{ (parent.span.n = 7) = false }": "adoj",
    "{ parent.span.n - span.n > 4.5 }": "b",
    "{ parent.both = `resource` }": "bc",
    "{ parent.statusMessage != `` }": "d",
    # arithmetic
    "{ span.n + 1 = 8 }": "a",
    "{ span.n * 2 = 5.0 }": "c",
    "{ span.n / 2 = 3 }": "a",
    "{ span.n / 2 = 1.25 }": "c",
    "{ span.n % 4 = 3 }": "a",
    "{ span.n / span.d = 1 }": "",
    "{ !(span.n / span.d = 1) }": "abcdoj",
    "{ span.n ^ 2 = 49 }": "a",
    "{ 2 ^ span.n = 128 }": "a",
    "{ -span.n = -2 }": "b",
    "{ span.ratio > span.code }": "",
    "{ span.code > span.ratio }": "a",
    "{ span.n - 1 = 1 }": "b",
    "{ 10 - span.n * 2 = 5 }": "c",
    "{ 14 / span.n = 2 }": "a",
    "{ -span.n * 2 < -10 }": "a",
    "{ span.n % span.d = 0 }": "",
    "{ span.n / 0.0 > maxInt }": "abc",
    "{ span.n ^ -1 = 0.5 }": "b",
    "{ 2 ^ 3 ^ span.d = 2 }": "b",
    "{ span.user + 1 = 1 || -span.user = 1 }": "",
    # logic
    "{ span.ok || status = error }": "ac",
    '{ span.user = "Ann" || span.n = 2 && kind = internal }': "b",
    "{ !(kind = client && status = error) && duration > 2s }": "ab",
    # spansets
    '{ name = "render" } && { status = error }': "bc",
    '{ name = "render" } && { name = "none" }': "",
    '{ name = "render" } || { name = "none" }': "b",
    '{ name = "GET /" } > { }': "bc",
    '{ name = "GET /" } >> { }': "bcd",
    '{ } < { name = "read" }': "",
    '{ name = "read" } < { }': "c",
    '{ name = "read" } << { }': "ac",
    '{ name = "render" } ~ { }': "c",
    '{ name = "GET /" } !> { }': "adoj",
    '{ name = "GET /" } !>> { }': "aoj",
    '{ name = "none" } !>> { kind = client }': "c",
    '{ } !>> { name = "none" }': "",
    '{ name = "read" } !< { }': "abdoj",
    '{ name = "read" } !<< { }': "bdoj",
    '{ name = "render" } !~ { }': "abdoj",
    '{ name = "GET /" } &> { kind = client }': "ac",
    '{ name = "GET /" } &>> { name = "read" }': "ad",
    '{ name = "read" } &< { }': "cd",
    '{ name = "read" } &<< { }': "acd",
    '{ name = "render" } &~ { }': "bc",
    '{ name = "nightly" } ~> { }': "c",
    "{ status = error } <~ { }": "j",
    '({ name = "GET /" } > { status = error }) ~> { }': "",
    '({ name = "GET /" } > { status = error }) <~ { }': "j",
    '{ name = "GET /" } > { kind = client } > { }': "d",
    '{ name = "GET /" } >> { name = "read" } || { name = "send" }': "do",
    '{ name = "send" } || { name = "GET /" } && { name = "none" }': "",
    "({ kind = server } || { kind = client }) > { }": "bcd",
    '{ name = "render" } !~ { kind = client }': "",
    '{ name = "none" } !~ { kind = client }': "c",
    '{ name = "none" } !< { kind = client }': "c",
    '{ name = "none" } &>> { }': "",
    "{ kind = client } &<< { kind = server }": "ac",
    '{ } &~ { name = "render" }': "bc",
    "{ kind = server } && ({ } | count() > 1)": "abcdo",
    '({ kind = server } | count() > 5) || { name = "send" }': "o",
    # pipelines
    "{ } | { status = error }": "c",
    "{ } | count() > 4": "abcdo",
    "{ } | count() = 1": "j",
    "{ } | max(duration) >= 10s": "abcdo",
    "{ } | min(span.n) = 2": "abcdo",
    "{ } | avg(span.n) > 3": "abcdo",
    "{ } | sum(span.n) = 11.5": "abcdo",
    "{ } | avg(span.missing) > 0": "",
    "{ } | count_distinct(resource.service.name) = 3": "abcdo",
    "{ } | min(duration) < max(duration)": "abcdo",
    "{ } | max(duration) - min(duration) > 8s": "abcdo",
    "{ } | by(resource.service.name) | count() > 1": "abcd",
    "{ } | by(resource.service.name, kind) | count() > 1": "",
    "{ } | by(kind) | coalesce() | count() = 5": "abcdo",
    "{ kind = client } | select(span.n)": "c",
    "{ } | count() != 5": "j",
    "{ } | count() <= 1": "j",
    "{ } | 4 < count()": "abcdo",
    "{ } | 2s < avg(duration)": "abcdo",
    "{ } | avg(duration) = 3.8s": "abcdo",
    "{ } | sum(duration) / count() = 3.8s": "abcdo",
    "{ } | count() * 2 + 1 = 11": "abcdo",
    "{ } | count() % 2 = 1": "abcdoj",
    "{ } | count() ^ 2 = 25": "abcdo",
    "{ } | count() / 2 = 2": "abcdo",
    "{ } | count() / 0 > 0": "",
    "{ } | max(span.n) - min(span.n) = 5": "abcdo",
    "{ } | max(duration) > 2 * avg(duration)": "abcdo",
    "{ } | sum(-span.n) < -11": "abcdo",
    "{ } | max(parent.duration) = 10s": "abcdo",
    "{ } | max(span.counts) > 0": "",
    "{ } | count_distinct(span.code) = 1 | count() = 1": "j",
    "{ kind = client } | count() = 1 | { status = error }": "c",
    "{ } | { kind = client } || { kind = server }": "ac",
    "{ } | by(duration > 3s) | count() = 2": "ab",
    "{ } | by(span.n + 1) | count() > 1": "do",
    "{ } | by(kind) | by(resource.service.name) | count() > 1": "",
    "{ } | by(kind) | { status = error } | count() = 1": "c",
    '{ } | by(kind) | coalesce() | { name = "GET /" } > { }': "bc",
    "by(kind) | count() > 1": "bd",
    "count() > 4": "abcdo",
    "select(span.n) | { span.n = 7 }": "a",
    "({ kind = client } | count()) + 1 = ({ kind = internal } | count())": "bcd",
    "({ } | max(duration)) > 5s": "abcdo",
    "3 < ({ } | count())": "abcdo",
    '({ kind = client } | count() > 0) && { name = "GET /" }': "ac",
    "({ kind = client } | count()) < ({ kind = internal } | count())": "bcd",
}


@pytest.mark.parametrize("text", CASES)
def test_meaning(store, text):
    """The spans that a query returns are those of its meaning."""
    answer = find(store.read(), parse(text), Ask(WINDOW, spans_per_spanset=100), T0 + 3600 * S)
    found = {NAMES[one.span_id] for trace in answer.data.traces for each in trace.spansets for one in each.spans}
    assert "".join(name for name in NAMES.values() if name in found) == CASES[text]


def test_values_of_groups_and_fields(store):
    """Groups carry their value, a missing one is nil; spans carry the fields of conditions and of select."""
    query = parse("{ kind != producer } | by(span.n) | select(span.tags, nestedSetLeft, parent.name)")
    answer = find(store.read(), query, Ask(WINDOW), T0 + 3600 * S)
    sets = [each for trace in answer.data.traces if trace.trace_id[-1] == 1 for each in trace.spansets]
    assert [(one.attributes["by(span.n)"], one.matched) for one in sets] == [(7, 1), (2, 1), (2.5, 1), (None, 1)]
    fields = [one.spans[0].attributes for one in sets]
    assert fields[0]["span.tags"] == ["x", "y"]
    assert [one["nestedSetLeft"] for one in fields] == [1, 2, 4, 5]
    assert fields[3]["parent.name"] == "SELECT"


SORTED = {
    "select(name)": [2, 1],
    "sort(duration)": [1, 2],
    "sort(duration asc)": [2, 1],
    "sort(duration desc)": [1, 2],
    "sort(traceDuration asc)": [2, 1],
    "sort(count())": [1, 2],
    "sort(count() asc)": [2, 1],
    "sort(name)": [1, 2],
    "sort(span.n)": [1, 2],
    "sort(span.n asc)": [2, 1],
    "sort(max(span.n) desc)": [1, 2],
    "sort(avg(span.missing))": [2, 1],
    "sort(-duration)": [2, 1],
    "sort(span.code)": [2, 1],
}


@pytest.mark.parametrize("order", SORTED)
def test_sorted(store, order):
    """Traces come in the order asked for; nothing comes before numbers, these before texts; of equals the newer one."""
    want = SORTED[order]
    answer = find(store.read(), parse(f"{{ }} | {order}"), Ask(WINDOW), T0 + 3600 * S)
    assert [trace.trace_id[-1] for trace in answer.data.traces] == want


@pytest.mark.parametrize("text", [one for one in CASES if "~>" not in one and "<~" not in one])
def test_spots_of_one_trace(store, text):
    """Asked about one trace, a query marks the spans that a search returns of it."""
    spans = columns(store.read(), f"{1:032x}", ids=True).data.columns["id"]
    rows = spots(store.read(), f"{1:032x}", parse(text)).data.rows
    found = {NAMES[int(spans[row], 16)] for row in rows}
    assert "".join(name for name in NAMES.values() if name in found) == CASES[text].replace("j", "")


def test_names_of_fields_in_answers(store):
    """Intrinsics are named by their short form, attributes by their scope, quoted only where they must be."""
    text = 'select(trace:rootName, span:name, event:name, .both, span."a b", span.code)'
    answer = find(store.read(), parse(f'{{ name = "render" }} | {text}'), Ask(WINDOW), T0 + 3600 * S)
    (spanset,) = answer.data.traces[0].spansets
    fields = {"name": "render", "rootName": "GET /", "event:name": "exception", ".both": "span"}
    assert spanset.spans[0].attributes == fields
    answer = find(store.read(), parse('{ } | by(trace:rootService) | by(span."a b")'), Ask(WINDOW), T0 + 3600 * S)
    assert answer.data.traces[0].spansets[0].attributes == {"by(rootServiceName)": "job", 'by(span."a b")': None}


def test_a_service_that_nobody_sent_is_not_there(make_store, kinds):
    """The name under which spans without a service are shown is no attribute."""
    span, _ = kinds
    store = make_store()
    store.insert([span(1, 1, T0, service="unknown_service"), span(2, 1, T0 + S, service="shop")])

    def found(text):
        answer = find(store.read(), parse(text), Ask(WINDOW), T0 + 3600 * S)
        return [one.trace_id[-1] for one in answer.data.traces]

    assert found('{ !(resource.service.name =~ ".*") } && { }') == [1]
    assert found('{ resource.service.name !=? "x" } && { }') == [2, 1]
    assert found('{ resource.service.name !=i "x" } && { }') == [2]
    assert found("{ } | by(resource.service.name) | count_distinct(resource.service.name) = 0") == [1]


@pytest.fixture(scope="module")
def odd(make_store, kinds):
    """One span with numbers that are none or large, and texts with signs in them."""
    span, _ = kinds
    store = make_store()
    values = [("nan", float("nan")), ("inf", float("inf")), ("most", 2**63 - 1), ("least", -(2**63)), ("none", "")]
    store.insert([span(1, 1, T0, duration=S, attributes=[*values, ("text", '\u00e9\U0001f600"\\\n'), ("{}", 1)])])
    store.insert([span(1, 2, T0 + 1, 1, duration=S, attributes=[("nan", 2.0), ("most", 2**63 - 1)])])
    return store


ODD = {
    "{ span.nan = span.nan }": [2],
    "{ span.nan != 1 }": [1, 2],
    "{ span.nan > 0 || span.nan <= 0 }": [2],
    "{ span.inf > maxInt }": [1],
    "{ span.most = maxInt && span.most + 1 = minInt }": [1, 2],
    "{ span.least / -1 = minInt && -span.least = minInt }": [1],
    "{ span.most % span.least = maxInt && span.most % minInt = maxInt }": [1],
    "{ span.least / span.least = 1 && span.least % minInt = 0 }": [1],
    "{ span.most / minInt = 0 && span.most / span.least = 0 }": [1],
    "{ span.most ^ 2 > 1e37 }": [1, 2],
    "{ span.most > 9223372036854775806 }": [1, 2],
    '{ span.none = "" && span.none =~ "" }': [1],
    '{ span.missing = "" }': [],
    '{ span.text = "\\u00e9\\U0001F600\\"\\\\\\n" }': [1],
    '{ span.text =~ "\u00e9.*" && span.text =i "\u00c9\U0001f600\\"\\\\\\n" }': [1],
    '{ span."{}" = 1 }': [1],
    "{ } | max(span.nan) = 2.0": [1, 2],
    "{ } | avg(span.nan) = 2": [1, 2],
    "{ } | sum(span.most) > 1e18": [1, 2],
    "{ } | avg(span.most) > 1e18": [1, 2],
    "{ } | sum(span.inf) > maxInt": [1, 2],
    "{ } | sort(span.nan)": [1, 2],
}


@pytest.mark.parametrize("text", ODD)
def test_odd_values(odd, text):
    """NaN is no number to an aggregate and equals nothing, integers go round at 64 bits, sums do not."""
    answer = find(odd.read(), parse(text), Ask(WINDOW, spans_per_spanset=100), T0 + 3600 * S)
    assert [one.span_id for trace in answer.data.traces for each in trace.spansets for one in each.spans] == ODD[text]


def test_groups_of_nan_and_types_of_aggregates(odd):
    """NaN makes one group; an aggregate is whole where all values are, whatever other groups hold."""
    answer = find(odd.read(), parse("{ } | by(span.nan) | max(span.most) > 0"), Ask(WINDOW), T0 + 3600 * S)
    groups = [each.attributes for each in answer.data.traces[0].spansets]
    assert [str(one["by(span.nan)"]) for one in groups] == ["nan", "2.0"]
    assert [one["max(span.most)"] for one in groups] == [2**63 - 1, 2**63 - 1]


@pytest.mark.parametrize("text", ["{ true &&\n  name =~ `(` }", "{ }\n  && { .a = 1 && name !~ `(` }"])
def test_a_pattern_that_is_none_is_shown_in_its_line(store, text):
    """The error of a pattern says where in the query it stands, whichever way the query is answered."""
    for ask in (
        lambda: find(store.read(), parse(text), Ask(WINDOW), T0 + 3600 * S),
        lambda: spots(store.read(), f"{1:032x}", parse(text)),
        lambda: histogram(store.read(), parse(text), WINDOW, 10),
    ):
        with pytest.raises(InvalidQueryError) as caught:
            ask()
        error = caught.value
        assert (text[error.start : error.end], error.line) == ("`(`", 2)
        assert error.column == error.start - text.index("\n")
        assert "RE2" in error.hint
