"""Every fault of the shop: switched on in its turn, and then found over the public API, as the truth says it is."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest

from clew.cli.shop.guide import Span
from clew.testing import RunningClew
from clew.testing.finding import Finder
from clew.testing.shop import RunningShop, until
from shop.load import Crowd
from shop.state import LOOK_EVERY_S
from shop.truth import Fault, Step, load

FAULTS = {name: one for name, one in load().items() if not one.needs}
"""Faults of the services that every machine can run."""
LAST = ("lost-spans", "poison-message", "clock-step")
"""What they leave behind lasts: a process that has to start, a message that comes again, traces that end later."""
EVERYTHING = ("buy", "browse", "equip", "abandon", "restock")


class Driver:
    """Sends people into the shop, and sees to it that each fault begins in a shop that is well."""

    def __init__(self, shop: RunningShop) -> None:
        self._shop = shop
        self._crowd = Crowd(shop.state()["gateway"], pace=0)

    def walk(self, visits: int, journeys: Sequence[str], at_once: int = 4) -> bool:
        """Make visits; returns whether all went well."""
        self._crowd.told.given_up.clear()
        asyncio.run(self._crowd.walk(visits, journeys=journeys, at_once=at_once))
        return not self._crowd.told.given_up

    def calm(self) -> None:
        """Wait until the shop sells, and all that was put into the queue has been worked off."""
        until(lambda: self.walk(1, ["buy"]), "the shop to sell")
        until(lambda: not self._messages("dead = 0"), "the queue to be empty")

    def baseline(self) -> Span:
        """Let everything be done that people do."""
        self.calm()
        start = time.time_ns()
        assert self.walk(25, EVERYTHING)
        self.calm()
        return Span(start, time.time_ns())

    def strike(self, fault: Fault) -> Span:
        """Let a fault be on while its people come, until every message of theirs has been taken once."""
        traffic = dict(fault.traffic)
        self._shop.switch_on(fault.name, share=traffic.pop("share", 1.0))
        time.sleep(2 * LOOK_EVERY_S)  # services look that often
        start = time.time_ns()
        self.walk(**traffic)
        until(lambda: not self._messages("attempts = 0"), "messages to be taken")
        end = time.time_ns()
        self._shop.switch_off(fault.name)
        self.calm()
        return Span(start, end)

    def _messages(self, condition: str) -> int:
        with closing(sqlite3.connect(self._shop.run / "queue.db", timeout=60)) as queue:
            return int(queue.execute(f"SELECT count(*) FROM messages WHERE {condition}").fetchone()[0])


@dataclass(frozen=True)
class Incidents:
    """When what was on."""

    baseline: Span
    faults: dict[str, Span]


@pytest.fixture(scope="module")
def incidents(request: pytest.FixtureRequest, shop: RunningShop) -> Incidents:
    """Switch on each fault that is asked for, one after the other; what cannot be driven is missing."""
    ours = (one for one in request.session.items if one.path == request.path)
    asked = {one.callspec.params["name"] for one in ours if hasattr(one, "callspec")}
    driver = Driver(shop)
    found = Incidents(driver.baseline(), {})
    for name in sorted(FAULTS, key=lambda one: LAST.index(one) if one in LAST else -1):
        if name in asked:
            found.faults[name] = driver.strike(FAULTS[name])
    return found


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FAULTS)
def test_the_truth_of_a_fault_is_found_over_the_api(name: str, clew: RunningClew, incidents: Incidents) -> None:
    """The symptom shows, all that the truth says to look for comes back, and was not there before where it says so."""
    finder = Finder(clew, incidents.faults[name], incidents.baseline)
    fault = FAULTS[name]

    def complaints(step: Step) -> list[str]:
        return [f"{step.see} {one}" for one in finder.complaints(step.ask, step.question, step.expect)]

    symptom = Step("The search that a person begins with", "search", fault.look, {"min_traces": 1})
    for step in (symptom, *(one for one in fault.find if "max_traces" not in one.expect)):
        last: list[str] = []

        def seen(step: Step = step, last: list[str] = last) -> bool:
            last[:] = complaints(step)
            return not last

        try:
            until(seen, step.see, patience_s=60)
        except TimeoutError:
            pytest.fail("\n".join(last))
    for step in (one for one in fault.find if "max_traces" in one.expect):
        assert not complaints(step)
