"""Structured filters of Jaeger, sent as its clients send them: over both gRPC ports and over HTTP."""

from __future__ import annotations

import json
import random
import time

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp

from clew.api.pb import jaeger_api_v3_pb2 as v3
from clew.api.pb import jaeger_expression_pb2 as expression
from clew.api.pb import jaeger_storage_v2_pb2 as v2

READER, QUERY = "jaeger.storage.v2.TraceReader", "jaeger.api_v3.QueryService"
DEADLINE_S = 60.0
S, MS = 10**9, 10**6
TRACES = {"alpha": 0xA1FA << 100, "beta": 0xBE7A, "gamma": 0x6A, "delta": 0xDE17A, "pair": 0x9A12 << 64}
NAMES = {one.to_bytes(16, "big"): name for name, one in TRACES.items()}


def attr(key, level=""):
    """Refer to an attribute."""
    return {"attr": {"key": key, "level": level}}


def field(name):
    """Refer to a built-in field, `level.name`."""
    level, name = name.split(".")
    return {"field": {"name": name, "level": level}}


def const(value, kind=""):
    """Return a constant."""
    return {"scalar": {"value": value, "type": kind}}


def listed(*values, kind=""):
    """Return a list."""
    return {"list": {"values": list(values), "type": kind}}


def one(level):
    """Refer to the events or the links, for `some`."""
    return {"nested": {"level": level}}


def call(op, *args):
    """Return an operator with its arguments."""
    return {"op": op, "args": [{"call": arg} if "op" in arg else arg for arg in args]}


def iso(ns):
    """Return a time as RFC 3339 with nanoseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // S)) + f".{ns % S:09d}Z"


def spans(make):
    """Return what is stored: a trace per kind of span, and one of two spans."""
    return [
        make(
            TRACES["alpha"], 0xA1, "GET /cart", "shop", 0, 0, 250 * MS, 2, 2, "card declined",
            attributes={
                "http.method": "GET", "code": 500, "ratio": 0.5, "cached": True, "tags": ["a", "b"], "nums": [1, 2],
                "raw": b"\x00\xff", "text": "one\ntwo", "before": 5, "after": 9,
            },
            resource={"host.name": "web-1", "zone": "east"}, scope=("http-lib", "1.2.3", {"mode": "auto"}),
            events=[
                ("exception", 10 * MS, {"type": "Declined", "n": 3}, 0), ("retry", 200 * MS, {"type": "Timeout"}, 0),
            ],
            state="vendor=1",
        ),
        make(
            TRACES["beta"], 0xB1, "POST /pay", "shop", 0xB0, S, 50 * MS, 3, 1,
            attributes={"http.method": "POST", "code": "500", "cached": "true", "zone": "west", "size": "9"},
            resource={"host.name": "web-2", "zone": "east"},
            links=[(TRACES["alpha"], 0xA1, {"why": "retry"}), (TRACES["gamma"], 0xC1, {"why": "batch", "n": 7})],
        ),
        make(
            TRACES["gamma"], 0xC1, "charge", "billing", 0, 2 * S, S, 1,
            attributes={"code": 500.0, "size": 500, "before": 9, "after": 5, "why": "batch"},
            resource={"pid": 42}, scope=("", "", {"mode": "manual"}),
            events=[("exception", 2 * S + 500 * MS, {"type": "Timeout"}, 0)],
        ),
        make(TRACES["delta"], 0xD1, "alone", None, 0, 3 * S, 5 * MS, 0),
        make(TRACES["pair"], 0xE1, "root", "front", 0, 4 * S, 10 * MS, 2, attributes={"first": "x"}),
        make(TRACES["pair"], 0xE2, "leaf", "back", 0xE1, 4 * S + MS, 8 * MS, 4, attributes={"second": "y"}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def here(hold, make, message, tmp_path_factory):
    """A running Clew with these spans."""
    data = message(spans(make))
    alpha, beta = data.resource_spans[:2]
    alpha.schema_url, alpha.scope_spans[0].schema_url = "https://schemas/1", "https://schemas/2"
    beta.scope_spans[0].spans[0].links[0].trace_state = "hop=1"
    with hold(data, tmp_path_factory.mktemp("filters")) as ports:
        yield ports


@pytest.fixture(scope="module")
def doors(here, calls, t0):
    """The three ways to ask: each takes a filter as JSON and gives the names of the traces, newest first."""
    stored = calls(here.address("listen.jaeger_storage"), [v2])
    asked = calls(here.address("listen.jaeger_grpc"), [v3])
    times = {"start_time_min": stamp(t0 - S), "start_time_max": stamp(t0 + 60 * S), "search_depth": 20}

    def storage(given, **more):
        query = v2.TraceQueryParameters(filter=ParseDict(given, expression.Call()), **(times | more))
        told = stored(READER, "FindTraceIDs", v2.FindTraceIDsRequest(query=query), DEADLINE_S)
        return [NAMES[found.trace_id] for found in told.trace_ids]

    def grpc_v3(given, **more):
        query = v3.TraceQueryParameters(filter=ParseDict(given, expression.Call()), **(times | more))
        told = asked(QUERY, "FindTraceSummaries", v3.FindTraceSummariesRequest(query=query), DEADLINE_S)
        return [NAMES[bytes.fromhex(found.trace_id)] for part in told for found in part.summaries]

    def http(given, **more):
        named = {"startTimeMin": iso(t0 - S), "startTimeMax": iso(t0 + 60 * S), "filter": json.dumps(given)} | more
        told = here.get(
            "listen.jaeger_http", "/api/v3/trace-summaries", **{f"query.{key}": value for key, value in named.items()}
        )
        assert told.status == 200, told.body
        return [NAMES[bytes.fromhex(found["traceId"])] for found in json.loads(told.body).get("summaries", [])]

    yield {"storage": storage, "grpc": grpc_v3, "http": http, "stored": stored, "asked": asked, "times": times}
    stored.channel.close()
    asked.channel.close()


def stamp(ns):
    """Return a time as a message."""
    return Timestamp(seconds=ns // S, nanos=ns % S)


DOORS = ("storage", "grpc", "http")
ALL = "alpha beta gamma delta pair"
NAME, SERVICE, DURATION, KIND, STATUS = (
    field(f"{level}.{name}")
    for level, name in (
        ("span", "name"), ("resource", "service"), ("span", "duration"), ("span", "kind"), ("span", "status"),
    )
)  # fmt: skip
EVENT, EVENT_TYPE, OFFSET = field("event.name"), attr("type", "event"), field("event.timeSinceStart")
EXCEPTION, LATE = call("eq", EVENT, const("exception")), call("gt", OFFSET, const("100ms"))

CASES = {
    "name": (call("eq", NAME, const("charge")), "gamma"),
    "name is not": (call("ne", NAME, const("charge")), "alpha beta delta pair"),
    "name after": (call("gt", NAME, const("b")), "gamma pair"),
    "constant first": (call("lt", const("b"), NAME), "gamma pair"),
    "name among": (call("in", NAME, listed("charge", "alone")), "gamma delta"),
    "name not among": (call("not_in", NAME, listed("charge", "alone", "x|y")), "alpha beta pair"),
    "service": (call("eq", SERVICE, const("shop")), "alpha beta"),
    "service unnamed": (call("eq", SERVICE, const("OTLPResourceNoServiceName")), "delta"),
    "service is not": (call("ne", SERVICE, const("shop", "string")), "gamma delta pair"),
    "service among": (call("in", SERVICE, listed("shop", "back")), "alpha beta pair"),
    "service among unnamed": (call("in", SERVICE, listed("billing", "unknown_service")), "gamma delta"),
    "service there": (call("exists", SERVICE), ALL),
    "kind": (call("eq", KIND, const("server")), "alpha pair"),
    "kind among": (call("in", KIND, listed("client", "unspecified", kind="string")), "beta delta"),
    "kind not among": (call("not_in", KIND, listed("server", "client")), "gamma delta pair"),
    "kind by pattern": (call("regex", KIND, const("er")), "alpha gamma pair"),
    "status": (call("eq", STATUS, const("error", "string")), "alpha"),
    "status is not": (call("ne", STATUS, const("error")), "beta gamma delta pair"),
    "duration": (call("gte", DURATION, const("250ms")), "alpha gamma"),
    "duration and unit": (call("lt", DURATION, const("0.00501s")), "delta"),
    "duration among": (call("in", DURATION, listed("1s", "50000us")), "beta gamma"),
    "duration negative": (call("gt", DURATION, const("-1s")), ALL),
    "message": (call("eq", field("span.statusMessage"), const("card declined")), "alpha"),
    "message there": (call("exists", field("span.statusMessage")), "alpha"),
    "message is not": (call("ne", field("span.statusMessage"), const("other")), "alpha"),
    "trace id": (call("eq", field("span.traceID"), const(f"{TRACES['beta']:032x}")), "beta"),
    "span id": (call("in", field("span.spanID"), listed("00000000000000A1", "00000000000000e2")), "alpha pair"),
    "span id is not": (call("not", call("ne", field("span.spanID"), const("00000000000000a1"))), "alpha"),
    "parent": (call("eq", field("span.parentSpanID"), const("00000000000000b0")), "beta"),
    "root": (call("not", call("exists", field("span.parentSpanID"))), "alpha gamma delta pair"),
    "trace state": (call("regex", field("span.traceState"), const("vendor")), "alpha"),
    "resource schema": (call("eq", field("resource.schemaURL"), const("https://schemas/1")), "alpha"),
    "scope schema": (call("exists", field("scope.schemaURL")), "alpha"),
    "scope name": (call("eq", field("scope.name"), const("http-lib")), "alpha"),
    "scope name absent": (call("ne", field("scope.name"), const("other")), "alpha"),
    "scope version": (call("gt", field("scope.version"), const("1.2")), "alpha"),
    "times": (call("lt", field("span.startTime"), field("span.endTime")), ALL),
    "times of events": (call("gte", field("event.time"), field("span.endTime")), ""),
    "any type": (call("eq", attr("code"), const("500")), "alpha beta gamma"),
    "any type on a level": (call("eq", attr("code", "span"), const("500")), "alpha beta gamma"),
    "a string": (call("eq", attr("code"), const("500", "string")), "beta"),
    "an integer": (call("eq", attr("code", "span"), const("500", "int")), "alpha"),
    "a float": (call("eq", attr("code"), const("500", "double")), "gamma"),
    "a boolean": (call("eq", attr("cached"), const("true", "bool")), "alpha"),
    "a boolean of any type": (call("eq", attr("cached"), const("true")), "alpha beta"),
    "bytes": (call("eq", attr("raw"), const("AP8=")), "alpha"),
    "an array as text": (call("eq", attr("tags"), const('["a","b"]')), "alpha"),
    "an element": (call("eq", attr("tags"), const("b", "string")), "alpha"),
    "an element of numbers": (call("in", attr("nums"), listed("2", "7", kind="int")), "alpha"),
    "no element": (call("ne", attr("tags"), const("b", "string")), ""),
    "different": (call("ne", attr("code"), const("404")), "alpha beta gamma"),
    "different of a type": (call("ne", attr("code"), const("500", "int")), "beta gamma"),
    "absent or different": (call("not", call("eq", attr("code"), const("500", "int"))), "beta gamma delta pair"),
    "ordered numbers and texts": (call("gt", attr("size"), const("60")), "beta gamma"),
    "ordered numbers": (call("gt", attr("size"), const("60", "int")), "gamma"),
    "ordered floats": (call("lte", attr("ratio"), const("0.5", "double")), "alpha"),
    "ordered text": (call("lt", attr("http.method"), const("H", "string")), "alpha"),
    "strings among": (call("in", attr("http.method"), listed("GET", "PUT", kind="string")), "alpha"),
    "strings not among": (call("not_in", attr("http.method"), listed("GET", "PUT", kind="string")), "beta"),
    "floats among": (call("in", attr("code"), listed("500", "1.5", kind="double")), "gamma"),
    "booleans among": (call("in", attr("cached"), listed("t", "true", kind="bool")), "alpha"),
    "either level": (call("eq", attr("zone"), const("east")), "alpha beta"),
    "either level differs": (call("ne", attr("zone"), const("west")), "alpha"),
    "one level": (call("eq", attr("zone", "span"), const("east")), ""),
    "of the resource": (call("eq", attr("zone", "resource"), const("east")), "alpha beta"),
    "number of the resource": (call("gte", attr("pid", "resource"), const("42", "int")), "gamma"),
    "of the scope": (call("eq", attr("mode", "scope"), const("auto")), "alpha"),
    "of the scope, a string": (call("in", attr("mode", "scope"), listed("auto", "x", kind="string")), "alpha"),
    "there": (call("exists", attr("zone")), "alpha beta"),
    "there on a level": (call("exists", attr("mode", "scope")), "alpha gamma"),
    "pattern anywhere": (call("regex", attr("http.method"), const("E|S")), "alpha beta"),
    "pattern with case": (call("regex", attr("http.method"), const("get")), ""),
    "pattern and lines": (call("regex", attr("text"), const("one.two")), ""),
    "pattern over lines": (call("regex", attr("text"), const(r"one\ntwo", "string")), "alpha"),
    "pattern of a name": (call("regex", NAME, const("/(cart|pay)")), "alpha beta"),
    "pattern of a service": (call("regex", SERVICE, const("bill.*g")), "gamma"),
    "two attributes": (call("gt", attr("after"), attr("before")), "alpha"),
    "two levels": (call("ne", attr("zone", "span"), attr("zone", "resource")), "beta"),
    "a field and an attribute": (call("eq", NAME, attr("name.copy")), ""),
    "constants": (call("eq", const("1", "int"), const("1")), ALL),
    "constants differ": (call("gt", const("1", "int"), const("1.5", "double")), ""),
    "an event": (call("eq", EVENT, const("exception")), "alpha gamma"),
    "event attribute": (call("eq", EVENT_TYPE, const("Timeout")), "alpha gamma"),
    "event number": (call("gt", attr("n", "event"), const("2")), "alpha"),
    "event differs": (call("ne", EVENT_TYPE, const("Timeout")), ""),
    "event there": (call("exists", EVENT), "alpha gamma"),
    "no event": (call("not", call("exists", EVENT)), "beta delta pair"),
    "event offset": (call("gt", OFFSET, const("100ms")), "alpha gamma"),
    "event pattern": (call("regex", EVENT_TYPE, const("clin")), "alpha"),
    "two events": (call("and", EXCEPTION, LATE), "alpha gamma"),
    "the same event": (
        call("some", one("event"), call("and", EXCEPTION, LATE)), "gamma",
    ),
    "one or other of an event": (
        call(
            "some", one("event"),
            call(
                "and", call("eq", EVENT_TYPE, const("Timeout")),
                call("or", call("eq", EVENT, const("retry")), call("gt", OFFSET, const("1s"))),
            ),
        ),
        "alpha",
    ),
    "an event without": (call("some", one("event"), call("not", call("exists", attr("n", "event")))), "alpha gamma"),
    "an event that differs": (call("some", one("event"), call("ne", EVENT_TYPE, const("Timeout"))), "alpha"),
    "every event": (
        call("and", EXCEPTION, call("not", call("some", one("event"), call("ne", EVENT, const("exception"))))), "gamma",
    ),
    "an event and its span": (
        call("some", one("event"), call("and", EXCEPTION, call("eq", SERVICE, const("shop")))), "alpha",
    ),
    "an event and its resource": (
        call(
            "some", one("event"),
            call(
                "and", call("in", EVENT, listed("exception", "x")), call("eq", attr("zone"), const("east")),
                call("eq", attr("mode", "scope"), const("auto")), call("exists", field("scope.name")),
                call("not", call("eq", attr("pid", "resource"), const("42", "int"))),
            ),
        ),
        "alpha",
    ),
    "a link": (call("eq", field("link.traceID"), const(f"{TRACES['alpha']:032x}")), "beta"),
    "link attribute": (call("eq", attr("why", "link"), const("batch")), "beta"),
    "link span": (call("in", field("link.spanID"), listed("00000000000000c1")), "beta"),
    "link state": (call("exists", field("link.traceState")), "beta"),
    "the same link": (
        call(
            "some", one("link"),
            call("and", call("eq", attr("why", "link"), const("retry")), call("exists", attr("n", "link"))),
        ),
        "",
    ),
    "two links": (
        call("and", call("eq", attr("why", "link"), const("retry")), call("exists", attr("n", "link"))), "beta",
    ),
    "a link within an event": (
        call("some", one("event"), call("some", one("link"), call("exists", attr("why", "link")))), "",
    ),
    "a link and an attribute": (call("eq", attr("why", "link"), attr("why", "span")), ""),
    "plain": (
        call(
            "and", call("eq", SERVICE, const("shop")), call("eq", KIND, const("server")),
            call("lte", DURATION, const("250ms")), call("eq", STATUS, const("error")),
            call("eq", attr("http.method"), const("GET")), call("eq", attr("zone", "resource"), const("east")),
        ),
        "alpha",
    ),
    "either": (call("or", call("eq", NAME, const("charge")), call("eq", attr("first"), const("x"))), "gamma pair"),
    "one span": (call("and", call("eq", attr("first"), const("x")), call("eq", attr("second"), const("y"))), ""),
    "neither": (
        call("not", call("or", call("eq", SERVICE, const("shop")), call("exists", attr("first")))), "gamma delta pair",
    ),
    "hostile text": (call("eq", attr("http.method"), const("' OR 1=1 --")), ""),
    "hostile key": (call("not", call("exists", attr("`'\\{p0:String}"))), ALL),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_filter_finds_the_traces_with_such_a_span(doors, case):
    """Every operator on every level finds the same traces over each door, the newest first."""
    given, expected = CASES[case]
    wanted = [name for name in reversed(ALL.split()) if name in expected.split()]
    assert {name: doors[name](given) for name in DOORS} == dict.fromkeys(DOORS, wanted)


@pytest.mark.parametrize("case", CASES)
def test_a_filter_means_the_same_within_others(doors, case):
    """What a filter finds alone, by whichever way is cheapest, it finds within a larger one and doubly negated."""
    given, expected = CASES[case]
    wanted = [name for name in reversed(ALL.split()) if name in expected.split()]
    nothing = call("eq", NAME, const("no span has it"))
    assert doors["storage"](call("or", nothing, given)) == wanted
    assert doors["storage"](call("not", call("not", given))) == wanted


def tree(rng, depth):
    """Return a random filter over the cases, and which of the traces with one span it finds."""
    single = {"alpha", "beta", "gamma", "delta"}
    if depth == 0:
        given, expected = rng.choice(list(CASES.values()))
        return given, single & set(expected.split())
    op = rng.choice(["and", "or", "not"])
    parts = [tree(rng, rng.randrange(depth)) for _ in range(1 if op == "not" else rng.randint(2, 4))]
    sets = [found for _, found in parts]
    found = single - sets[0] if op == "not" else set.union(*sets) if op == "or" else set.intersection(*sets)
    return call(op, *(given for given, _ in parts)), found


@pytest.mark.parametrize("seed", range(40))
def test_connectives_are_the_algebra_of_what_their_operands_find(doors, seed):
    """Of traces with one span each, `and`, `or` and `not` find the intersection, the union and the rest."""
    given, expected = tree(random.Random(seed), 4)
    assert set(doors["storage"](given)) - {"pair"} == expected


def test_whole_traces_come_back(doors, here, t0):
    """Each way to ask for traces returns all spans of those that have a span that passes."""
    given = call("eq", attr("second"), const("y"))
    params = doors["times"] | {"filter": ParseDict(given, expression.Call())}
    found = {}
    told = doors["stored"](READER, "FindTraces", v2.FindTracesRequest(query=params), DEADLINE_S)
    found["storage"] = sorted(span.name for part in told for span in spans_in(part))
    told = doors["asked"](QUERY, "FindTraces", v3.FindTracesRequest(query=params), DEADLINE_S)
    found["grpc"] = sorted(span.name for part in told for span in spans_in(part))
    (part,) = doors["stored"](READER, "FindTraceSummaries", v2.FindTraceSummariesRequest(query=params), DEADLINE_S)
    assert [one.span_count for one in part.summaries] == [2]
    http = {"query.startTimeMin": iso(t0), "query.startTimeMax": iso(t0 + 60 * S), "query.filter": json.dumps(given)}
    body = json.loads(here.get("listen.jaeger_http", "/api/v3/traces", **http).body)["result"]
    found["http"] = sorted(
        span["name"] for group in body["resourceSpans"] for scoped in group["scopeSpans"] for span in scoped["spans"]
    )
    assert found == {door: ["leaf", "root"] for door in DOORS}
    http["query.filter"] = json.dumps(call("eq", NAME, const("nothing")))
    assert here.get("listen.jaeger_http", "/api/v3/traces", **http).status == 404


def spans_in(data):
    """Return the spans of a message."""
    return [span for group in data.resource_spans for scoped in group.scope_spans for span in scoped.spans]


@pytest.mark.parametrize("given", [call("exists", NAME), call("or", call("exists", NAME), call("exists", EVENT))])
def test_the_range_and_the_depth_stand_beside_a_filter(doors, t0, given):
    """The span that passes starts within the range, ends included, and the newest traces are kept."""
    assert doors["grpc"](given, search_depth=2) == ["pair", "delta"]
    assert doors["http"](given, searchDepth=1) == ["pair"]
    inside = {"start_time_min": stamp(t0 + S), "start_time_max": stamp(t0 + 2 * S)}
    assert doors["storage"](given, **inside) == ["gamma", "beta"]
    leaf = {"start_time_min": stamp(t0 + 4 * S + 1), "start_time_max": stamp(t0 + 5 * S)}
    assert doors["storage"](call("eq", SERVICE, const("front")), **leaf) == []
    assert doors["storage"](given, **leaf) == ["pair"]


def nested(depth):
    """Return a filter whose calls are so many deep."""
    given = call("exists", NAME)
    for _ in range(depth - 1):
        given = call("not", given)
    return given


DEEPEST = ".args[0].call" * 20
BAD = {
    "no operator": ({"args": []}, ".op", "no operator"),
    "unknown operator": (call("like", NAME, const("a")), ".op", '"like"'),
    "unknown operator inside": (
        call("and", call("exists", NAME), call("xor", NAME)), ".args[1].call.op", '"xor"',
    ),
    "one operand": (call("eq", NAME), ".args", "2 arguments, not 1"),
    "three operands": (call("gt", NAME, const("a"), const("b")), ".args", "2 arguments, not 3"),
    "too few predicates": (call("and", call("exists", NAME)), ".args", "two or more"),
    "no operands": ({"op": "or"}, ".args", "two or more"),
    "two to negate": (call("not", call("exists", NAME), call("exists", NAME)), ".args", "1 argument, not 2"),
    "a value to negate": (call("not", NAME), ".args[0]", "a predicate, not a field"),
    "nothing": ({"op": "exists", "args": [{}]}, ".args[0]", "nothing"),
    "there is a constant": (call("exists", const("a")), ".args[0]", "not a constant"),
    "unknown level": (call("exists", attr("a", "trace")), ".args[0].attr.level", '"trace"'),
    "no key": (call("exists", attr("")), ".args[0].attr.key", "key"),
    "a field without level": (call("exists", {"field": {"name": "name"}}), ".args[0].field.level", "level"),
    "unknown field": (call("exists", field("event.kind")), ".args[0].field.name", "name, time, timeSinceStart"),
    "a predicate is compared": (call("eq", call("exists", NAME), const("a")), ".args[0]", "not a predicate"),
    "a collection is compared": (call("eq", NAME, one("event")), ".args[1]", "not a collection"),
    "a list is compared": (call("eq", NAME, listed("a")), ".args[1]", "not a list"),
    "unknown type": (call("eq", NAME, const("a", "uuid")), ".args[1].scalar.type", '"uuid"'),
    "no integer": (call("eq", attr("a"), const("banana", "int")), ".args[1].scalar", "no int"),
    "too large": (call("eq", attr("a"), const("9" * 19, "int")), ".args[1].scalar", "no int"),
    "no number": (call("eq", attr("a"), const("inf", "double")), ".args[1].scalar", "no double"),
    "no boolean": (call("eq", attr("a"), const("yes", "bool")), ".args[1].scalar", "no bool"),
    "no duration": (call("gt", DURATION, const("banana")), ".args[1].scalar", "no duration"),
    "no unit": (call("gt", DURATION, const("5")), ".args[1].scalar", "no duration"),
    "a duration in days": (call("gt", DURATION, const("5d")), ".args[1].scalar", "no duration"),
    "a typed duration": (call("gt", DURATION, const("5", "int")), ".args[1]", "span.duration is duration"),
    "no time": (call("gt", field("span.startTime"), const("yesterday")), ".args[1].scalar", "no time"),
    "no day": (call("gt", field("span.endTime"), const("2026-02-31T00:00:00Z")), ".args[1].scalar", "no time"),
    "no kind": (call("eq", KIND, const("SERVER")), ".args[1].scalar", "unspecified, internal, server"),
    "no status": (call("in", STATUS, listed("ok", "fine")), ".args[1].list.values[1]", "unset, ok, error"),
    "different fields": (call("eq", DURATION, NAME), ".args[1]", "equal kinds"),
    "different constants": (call("eq", const("1", "int"), const("1", "string")), ".args[1]", "equal kinds"),
    "order of kinds": (call("gt", KIND, const("server")), ".args[0]", "order"),
    "order of booleans": (call("lte", attr("a"), const("true", "bool")), ".args[1]", "order"),
    "pattern of a duration": (call("regex", DURATION, const("5.*")), ".args[0]", "duration"),
    "pattern of a constant": (call("regex", const("a"), const("a")), ".args[0]", "a reference"),
    "pattern is a number": (call("regex", NAME, const("5", "int")), ".args[1].scalar.type", "a string"),
    "pattern is a field": (call("regex", NAME, SERVICE), ".args[1]", "a constant as its pattern"),
    "pattern broken": (call("regex", NAME, const("a(b")), ".args[1].scalar.value", "no regular expression"),
    "pattern of another kind": (call("regex", NAME, const("(?=a)b")), ".args[1].scalar.value", "no regular expression"),
    "pattern too long": (call("regex", NAME, const("a.*" * 2000)), ".args[1].scalar.value", "too long"),
    "anchor": (call("regex", NAME, const("^GET")), ".args[1].scalar.value", "anchors"),
    "boundary": (call("regex", NAME, const(r"GET\b")), ".args[1].scalar.value", "boundaries"),
    "lazy": (call("regex", NAME, const("a+?")), ".args[1].scalar.value", "lazy"),
    "any case": (call("regex", NAME, const("(?i)get")), ".args[1].scalar.value", "case"),
    "a constant for a list": (call("in", NAME, const("a")), ".args[1]", "a list"),
    "an empty list": (call("not_in", NAME, listed()), ".args[1].list.values", "at least one"),
    "a list without type": (call("in", attr("a"), listed("1")), ".args[1].list.type", "declares a type"),
    "a list of another type": (call("in", NAME, listed("1", kind="int")), ".args[1].list.type", "span.name is text"),
    "a list with another": (call("in", attr("a"), listed("1", "x", kind="int")), ".args[1].list.values[1]", "no int"),
    "some of a span": (call("some", one("span"), call("exists", NAME)), ".args[0].nested.level", "event or link"),
    "some of an attribute": (call("some", attr("a"), call("exists", NAME)), ".args[0]", "a collection"),
    "some value": (call("some", one("event"), NAME), ".args[1]", "a predicate"),
    "some within some": (
        call("some", one("event"), call("not", call("some", one("event"), call("exists", EVENT)))),
        ".args[1].call.args[0].call.args[0].nested.level", "already",
    ),
    "too deep": (nested(21), DEEPEST, "more than 20 deep"),
    "too many": (call("or", *[call("exists", NAME)] * 300), "", "more than 500"),
    "too many elements": (call("in", NAME, listed(*map(str, range(600)))), ".args[1]", "more than 500"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_filter_without_meaning_is_refused_with_its_place(doors, here, t0, case):
    """Each door says where in the filter the mistake is and what is wrong, as an error of the client."""
    given, place, words = BAD[case]
    http = {"query.startTimeMin": iso(t0), "query.startTimeMax": iso(t0 + S), "query.filter": json.dumps(given)}
    for path in ("traces", "trace-summaries"):
        told = here.get("listen.jaeger_http", f"/api/v3/{path}", **http)
        error = json.loads(told.body)["error"]
        assert (told.status, error["httpCode"]) == (400, 400)
        assert error["message"].startswith(f"query.filter{place}")
        assert words in error["message"]
    for name in ("storage", "grpc"):
        with pytest.raises(grpc.RpcError) as caught:
            doors[name](given)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert caught.value.details().startswith(f"query.filter{place}")
        assert words in caught.value.details()


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{", '"eq"', "7", '{"op": 7}', '{"operator": "eq"}', '{"op": "eq", "op": "ne"}',
        '{"args":' + "[" * 10_000,
    ],
)  # fmt: skip
def test_json_that_is_no_filter_is_refused(here, t0, text):
    """What is no JSON, or has other members than a filter, is the client's error."""
    http = {"query.startTimeMin": iso(t0), "query.startTimeMax": iso(t0 + S), "query.filter": text}
    told = here.get("listen.jaeger_http", "/api/v3/traces", **http)
    assert told.status == 400
    assert json.loads(told.body)["error"]["message"].startswith("query.filter: cannot be read as JSON")


def test_a_filter_stands_alone(doors, here, t0):
    """The older conditions beside a filter are refused by name; the range, the depth and raw traces are none."""
    given = call("exists", NAME)
    older = {
        "service_name": "shop", "operation_name": "GET /cart", "duration_min": {"seconds": 1},
        "duration_max": {"seconds": 2},
    }  # fmt: skip
    for name, value in older.items():
        for door in ("storage", "grpc"):
            with pytest.raises(grpc.RpcError) as caught:
                doors[door](given, **{name: value})
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert f"cannot stand beside {name};" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        doors["storage"](given, attributes=[v2.KeyValue(key="a", value=v2.AnyValue(string_value="b"))])
    assert "cannot stand beside attributes;" in caught.value.details()
    assert doors["grpc"](given, raw_traces=True) == doors["storage"](given)
    http = {"query.startTimeMin": iso(t0), "query.startTimeMax": iso(t0 + S), "query.filter": json.dumps(given)}
    for named in ("serviceName", "service_name", "operationName", "durationMin", "attributes"):
        value = {"durationMin": "1s", "attributes": '{"a":"b"}'}.get(named, "shop")
        told = here.get("listen.jaeger_http", "/api/v3/traces", **http, **{f"query.{named}": value})
        assert told.status == 400
        assert f"cannot stand beside query.{named};" in json.loads(told.body)["error"]["message"]


def test_the_largest_filters_are_answered_or_refused(doors):
    """A filter of as many terms as are taken has an answer, or is refused as too complex; nothing breaks."""
    leaves = [
        call("gt", attr(f"a{number}", "event"), attr(f"b{number}", "link")) for number in range(120)
    ]  # fmt: skip
    plain = [call("eq", attr("http.method"), const(f"M{number}")) for number in range(160)]
    members = call("in", attr("code"), listed(*map(str, range(490, 901)), kind="int"))
    assert doors["storage"](call("or", *plain, call("eq", NAME, const("charge")))) == ["gamma"]
    assert doors["storage"](members) == ["alpha"]
    for given in (call("and", *leaves), call("or", *[call("some", one("event"), leaf) for leaf in leaves[:80]])):
        try:
            assert doors["storage"](given) == []
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT  # noqa: PT017
            assert "too complex" in error.details()  # noqa: PT017


def test_a_store_declares_all_of_it(here, calls):
    """A Jaeger that asks first learns that every level and every operator may be used."""
    ask = calls(here.address("listen.jaeger_storage"), [v2])
    told = ask("jaeger.storage.v2.Capabilities", "GetCapabilities", v2.GetCapabilitiesRequest(), DEADLINE_S)
    ask.channel.close()
    assert list(told.search.filter.levels) == ["span", "resource", "scope", "event", "link"]
    assert set(told.search.filter.operators) == {
        "and", "or", "not", "eq", "ne", "gt", "lt", "gte", "lte", "regex", "exists", "in", "not_in", "some",
    }  # fmt: skip
    assert {given["op"] for given, _ in CASES.values()} == set(told.search.filter.operators)
