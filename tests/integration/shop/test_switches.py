"""The switches, and the faults that the shop's own processes make, seen in the answers of the shop."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

from clew.testing import RunningClew
from clew.testing.shop import RunningShop, until
from clew.testing.stored import StoredSpan, stored_spans


def order(clew: RunningClew, shop: RunningShop, user: str, *wanted: Callable[[StoredSpan], bool]) -> list[StoredSpan]:
    """Order three things; returns the spans once there is one of each `wanted`."""
    trace = secrets.token_hex(16)
    shop.buy(user, trace=trace)

    def look() -> list[StoredSpan]:
        found = stored_spans(clew, trace)
        return found if all(any(map(one, found)) for one in wanted) else []

    return until(look, "the span in question")


def test_a_fault_is_written_down_from_its_beginning_to_its_end(shop: RunningShop) -> None:
    """What was on is told while it is on, and stays in truth.jsonl with start and end."""
    told = shop.switch_on("slow-query", share=0.0)
    assert shop.control("GET", "/state")[1]["faults"] == {"slow-query": told}
    shop.switch_off("slow-query")
    assert shop.control("GET", "/state")[1]["faults"] == {}
    lines = [json.loads(line) for line in (shop.run / "truth.jsonl").read_text().splitlines()]
    mine = [one for one in lines if one.get("start_ns") == told["since_ns"]]
    assert [(one["fault"], one["share"]) for one in mine] == [("slow-query", 0.0)] * 2
    assert mine[0]["end_ns"] is None
    assert mine[1]["end_ns"] > told["since_ns"]


def test_a_fault_ends_by_itself_after_its_time(shop: RunningShop) -> None:
    """`for_s` switches a fault off without anybody asking."""
    shop.switch_on("slow-query", share=0.0, for_s=0.1)
    until(lambda: not shop.control("GET", "/state")[1]["faults"], "the end of the fault")


def test_what_cannot_be_switched_is_refused_with_what_can(shop: RunningShop) -> None:
    """Unknown names and useless values are refused with a text that says what to write."""
    status, told = shop.control("PUT", "/faults/flood", {})
    assert (status, told["error"]) == (404, "there is no fault 'flood'")
    assert "slow-query" in told["fix"]
    assert shop.control("PUT", "/faults/slow-query", {"share": 2})[0] == 400
    assert shop.control("PUT", "/faults/slow-query", {"for_s": "long"})[0] == 400
    assert shop.control("PUT", "/settings/billing", {"cold": 1})[0] == 404
    assert shop.control("PUT", "/settings/billing", {"warm": -1})[0] == 400
    assert shop.control("GET", "/state")[1]["faults"] == {}


def test_a_fault_of_a_service_that_does_not_run_is_refused(shop: RunningShop) -> None:
    """A shop without Java cannot have pauses of its collector, and says which service it is without, and why."""
    status, told = shop.control("PUT", "/faults/gc-pauses", {})
    assert status == 409
    assert told["error"] == "gc-pauses is a fault of tax, which does not run: not asked for"
    assert "gc-pauses" not in shop.control("GET", "/state")[1]["faults"]


def test_a_bad_release_runs_on_one_instance_and_fails_there(clew: RunningClew, shop: RunningShop) -> None:
    """While it is on, payments-b is 1.1.0 and fails on amounts whose fee is not whole; afterwards it is 1.0.0 again."""

    def version() -> str:
        return next(one["version"] for one in shop.state()["services"]["payments"] if one["instance"] == "payments-b")

    shop.switch_on("bad-release")
    assert version() == "1.1.0"
    answers = [shop.buy(f"u{number}", ("p1", "p2", "p3")) for number in range(30, 34)]
    assert sorted(status for status, _ in answers) == [201, 201, 502, 502]
    assert {told["error"] for status, told in answers if status == 502} == {
        "TypeError: Object of type Decimal is not JSON serializable"
    }
    shop.switch_off()
    assert version() == "1.0.0"
    assert [shop.buy(f"u{number}")[0] for number in range(30, 34)] == [201] * 4
    until(
        lambda: clew.post(
            "/search",
            {"q": '{ resource.service.version = "1.1.0" && status = error && kind = server }', "from": "now-1h"},
        )["data"]["traces"],
        "the failures in Clew",
    )


def test_a_slow_query_is_a_statement_that_reads_everything(clew: RunningClew, shop: RunningShop) -> None:
    """The statement of payments is another one while the fault is on, and takes most of the order's time."""
    shop.switch_on("slow-query")

    def slow(span: StoredSpan) -> bool:
        return span.service == "payments" and "abs(" in span.attributes.get("db.query.text", "")

    spans = order(clew, shop, "u41", lambda one: one.name == "POST /api/orders", slow)
    queries = [one for one in spans if slow(one)]
    whole = next(one for one in spans if one.name == "POST /api/orders")
    assert len(queries) == 1
    assert (queries[0].end_ns - queries[0].start_ns) * 2 > whole.end_ns - whole.start_ns


def test_an_exhausted_pool_is_seen_where_connections_are_taken(clew: RunningClew, shop: RunningShop) -> None:
    """Once the pool is dry, requests to the cart fail in the span of the connection."""
    shop.switch_on("pool-exhaustion")
    until(lambda: shop.buy("u42")[0] == 500, "an order that fails")
    shop.switch_off()
    until(
        lambda: clew.post(
            "/search",
            {
                "q": '{ resource.service.name = "cart" && name = "connect" && status = error && duration > 1s }',
                "from": "now-1h",
            },
        )["data"]["traces"],
        "the failed wait in Clew",
    )
    until(lambda: shop.buy("u42")[0] == 201, "orders again")


def test_stripped_headers_end_the_trace_at_the_gateway(clew: RunningClew, shop: RunningShop) -> None:
    """The gateway's calls have nothing below them while it forwards no context."""
    shop.switch_on("stripped-headers")
    spans = order(clew, shop, "u43", lambda one: one.name == "POST /api/orders")
    assert {one.service for one in spans} == {"gateway"}


def test_a_lagging_queue_parts_sending_and_processing(clew: RunningClew, shop: RunningShop) -> None:
    """Messages wait for a worker that the mail relay slows down; the span says how long."""
    shop.switch_on("queue-lag")
    for number in range(50, 52):
        shop.buy(f"u{number}")
    spans = order(clew, shop, "u52", lambda one: one.service == "notifications" and one.kind == "consumer")
    assert shop.control("GET", "/state")[1]["waiting"].keys() == {"notifications", "billing"}
    consumer = next(one for one in spans if one.service == "notifications" and one.kind == "consumer")
    assert float(consumer.attributes["shop.queue.waited_ms"]) > 1000
    mail = until(
        lambda: [
            one
            for one in stored_spans(clew, spans[0].trace)
            if one.name == "send mail" and one.end_ns - one.start_ns > 10**9
        ],
        "the slow mail",
    )
    assert len(mail) == 1


def test_cold_starts_go_where_a_pool_is_warm(clew: RunningClew, shop: RunningShop) -> None:
    """Each order starts a process while the platform throws them away; with a warm pool no order waits for a start."""

    def billed(user: str) -> StoredSpan:
        spans = order(clew, shop, user, lambda one: one.service == "billing" and one.kind == "consumer")
        return next(one for one in spans if one.service == "billing" and one.kind == "consumer")

    shop.switch_on("cold-starts")
    billed("u60")  # it may find a process of an earlier order
    assert billed("u61").attributes["faas.coldstart"] is True
    assert shop.control("PUT", "/settings/billing", {"warm": 2}) == (200, {"warm": 2, "memory_mb": 256})
    try:
        until(lambda: len(shop.state()["services"]["billing"]) >= 2, "two processes")
        until(lambda: billed("u62").attributes["faas.coldstart"] is False, "an order that finds a warm process")
    finally:
        shop.control("PUT", "/settings/billing", {"warm": 0})


def test_a_share_of_the_requests_goes_without_the_cache(clew: RunningClew, shop: RunningShop) -> None:
    """Requests without the cache say so in gateway and catalogue, and have no span of the cache."""
    assert shop.control("PUT", "/settings/cache", {"without_share": 1.0}) == (200, {"without_share": 1.0})
    try:
        until(lambda: shop.api("GET", "/api/products/p1")[0] == 200, "a product")
        spans = until(lambda: _look(clew, shop), "a request without the cache")
    finally:
        shop.control("PUT", "/settings/cache", {"without_share": 0.0})
    assert {one.attributes["shop.variant"] for one in spans if one.kind == "server"} == {"no-cache"}
    assert not [one for one in spans if one.attributes.get("db.system.name") == "diskcache"]


def _look(clew: RunningClew, shop: RunningShop) -> list[StoredSpan]:
    trace = secrets.token_hex(16)
    shop.api("GET", "/api/products/p2", trace=trace)
    spans = until(lambda: _both(stored_spans(clew, trace)), "catalogue's spans")
    return spans if spans[0].attributes["shop.variant"] == "no-cache" else []


def _both(spans: list[StoredSpan]) -> list[StoredSpan]:
    return spans if {one.service for one in spans if one.kind == "server"} == {"gateway", "catalogue"} else []
