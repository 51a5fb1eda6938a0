"""docs/guide/scenario-checkout-latency.md, played: from slow checkouts to one query of payments."""

from __future__ import annotations

import pytest

from clew.testing import RunningClew
from clew.testing.scenario import Desk, Page, play
from clew.testing.shop import RunningShop, until
from clew.testing.stored import stored_spans

pytestmark = pytest.mark.timeout(600)
ORDERS = 12
SLOWEST = 10


@pytest.fixture(scope="module")
def windows(clew: RunningClew, shop: RunningShop) -> play.Windows:
    """Play it once."""
    return play.checkout_latency(play.Player(clew, shop), ORDERS)


@pytest.fixture(scope="module")
def desk(clew: RunningClew) -> Desk:
    """Ask the questions of the page."""
    return Desk(clew, Page("checkout-latency"))


def test_the_tail_of_checkouts_grows_and_falls_again(desk: Desk, windows: play.Windows) -> None:
    """Every other order is slow in the incident; repaired, the tail is a fraction of what it was."""
    incident, repaired = (desk.series("order-time", windows[name]) for name in ("incident", "repaired"))
    assert incident["0.9",] > 1.3 * repaired["0.9",], (incident, repaired)
    assert incident["0.99",] > 1.3 * repaired["0.5",], (incident, repaired)


def test_a_slow_order_waits_for_one_database_span_of_payments(
    clew: RunningClew, desk: Desk, windows: play.Windows
) -> None:
    """Of the calls below the slowest request that wait for nothing else, the query has most of the time."""
    slowest = desk.traces("slowest-orders", windows["incident"], limit=1)[0]
    request = slowest["matched"]["spans"][0]
    spans = stored_spans(clew, slowest["trace_id"])
    parents = {one.parent for one in spans}
    leaves = [one for one in spans if one.id not in parents and one.kind == "client"]
    longest = max(leaves, key=lambda one: one.end_ns - one.start_ns)
    assert (request["service"], longest.service) == ("gateway", "payments")
    assert "abs(near.created_ms - mine.created_ms)" in longest.attributes["db.query.text"]
    assert 2 * (longest.end_ns - longest.start_ns) > request["duration_ns"]


def test_of_all_statements_that_of_payments_is_the_slowest(desk: Desk, windows: play.Windows) -> None:
    """The question names service and statement; before the incident the same question names neither."""
    ((service, statement, _),) = desk.series("slowest-statement", windows["incident"])
    assert service == "payments"
    assert "abs(near.created_ms - mine.created_ms)" in statement
    assert not any("abs(" in labels[1] for labels in desk.series("slowest-statement", windows["repaired"]))


def test_both_pods_of_one_version_are_slow(desk: Desk, windows: play.Windows) -> None:
    """The statement is many times slower on each pod, so it is neither a node nor a release."""
    incident, repaired = (desk.series("statement-by-pod", windows[name]) for name in ("incident", "repaired"))
    assert {version for _, version, _ in incident} == {"1.0.0"}
    assert len(incident) == 2
    assert all(pod.startswith("payments-") for pod, _, _ in incident)
    assert min(incident.values()) > 3 * min(repaired.values())


def test_the_statement_is_what_slow_orders_have_in_common(desk: Desk, windows: play.Windows) -> None:
    """Compared attribute by attribute, nothing tells the slowest orders from the others as clearly as the statement."""
    slowest = [one["trace_id"] for one in desk.traces("slowest-orders", windows["incident"], limit=SLOWEST)]
    key, value = desk.differences(slowest, "orders", windows["incident"])[0]
    assert key == "db.query.text"
    assert "ledger AS near" in value


def test_stripped_headers_show_as_entries_without_a_parent(desk: Desk, windows: play.Windows) -> None:
    """Gateway and acquirer alone begin traces; behind an ingress that strips headers every service does."""

    def begin(window: str) -> set[str]:
        return {service for (service,) in desk.series("orphans", windows[window])}

    assert begin("before") <= {"gateway", "acquirer"}
    until(lambda: begin("stripped") >= {"gateway", "acquirer", "auth", "cart", "checkout"}, "traces of each service")
