"""docs/guide/scenario-payment-outage.md, played: from a failing trace to the release behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clew.testing import RunningClew
from clew.testing.scenario import Desk, Page, evidence, play
from clew.testing.shop import RunningShop, until
from clew.testing.stored import stored_spans

pytestmark = pytest.mark.timeout(600)
ORDERS = 12
ERROR = "Object of type Decimal is not JSON serializable"


@pytest.fixture(scope="module")
def windows(clew: RunningClew, shop: RunningShop) -> play.Windows:
    """Play it once."""
    return play.payment_outage(play.Player(clew, shop), ORDERS)


@pytest.fixture(scope="module")
def desk(clew: RunningClew) -> Desk:
    """Ask the questions of the page."""
    return Desk(clew, Page("payment-outage"))


@pytest.fixture(scope="module")
def alerted(desk: Desk, windows: play.Windows) -> str:
    """Return a failed trace, as the payload of an alert names it."""
    return desk.exemplars("failed-orders", windows["outage"])[0]


def where(clew: RunningClew, trace: str) -> dict[str, Any]:
    """Return the span at which the page of a trace opens."""
    summary = clew.get(f"/traces/{trace}/summary")["data"]
    found: dict[str, Any] = clew.get(f"/traces/{trace}/spans/{summary['suggested_span']}")["data"]
    return found


def test_half_of_the_orders_fail(desk: Desk, windows: play.Windows) -> None:
    """Instances take turns, so about every other order fails, and none did before."""
    assert 0.3 < desk.value("failed-share", windows["outage"]) < 0.7
    assert desk.value("failed-orders", windows["before"]) == 0


def test_the_failed_span_is_the_charge_on_one_instance_of_the_new_version(clew: RunningClew, alerted: str) -> None:
    """In the trace of the alert the first failed span names exception, version, instance and commit."""
    found = where(clew, alerted)
    span = found["span"]
    assert (span["service"], span["name"], span["kind"]) == ("payments", "/shop.Payments/Charge", "server")
    told = {one["key"]: one["value"] for event in found["events"][:1] for one in event["attributes"]}
    assert (told["exception.type"], told["exception.message"]) == ("TypeError", ERROR)
    assert "in _receipt" in told["exception.stacktrace"]
    resource = {one["key"]: one["value"] for one in found["resource"]["attributes"]}
    assert (resource["service.version"], resource["service.instance.id"]) == ("1.1.0", "payments-b")
    assert len(resource["vcs.ref.head.revision"]) == 40
    assert resource["k8s.pod.name"].startswith("payments-")


def test_the_trace_has_its_logs(clew: RunningClew, alerted: str) -> None:
    """What payments and checkout have logged about this order is found by the trace id, with the exception."""

    def logged() -> set[str]:
        return {one["service"] for one in clew.get(f"/traces/{alerted}/logs")["data"]["logs"]}

    until(lambda: logged() >= {"payments", "checkout"}, "the logs of both")
    logs = clew.get(f"/traces/{alerted}/logs")["data"]["logs"]
    assert any("could not be charged" in one["body"] and ERROR in one["body"] for one in logs), logs


def test_all_failures_are_of_one_deployment(desk: Desk, windows: play.Windows) -> None:
    """Every charge of 1.1.0 fails and no other; the answer has the instance and the commit."""
    (((version, instance, commit), share),) = desk.series("failed-by-deployment", windows["outage"]).items()
    assert (version, instance, share) == ("1.1.0", "payments-b", 1.0)
    assert len(commit) == 40


def test_the_version_is_what_failed_orders_have_in_common(desk: Desk, windows: play.Windows) -> None:
    """Among what failed orders have and good ones have not are the version, the instance and the exception."""
    failed = [one["trace_id"] for one in desk.traces("bad-orders", windows["outage"])]
    first = desk.differences(failed, "good-orders", windows["outage"])[:25]
    assert ("service.version", "1.1.0") in first, first
    assert ("service.instance.id", "payments-b") in first
    assert ("exception.type", "TypeError") in first


def test_the_error_is_new_with_the_release(clew: RunningClew, windows: play.Windows) -> None:
    """The error list has the exception with the version in which it first occurred, and its traces."""
    outage = windows["outage"]
    asked = f"from={outage.start_ns}&to={outage.end_ns}"

    def groups() -> list[dict[str, Any]]:
        told = clew.get(f"/errors?service=payments&{asked}")["data"]["groups"]
        return [one for one in told if one["message"] == ERROR]

    (group,) = until(groups, "the error group")
    assert (group["type"], group["versions"], group["first_version"]) == ("TypeError", ["1.1.0"], "1.1.0")
    detail = clew.get(f"/errors/{group['fingerprint']}?{asked}")["data"]
    assert detail["by_version"][0]["version"] == "1.1.0"
    assert detail["examples"]


def test_everybody_who_was_hit_is_counted(desk: Desk, windows: play.Windows) -> None:
    """Traces, orders and customers are as many as the failed answers, and each was charged although it failed."""
    failed = desk.value("failed-orders", windows["outage"])
    ((traces, orders, amount),) = desk.rows("impact", windows["outage"])
    assert traces == orders == failed > 0
    assert amount > failed
    assert desk.rows("customers", windows["outage"]) == [[failed]]
    assert desk.value("charged-but-failed", windows["outage"]) == failed


def test_the_legacy_bank_is_a_hole_of_known_size(desk: Desk, windows: play.Windows) -> None:
    """Each charge has a call with nothing below it, and each call has begun another trace behind the bank."""
    until(lambda: desk.value("beyond-the-hole", windows["outage"]) == 2 * ORDERS, "the traces behind the bank")
    assert desk.value("hole", windows["outage"]) == 2 * ORDERS


def test_after_the_roll_back_nothing_fails(desk: Desk, windows: play.Windows) -> None:
    """The same questions answer nothing for the time since."""
    assert desk.series("failed-orders", windows["recovered"]) in ({}, {("count_over_time",): 0.0})
    assert desk.series("failed-by-deployment", windows["recovered"]) == {}


def test_the_evidence_stands_by_itself(
    clew: RunningClew, desk: Desk, windows: play.Windows, alerted: str, tmp_path: Path
) -> None:
    """The file has facts and numbers, its links lead to Clew's pages, and the exported trace is whole."""
    file = evidence.write(tmp_path, desk, windows, alerted)
    text = file.read_text()
    for fact in ("payments-b", "1.1.0", ERROR, alerted, f"{clew.url}/trace/{alerted}", f"{clew.url}/explore?q="):
        assert fact in text
    for link in evidence.links(text):
        assert clew.fetch(link.removeprefix(clew.url)).startswith(b"<!doctype html>"), link
    exported = evidence.spans(tmp_path / f"{alerted}.json")
    assert exported == {one.id for one in stored_spans(clew, alerted)}
