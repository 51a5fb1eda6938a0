"""One order through the running shop, as Clew shows it."""

from __future__ import annotations

import secrets

import pytest

from clew.testing import RunningClew
from clew.testing.shop import RunningShop, until
from clew.testing.stored import StoredSpan, stored_spans

PYTHON_SERVICES = {
    "gateway",
    "auth",
    "checkout",
    "cart",
    "catalogue",
    "payments",
    "notifications",
    "billing",
    "acquirer",
}


def whole(clew: RunningClew, trace: str) -> list[StoredSpan]:
    """Return the spans of an order's trace, once the services behind the queue have sent theirs."""

    def look() -> list[StoredSpan]:
        spans = stored_spans(clew, trace)
        known = {one.id for one in spans}
        ends = {one.service for one in spans if one.kind == "server"} >= {"gateway", "acquirer"}
        joined = sum(one.parent not in known for one in spans) == 1
        return spans if ends and joined and {one.service for one in spans} >= PYTHON_SERVICES else []

    return until(look, "every service's spans")


@pytest.fixture(scope="module")
def trace(clew: RunningClew, shop: RunningShop) -> list[StoredSpan]:
    """Order three things and return the trace."""
    chosen = secrets.token_hex(16)
    status, told = shop.buy("u7", ("p1", "p2", "p3"), chosen)
    assert status == 201, told
    return whole(clew, chosen)


def test_an_order_is_one_tree_through_every_service(trace: list[StoredSpan]) -> None:
    """All spans of an order hang below the caller's own span, over HTTP, gRPC and the queue."""
    known = {one.id for one in trace}
    roots = [one for one in trace if one.parent not in known]
    assert [(one.service, one.kind, one.name) for one in roots] == [("gateway", "server", "POST /api/orders")]
    assert {one.service for one in trace} == PYTHON_SERVICES
    assert 25 <= len(trace) <= 80


def test_calls_have_their_kinds_and_parents(trace: list[StoredSpan]) -> None:
    """Each server span hangs below a client span, and each consumer below the producer."""
    by_id = {one.id: one for one in trace}

    def parents(kind: str) -> set[tuple[str, str, str]]:
        below = [one for one in trace if one.kind == kind and one.parent in by_id]
        return {(one.service, by_id[one.parent].service, by_id[one.parent].kind) for one in below}

    assert parents("server") == {
        ("auth", "gateway", "client"),
        ("checkout", "gateway", "client"),
        ("cart", "checkout", "client"),
        ("catalogue", "checkout", "client"),
        ("payments", "checkout", "client"),
        ("acquirer", "billing", "client"),
    }
    assert parents("consumer") == {("notifications", "checkout", "producer"), ("billing", "checkout", "producer")}


def test_the_database_and_the_cache_are_seen(trace: list[StoredSpan]) -> None:
    """Statements have their text, and a look into the cache says whether it hit."""
    statements = [one.attributes["db.query.text"] for one in trace if "db.query.text" in one.attributes]
    assert any("ledger" in one for one in statements)
    assert all("cache.hit" in one.attributes for one in trace if one.name == "GET product")
    assert sum(one.name == "GET product" for one in trace) == 3


def test_a_service_without_tracing_leaves_a_hole(clew: RunningClew, trace: list[StoredSpan]) -> None:
    """The call of the bank is a client span with nothing below; what the bank asks of others is a trace of its own."""
    (call,) = [one for one in trace if one.attributes.get("server.address") == "legacy-bank"]
    assert (call.service, call.kind) == ("payments", "client")
    assert not [one for one in trace if one.parent == call.id]
    found = until(
        lambda: clew.post(
            "/search", {"q": '{ resource.service.name = "acquirer" && name = "POST /authorise" }', "from": "now-1h"}
        )["data"]["traces"],
        "the acquirer's own traces",
    )
    alone = stored_spans(clew, found[0]["trace_id"])
    assert [(one.service, one.kind, one.parent) for one in alone] == [("acquirer", "server", "")]


def test_every_process_says_who_and_where_it_is(trace: list[StoredSpan]) -> None:
    """Resources have version, instance, region, pod and revision."""
    wanted = {
        "service.version",
        "service.instance.id",
        "deployment.environment.name",
        "cloud.region",
        "k8s.pod.name",
        "k8s.namespace.name",
        "vcs.ref.head.revision",
    }
    assert all(wanted <= one.resource.keys() for one in trace)


def test_log_lines_have_the_trace(clew: RunningClew, shop: RunningShop, trace: list[StoredSpan]) -> None:
    """The line that checkout logs about an order bears its trace id."""
    order = next(one.attributes["shop.order.id"] for one in trace if one.service == "checkout" and one.kind == "server")
    lines = (shop.run / "logs" / "checkout-a.log").read_text().splitlines()
    line = next(one for one in lines if order in one)
    id_of_trace = line.partition("trace=")[2].split()[0]
    assert {one.id for one in stored_spans(clew, id_of_trace)} >= {one.id for one in trace}
