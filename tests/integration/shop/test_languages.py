"""The shop in all its languages with its page, on PostgreSQL and Kafka where they are installed: one start for all."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from clew.testing import RunningClew
from clew.testing.kafka import RunningKafka
from clew.testing.postgres import running_postgres
from clew.testing.shop import SHOP, RunningShop, until
from clew.testing.stored import StoredSpan, stored_spans

HERE = Path(__file__).parent
ARTIFACTS = HERE.parents[2] / "artifacts" / "shop"
ORDER = {
    ("gateway", "client", "auth"),
    ("gateway", "client", "checkout"),
    ("checkout", "client", "cart"),
    ("checkout", "client", "catalogue"),
    ("checkout", "client", "payments"),
    ("checkout", "producer", "notifications"),
    ("checkout", "producer", "billing"),
    ("billing", "client", "acquirer"),
}
"""What an order consists of in Python."""
ELSEWHERE = {("checkout", "client", "shipping"), ("checkout", "client", "tax")}
PAGE = {
    ("page", "client", "gateway"),
    ("gateway", "client", "catalogue"),
    ("gateway", "client", "recommendations"),
    ("recommendations", "client", "catalogue"),
}
"""What paying in the page adds to it."""
LANGUAGES = {"page": "webjs", "recommendations": "nodejs", "shipping": "go", "tax": "java"}
BUYS = 30
"""How often people buy before a fault that strikes by chance must have struck."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def shop(clew: RunningClew, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """Build and run the whole shop, on a real database and broker where there are such."""
    subprocess.run([sys.executable, "-m", "shop.build"], cwd=SHOP, check=False, capture_output=True)
    arguments = ["--only", "py,node,go,java"]
    with ExitStack() as stack:
        if programs := os.environ.get("CLEW_TEST_POSTGRES"):
            arguments += ["--database", stack.enter_context(running_postgres(Path(programs)))]
        if os.environ.get("CLEW_TEST_KAFKA"):
            kafka = stack.enter_context(RunningKafka(tmp_path_factory.mktemp("kafka")))
            arguments += ["--kafka", kafka.address]
        running = RunningShop(tmp_path_factory.mktemp("languages") / "run", clew.otlp_http_url, *arguments)
        stack.enter_context(running)
        yield running
        assert running.stop() == 0, running.log()


Call = tuple[str, str, str]
"""Caller, kind of its span, and who was called."""


def whole(clew: RunningClew, trace: str, expected: set[Call]) -> list[StoredSpan]:
    """Return the spans of a trace, once all of these calls are in one tree: each process sends when it likes."""

    def look() -> list[StoredSpan]:
        spans = stored_spans(clew, trace)
        return spans if len(roots(spans)) == 1 and calls(spans) >= expected else []

    try:
        return until(look, f"one tree of {trace}")
    except TimeoutError as error:
        spans = stored_spans(clew, trace)
        error.add_note(f"roots: {roots(spans)}; not there: {expected - calls(spans)}")
        raise


def roots(spans: list[StoredSpan]) -> list[tuple[str, str, str]]:
    """Return the spans whose parent is not among them."""
    known = {one.id for one in spans}
    return [(one.service, one.kind, one.name) for one in spans if one.parent not in known]


def calls(spans: list[StoredSpan]) -> set[Call]:
    """Return the calls between services, and the messages."""
    by_id = {one.id: one for one in spans}
    below = [(by_id[one.parent], one) for one in spans if one.kind in {"server", "consumer"} and one.parent in by_id]
    return {(parent.service, parent.kind, one.service) for parent, one in below}


@pytest.fixture(scope="module")
def order(clew: RunningClew, shop: RunningShop) -> list[StoredSpan]:
    """Order by the API; the trace of it."""
    chosen = secrets.token_hex(16)
    status, told = shop.buy("u301", ("p1", "p2"), chosen)
    assert status == 201, told
    there = {one for one in ELSEWHERE if one[2] not in shop.state()["left_out"]}
    return whole(clew, chosen, ORDER | there)


@pytest.fixture(scope="module")
def visit(shop: RunningShop) -> dict[str, Any]:
    """Shop in the page in a real browser; the traces of its load and of paying. Screenshots go to artifacts/shop."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    command = ["node", str(HERE / "buy.mjs"), f"{shop.state()['gateway']}/?user=u302", str(ARTIFACTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.browser
@pytest.mark.polyglot
def test_a_purchase_in_the_page_is_one_tree_through_all_languages(clew: RunningClew, visit: dict[str, Any]) -> None:
    """Below the click lie the page, Python, Node, Go, Java and both consumers of the queue, each below its caller."""
    assert visit["errors"] == []
    spans = whole(clew, visit["pay"], ORDER | ELSEWHERE | PAGE)
    assert roots(spans) == [("page", "internal", "click pay")]
    assert {one.service: one.resource["telemetry.sdk.language"] for one in spans} == {
        **dict.fromkeys((callee for _, _, callee in ORDER), "python"),
        "gateway": "python",
        **LANGUAGES,
    }


@pytest.mark.browser
def test_the_load_of_the_page_and_what_it_asks_for_hang_below_the_request_for_it(
    clew: RunningClew, visit: dict[str, Any]
) -> None:
    """The request for the page has its load and its first questions to the API below, and no request for a script."""
    asked = {"GET /", "POST /api/login", "GET /api/cart", "GET /api/products"}

    def look() -> list[StoredSpan]:
        spans = stored_spans(clew, visit["load"])
        names = {one.name for one in spans}
        return spans if names >= asked | {"documentLoad", "open shop"} else []

    spans = until(look, "the load of the page")
    assert roots(spans) == [("gateway", "server", "GET /")]
    assert {one.name for one in spans if one.service == "gateway" and one.kind == "server"} == asked


@pytest.mark.polyglot
def test_an_order_by_the_api_goes_through_go_and_java(order: list[StoredSpan]) -> None:
    """Quote and tax are answered below checkout's calls, and say from where."""
    assert roots(order) == [("gateway", "server", "POST /api/orders")]
    assert calls(order) >= ELSEWHERE
    quote = next(one for one in order if one.service == "shipping" and one.kind == "server")
    assert quote.name == "GET /quote"
    assert quote.attributes["shipping.tariff"] == "2026-01"
    assert quote.resource["service.instance.id"] in {"shipping-a", "shipping-b"}


@pytest.mark.postgres
def test_statements_go_to_postgresql(order: list[StoredSpan]) -> None:
    """Every statement of an order names the database that ran it."""
    statements = [one for one in order if "db.query.text" in one.attributes]
    assert {one.service for one in statements} >= {"auth", "cart", "checkout", "notifications", "payments"}
    assert {one.attributes["db.system.name"] for one in statements} == {"postgresql"}


@pytest.mark.kafka
def test_news_of_an_order_go_through_kafka(order: list[StoredSpan]) -> None:
    """The consumers' spans, which hang below the producer's, are of one message that a real broker has kept."""
    of_messages = [one for one in order if one.kind in {"producer", "consumer"}]
    assert {one.attributes["messaging.system"] for one in of_messages} == {"kafka"}
    assert len({one.attributes["messaging.message.id"] for one in of_messages}) == 1


def struck(clew: RunningClew, shop: RunningShop, query: str) -> dict[str, Any]:
    """Buy until a TraceQL query finds a span, and return it."""
    for number in range(BUYS):
        shop.buy(f"u{number + 1}", ("p1",))
        shop.api("GET", "/api/products/p1")
        clew.wait_drained()
        found = clew.post("/search", {"q": query, "from": "now-1h", "to": "now"})["data"]["traces"]
        if found:
            span: dict[str, Any] = found[0]["matched"]["spans"][0]
            return span
    raise AssertionError(f"{query} has found nothing")


@pytest.mark.polyglot
def test_pauses_of_the_collector_show_in_the_answers_of_tax(clew: RunningClew, shop: RunningShop) -> None:
    """While the heap is full, a request's span carries the milliseconds for which the collector stopped it."""
    shop.switch_on("gc-pauses")
    paused = 'span.http.response.header.server-timing =~ "gc;dur=[1-9][0-9]+"'
    found = struck(clew, shop, f'{{ resource.service.name = "tax" && {paused} }}')
    assert found["name"] == "GET /tax"


@pytest.mark.polyglot
def test_an_instance_without_this_years_configuration_is_told_by_its_spans(
    clew: RunningClew, shop: RunningShop
) -> None:
    """Only the second instance quotes by the old tariff, which lacks most countries."""
    shop.switch_on("config-drift")
    old = 'resource.service.name = "shipping" && span.shipping.tariff = "2025-01"'
    assert struck(clew, shop, f"{{ {old} && status = error }}")["status"] == "error"
    elsewhere = f'{{ {old} && resource.service.instance.id != "shipping-b" }}'
    assert not clew.post("/search", {"q": elsewhere, "from": "now-1h", "to": "now"})["data"]["traces"]


@pytest.mark.polyglot
def test_a_lock_that_is_held_shows_in_who_waits_and_who_holds(clew: RunningClew, shop: RunningShop) -> None:
    """Quotes wait in a span of their own while another span of the instance holds the lock."""
    shop.switch_on("label-lock")
    waits = '{ resource.service.name = "shipping" && name = "reserve label" && duration > 50ms }'
    assert struck(clew, shop, waits)["name"] == "reserve label"
    assert struck(clew, shop, '{ resource.service.name = "shipping" && name = "compact labels" }')


def test_names_by_address_are_as_many_as_requests(clew: RunningClew, shop: RunningShop) -> None:
    """Spans of recommendations are named by the route, and by every visitor's address while the fault is on."""
    named = 'resource.service.name = "recommendations" && kind = server'
    assert struck(clew, shop, f'{{ {named} && name = "GET /for/:product" }}')
    shop.switch_on("span-names")
    assert struck(clew, shop, f'{{ {named} && name =~ "GET /for/p1.visitor=[0-9a-f]{{12}}" }}')
