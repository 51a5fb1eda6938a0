from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clew.derive import Settler
from clew.model import Kind
from clew.query.answer import Window
from clew.query.graph import edges
from clew.query.plan.found import Ask
from clew.query.plan.rows import page
from clew.query.traceql import parse as parse_query
from clew.store import EngineUnavailableError
from clew.store.tables import BY_NAME

S = 10**9
MS = 10**6
T = (int(time.time()) // 86_400 * 86_400 - 43_200) * S
"""A noon before now, in nanoseconds."""
DAY = Window(T - 3600 * S, T + 3600 * S)
NUMBERS = itertools.count()
HIST = "mapFilter((k, v) -> v != 0, sumMap({0})) AS {0}_"
SUMS = {
    "edges_1m": (
        "minute, client, server, kind",
        "n calls errors client_sum server_sum pairs gap_sum",
        "",
        "client_hist server_hist",
    ),
    "exceptions": ("minute, fingerprint, version", "n origins traces n_weighted", "service type message frame", ""),
    "shapes": ("hour, shape", "n errors spans duration_sum", "root_service root_name services paths", "hist"),
}
"""Keys, sums, words and histograms of each table."""


@pytest.fixture
def settler(engine, tmp_path):
    """Settles at once what it is told."""
    return Settler(engine, tmp_path / "derive", ids=lambda: f"{tmp_path.name}-{next(NUMBERS)}", quiet_s=0)


@pytest.fixture(params=["read", "held"])
def settle(store, settler, request):
    """Store spans and settle their traces: from the store, or from the spans as they came in."""

    def run(*spans, into=store, by=settler):
        into.insert(list(spans))
        by.stored(into.named(spans), *(into.segment(list(spans)) if request.param == "held" else ()))
        by.settle_due()

    return run


def sums(store, table):
    """Return what the rows of a table add up to."""
    keys, added, words, hists = SUMS[table]
    parts = [f"sum(x.{name}) AS {name}_" for name in added.split()] + [
        f"max(x.{name}) AS {name}_" for name in words.split()
    ]
    what = ", ".join([*parts, *(HIST.format(name) for name in hists.split())])
    sql = f"SELECT {keys}, {what} FROM {table} AS x WHERE tenant = {{tenant:String}} GROUP BY {keys} HAVING n_ != 0"
    return sorted(store.read().query(sql).to_pylist(), key=repr)


def traces(store):
    """Return the rows of `traces` that count, by number of the trace."""
    sql = "SELECT * EXCEPT tenant FROM traces FINAL WHERE tenant = {tenant:String}"
    rows = store.read().query(sql).to_pylist()
    for row in rows:
        row |= {name: sorted(row[name]) for name in ("services", "failed", "critical")}
    return {int.from_bytes(row["trace_id"], "big"): row for row in rows}


def everything(store):
    """Return all derived rows of a tenant."""
    return {table: sums(store, table) for table in SUMS} | {"traces": traces(store)}


def graph(store):
    """Return the edges of a tenant as (client, server, kind, calls, errors)."""
    found = edges(store.read(), Window(T - 3600 * S, T + 7200 * S)).data
    return sorted((one.client, one.server, one.kind, one.calls, one.errors) for one in found)


@pytest.fixture
def span(kinds):
    """Make a span of trace 1 that starts some ns after T."""
    make, _ = kinds

    def build(span_id, parent=0, *, at=0, trace=1, **values):
        values = {"duration": 100, "received": T + at} | values
        return make(trace, span_id, T + at, parent=parent, **values)

    return build


def test_a_client_and_the_server_below_it_are_a_call(settle, store, span):
    """The call has the time of both sides and their difference, and failed when either side did."""
    settle(
        span(1, service="web", kind=Kind.SERVER, duration=1000),
        span(2, 1, at=10, service="web", kind=Kind.CLIENT, duration=700),
        span(3, 2, at=20, service="pay", kind=Kind.SERVER, duration=500, status=2),
    )
    assert graph(store) == [("user", "web", "virtual_node", 1.0, 0.0), ("web", "pay", "", 1.0, 1.0)]
    call = edges(store.read(), Window(T - 60 * S, T + 60 * S), server="pay").data[0]
    assert (call.client_sum_ns, call.server_sum_ns, call.gap_ns, call.pairs) == (700, 500, 200, 1)


def test_what_sends_no_spans_is_named_by_the_client(settle, store, span):
    """A lonely client leads to a database, named by its peer or its system, or to an outside peer, or nowhere."""
    settle(
        span(1, service="web", kind=Kind.CLIENT, attributes=[("db.system.name", "redis")]),
        span(2, service="web", kind=Kind.CLIENT, attributes=[("db.system.name", "pg")], peer="orders-db"),
        span(3, service="web", kind=Kind.CLIENT, peer="bank.example", status=2),
        span(4, service="web", kind=Kind.CLIENT),
    )
    assert graph(store) == [
        ("web", "bank.example", "virtual_node", 1.0, 1.0),
        ("web", "orders-db", "database", 1.0, 0.0),
        ("web", "redis", "database", 1.0, 0.0),
    ]


@pytest.mark.parametrize("key", ["messaging.destination.name", "messaging.destination"])
def test_queues_stand_between_lonely_producers_and_consumers(settle, store, span, key):
    """Without a partner a producer leads to its queue and a consumer comes from it, in old and new conventions."""
    settle(
        span(1, service="web", kind=Kind.PRODUCER, attributes=[(key, "orders")]),
        span(2, service="mail", kind=Kind.CONSUMER, attributes=[(key, "orders")]),
    )
    assert graph(store) == [
        ("orders", "mail", "messaging_system", 1.0, 0.0),
        ("web", "orders", "messaging_system", 1.0, 0.0),
    ]


def test_a_producer_and_its_consumers_are_calls(settle, store, span, kinds):
    """A consumer belongs to the producer above it, or to those that it is linked to in any trace."""
    _, event = kinds
    link = event(trace_id=(1).to_bytes(16, "big"), span_id=1)
    settle(
        span(1, service="web", kind=Kind.PRODUCER),
        span(2, 1, at=5, service="mail", kind=Kind.CONSUMER),
        span(3, at=9, trace=2, service="stock", kind=Kind.CONSUMER, links=[link, link], status=2),
    )
    assert graph(store) == [
        ("web", "mail", "messaging_system", 1.0, 0.0),
        ("web", "stock", "messaging_system", 2.0, 2.0),
    ]


def test_any_step_into_another_service_is_a_call(settle, store, span):
    """Spans without kinds make a call where the service changes; the caller's time is not known then."""
    settle(span(1, service="a", kind=Kind.UNSPECIFIED), span(2, 1, service="b", kind=Kind.UNSPECIFIED, weight=4.0))
    assert graph(store) == [("a", "b", "", 4.0, 0.0)]
    call = edges(store.read(), Window(T - 60 * S, T + 60 * S)).data[0]
    assert (call.client_sum_ns, call.server_sum_ns, call.gap_ns, call.n) == (0, 400, None, 1)


def test_twins_that_share_an_id_are_told_apart(settle, store, span):
    """Of a client and a server with one id the client calls the server, and everything below hangs on the server."""
    settle(
        span(1, service="web", kind=Kind.SERVER, duration=900),
        span(2, 1, at=1, service="web", kind=Kind.CLIENT, duration=700),
        span(2, 1, at=2, service="pay", kind=Kind.SERVER, duration=500),
        span(3, 2, at=3, service="pay", kind=Kind.CLIENT, peer="bank"),
    )
    assert graph(store) == [
        ("pay", "bank", "virtual_node", 1.0, 0.0),
        ("user", "web", "virtual_node", 1.0, 0.0),
        ("web", "pay", "", 1.0, 0.0),
    ]
    assert traces(store)[1]["depth"] == 4


def test_a_trace_is_summed_up(settle, store, span):
    """Root, times, counts, error origin, orphans and the critical path are those of the tree."""
    settle(
        span(1, service="web", name="GET /", kind=Kind.SERVER, duration=1000, status=2),
        span(2, 1, at=100, service="pay", name="charge", duration=300, status=2),
        span(3, 1, at=300, service="mail", name="send", duration=400),
        span(4, 3, at=500, service="db", duration=900),
        span(5, 99, at=200, service="lost"),
    )
    row = traces(store)[1]
    wanted = {
        "rows": 5, "spans": 5, "errors": 2, "roots": 1, "orphans": 1, "late": 0, "depth": 3, "has_root": True,
        "root_service": "web", "root_name": "GET /", "root_duration": 1000, "duration": 1400,
        "origin_service": "pay", "origin_name": "charge", "origin_span": 2, "failed": [("pay", 1), ("web", 1)],
        "critical": [("db", 200), ("mail", 200), ("web", 600)],
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


def test_a_trace_without_a_root_says_so(settle, store, span):
    """Nothing is guessed: the names are empty, and the earliest span without a parent begins the critical path."""
    settle(span(5, 99, at=50, service="b", duration=20), span(6, 98, at=10, service="a", duration=70))
    row = traces(store)[1]
    assert (row["has_root"], row["root_service"], row["orphans"]) == (False, "", 2)
    assert row["critical"] == [("a", 70)]


def test_spans_in_a_circle_are_settled(settle, store, span):
    """A circle of parents is cut at its earliest span; the rest hangs below."""
    settle(span(1, 3, at=1), span(2, 1, at=2), span(3, 2, at=3), span(4, 3, at=4), span(5, 5, at=5))
    row = traces(store)[1]
    assert (row["spans"], row["depth"], row["orphans"]) == (5, 4, 2)


def test_errors_are_grouped_by_what_they_are(settle, store, span, kinds):
    """Messages that differ in numbers and ids are one error; service, type and frame tell errors apart."""
    _, event = kinds

    def thrown(message, kind="Timeout", line=3):
        stack = f'Traceback:\n  File "/srv/app/web.py", line 1, in run\n  File "/srv/app/db.py", line {line}, in get\nx'
        pairs = [("exception.type", kind), ("exception.message", message), ("exception.stacktrace", stack)]
        return [event("exception", pairs)]

    settle(
        span(1, service="pay", status=2, version="2", events=thrown("no answer from 10.1.2.3:80 in 31 ms")),
        span(
            2,
            service="pay",
            status=2,
            version="2",
            trace=2,
            events=thrown("no answer from 10.9.9.9:81 in 7 ms", line=8),
        ),
        span(3, service="pay", trace=3, events=thrown("no answer", "Other")),
        span(4, service="web", trace=4, status=2, attributes=[("http.response.status_code", 503)]),
        span(5, service="web", trace=5, status=2, attributes=[("error.type", "ECONNRESET")]),
        span(6, service="web", trace=6, status=2),
        span(7, 6, service="web", trace=6, status=2, message="user 7 is gone"),
    )
    found = {
        (row["service_"], row["type_"], row["message_"], row["frame_"]): (row["n_"], row["origins_"], row["traces_"])
        for row in sums(store, "exceptions")
    }
    assert found == {
        ("pay", "Timeout", "no answer from {ip} in {n} ms", "get app/db.py"): (2, 2, 2),
        ("pay", "Other", "no answer", "get app/db.py"): (1, 0, 1),
        ("web", "HTTP 503", "", ""): (1, 1, 1),
        ("web", "ECONNRESET", "", ""): (1, 1, 1),
        ("web", "", "user {n} is gone", ""): (1, 1, 1),
    }


def test_the_shape_is_the_set_of_paths(settle, store, span):
    """Repetition, order and times do not change a shape, another operation does."""

    def one(trace, *calls):
        return [
            span(1, trace=trace, service="web", name="r"),
            *(span(n + 2, 1, trace=trace, service="db", name=name, at=n) for n, name in enumerate(calls)),
        ]

    settle(*one(1, "get", "put"), *one(2, "put", "get", "get"), *one(3, "get"))
    rows = traces(store)
    assert rows[1]["shape"] == rows[2]["shape"] != rows[3]["shape"]
    assert sorted((row["n_"], row["paths_"], row["services_"]) for row in sums(store, "shapes")) == [
        (1, 2, ["db", "web"]),
        (2, 3, ["db", "web"]),
    ]


def test_spans_sent_twice_count_once(settle, store, span):
    """A span that a client sent again changes no sum, and the trace knows how many rows it has."""
    one = span(1, service="web", kind=Kind.CLIENT, peer="bank")
    settle(one, one)
    again = span(1, service="web", kind=Kind.CLIENT, peer="bank", received=T + 90_000 * MS)
    settle(again)
    assert graph(store) == [("web", "bank", "virtual_node", 1.0, 0.0)]
    row = traces(store)[1]
    assert (row["rows"], row["spans"], row["late"]) == (3, 1, 1)


def test_a_late_server_takes_the_place_of_the_outside_peer(settle, store, span):
    """A trace that grows is taken out of the sums as it was, before and after merges."""
    settle(span(1, service="web", kind=Kind.CLIENT, peer="pay.local", duration=50))
    assert graph(store) == [("web", "pay.local", "virtual_node", 1.0, 0.0)]
    settle(span(2, 1, at=5, service="pay", kind=Kind.SERVER, duration=20, received=T + 70_000 * MS))
    wanted = [("web", "pay", "", 1.0, 0.0)]
    assert graph(store) == wanted
    before = everything(store)
    for table in (*SUMS, "traces"):
        store.engine.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert graph(store) == wanted
    assert everything(store) == before
    assert before["traces"][1]["late"] == 1
    assert len(before["shapes"]) == 1


def test_a_settled_trace_that_grows_is_searched_as_it_is(settle, settler, store, span):
    """Duration, root and counts of a search are true as soon as spans are stored, before the trace is settled again."""
    settle(span(2, 1, at=500, service="pay", name="charge", duration=300))
    assert (traces(store)[1]["duration"], traces(store)[1]["has_root"]) == (300, False)
    grown = [span(1, service="web", name="GET /", duration=9000), span(3, 1, at=100, service="db", status=2)]
    store.insert(grown)
    for text in (
        '{ rootName = "GET /" && traceDuration > 8us }',
        '{ rootServiceName = "web" && traceDuration <= 9us && name = "charge" }',
        "{ traceDuration = 9us } >> { status = error }",
        "{ traceDuration > 8us } | count() > 2",
    ):
        answer = page(store.read(), parse_query(text), Ask(DAY), DAY.to_ns)
        (row,) = answer.data.traces
        assert (row.start_ns, row.duration_ns, row.spans, row.errors) == (T, 9000, 3, 1), text
        assert (row.root_service, row.root_name, row.root_received) == ("web", "GET /", True), text
    for text in (
        "{ traceDuration < 1us }",
        "{ traceDuration = 300ns } | count() > 0",
        "{ traceDuration < 1us } | count() = 1",
    ):
        assert page(store.read(), parse_query(text), Ask(DAY), DAY.to_ns).data.traces == [], text
    assert traces(store)[1]["duration"] == 300
    settler.stored(store.named(grown))
    settler.settle_due()
    assert (traces(store)[1]["duration"], traces(store)[1]["root_name"]) == (9000, "GET /")


def test_settling_again_changes_nothing(settle, settler, store, span):
    """A trace that has not grown is not counted again, whoever asks."""
    settle(span(1, service="web", kind=Kind.CLIENT, peer="bank"))
    before = everything(store)
    settler.stored(store.named([span(1)]))
    assert settler.settle_due() == 0
    assert everything(store) == before


def test_traces_stored_before_the_start_are_found(store, settler, span):
    """What an earlier process stored and did not settle is found day by day."""
    store.insert([span(1, service="web", kind=Kind.CLIENT, peer="bank")])
    while settler.stats().days_to_check:
        settler.settle_missed()
    assert graph(store) == [("web", "bank", "virtual_node", 1.0, 0.0)]
    assert settler.stats().pending == 0


def test_a_deleted_trace_leaves_the_sums(settle, settler, store, span):
    """Deleting takes a trace out of edges, errors and shapes and out of every table with its id."""
    kept = span(1, trace=7, service="web", kind=Kind.CLIENT, peer="bank", status=2, message="x")
    settle(kept)
    before = everything(store)
    settle(
        span(1, service="web", kind=Kind.CLIENT, peer="bank", status=2, message="x"),
        span(2, 1, service="web", kind=Kind.CLIENT, peer="db"),
    )
    assert everything(store) != before
    assert settler.delete_trace(store.scope, span(1).trace_id).spans == 2
    assert everything(store) == before
    ids = "SELECT example FROM exceptions WHERE tenant = {tenant:String} UNION ALL SELECT example FROM shapes"
    assert (
        span(1).trace_id
        not in store.read().query(f"SELECT * FROM ({ids} WHERE tenant = {{tenant:String}})").column(0).to_pylist()
    )
    assert settler.delete_trace(store.scope, span(1).trace_id).spans == 0
    assert everything(store) == before


class Dying:
    """Passes calls on to the engine until one insert of the settler's, after which the process is dead."""

    def __init__(self, engine, calls, *, after):
        self._engine = engine
        self._left = calls
        self._after = after

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def insert(self, table, source, *, token):
        """Insert, or die before or after it."""
        if table in BY_NAME:
            self._left -= 1
            if self._left <= 0 and not self._after:
                raise EngineUnavailableError("killed")
        self._engine.insert(table, source, token=token)
        if table in BY_NAME and self._left <= 0:
            raise EngineUnavailableError("killed")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_a_kill_at_any_insert_is_made_good(engine, make_store, tmp_path, span, *, calls, after):
    """Killed before or after any insert, the next start brings the same sums as an undisturbed run."""
    spans = [
        span(1, service="web", kind=Kind.CLIENT, peer="bank", status=2, message="x"),
        span(2, trace=2, service="web", kind=Kind.SERVER),
    ]
    late = span(3, 1, at=9, service="pay", kind=Kind.SERVER, received=T + 5000 * MS)
    stores = make_store(), make_store()
    for store, disturbed in zip(stores, (False, True), strict=True):
        directory = tmp_path / store.scope.tenant

        def settler(of=engine, directory=directory):
            return Settler(of, directory, ids=lambda: f"{directory.name}-{next(NUMBERS)}", quiet_s=0)

        for part in (spans, [late]):
            store.insert(part)
            first = settler(Dying(engine, calls, after=after) if disturbed else engine)
            first.stored(store.named(part))
            if disturbed:
                with pytest.raises(EngineUnavailableError):
                    first.settle_due()
                second = settler()
                second.stored(store.named(part))
                second.settle_due()
            else:
                first.settle_due()
    assert everything(stores[0]) == everything(stores[1])


SPAN = st.tuples(
    st.integers(1, 3),
    st.integers(1, 12),
    st.integers(0, 12),
    st.integers(0, 2000),
    st.integers(0, 900),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(list(Kind)),
    st.sampled_from([0, 2]),
    st.sampled_from(["", "peer"]),
    st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    spans=st.lists(SPAN, min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=4),
    silences=st.lists(st.sampled_from([1, 70_000]), min_size=31, max_size=31),
    held=st.lists(st.booleans(), min_size=6, max_size=6),
    alone=st.booleans(),
)
@example(  # two children end together, and an id is used twice at the same time
    spans=[
        *[(1, 1, 0, 0, 0, "a", Kind.UNSPECIFIED, 0, "", False)] * 9,
        (3, 2, 1, 0, 1, "a", Kind.UNSPECIFIED, 0, "", False),
        (3, 1, 0, 0, 1, "a", Kind.UNSPECIFIED, 0, "", False),
        (3, 3, 1, 0, 294, "a", Kind.UNSPECIFIED, 0, "", False),
        (1, 1, 1, 1, 0, "a", Kind.UNSPECIFIED, 0, "", False),
        (3, 1, 2, 0, 0, "b", Kind.UNSPECIFIED, 0, "", False),
    ],
    cuts=[],
    silences=[1] * 31,
    held=[True, False, False, False, False, False],
    alone=False,
)
@example(  # a consumer is linked to a producer of its own trace that comes later
    spans=[
        (1, 1, 0, 0, 0, "a", Kind.CONSUMER, 0, "", False),
        (1, 1, 0, 0, 0, "a", Kind.PRODUCER, 0, "", False),
    ],
    cuts=[1],
    silences=[1] * 31,
    held=[False, False, False, False, False, True],
    alone=False,
)
@example(  # two copies of a span say different things
    spans=[
        (1, 1, 0, 0, 0, "a", Kind.UNSPECIFIED, 0, "", False),
        (1, 1, 0, 0, 0, "a", Kind.UNSPECIFIED, 2, "", True),
    ],
    cuts=[],
    silences=[1] * 31,
    held=[True, False, False, False, False, False],
    alone=False,
)
def test_slices_settle_to_the_same_as_everything_at_once(
    engine, make_store, tmp_path_factory, kinds, *, spans, cuts, silences, held, alone
):
    """However spans arrive and whenever they are settled in between, the derived rows are those of one settling."""
    make, event = kinds
    received = T
    made = []
    for number, (trace, span_id, parent, at, duration, service, kind, status, peer, queued) in enumerate(spans):
        received += silences[number] * MS
        made.append(
            make(
                trace, span_id, T + at * S, parent=parent, duration=duration * S, service=service, kind=kind,
                status=status, peer=peer, received=received, message=f"m {number}",
                attributes=[("messaging.destination.name", "q")] if queued else [],
                events=[event("exception", [("exception.type", "E")])] if queued and status else [],
                links=[event(trace_id=trace.to_bytes(16, "big"), span_id=1)] if kind == Kind.CONSUMER else [],
            )
        )  # fmt: skip
    slices, whole = make_store(), make_store()
    directory = tmp_path_factory.mktemp("derive")
    settler = Settler(engine, directory, ids=lambda: f"p{next(NUMBERS)}", quiet_s=0, told_since_ns=0 if alone else None)
    edges_at = sorted({0, *(cut for cut in cuts if cut < len(made)), len(made)})
    for number, (first, last) in enumerate(itertools.pairwise(edges_at)):
        slices.insert(made[first:last])
        settler.stored(slices.named(made[first:last]), *(slices.segment(made[first:last]) if held[number] else ()))
        if held[-1] or last == len(made):
            settler.settle_due()
    whole.insert(made)
    settler.stored(whole.named(made))
    settler.settle_due()
    assert settler.stats().inexact == 0
    assert settler.stats().errors == 0, settler.stats().last_error
    assert everything(slices) == everything(whole)
