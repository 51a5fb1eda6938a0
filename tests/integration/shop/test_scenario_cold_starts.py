"""docs/guide/scenario-cold-starts.md, played: cold starts of a function and what a warm pool does."""

from __future__ import annotations

import pytest

from clew.testing import RunningClew
from clew.testing.scenario import Desk, Page, play
from clew.testing.shop import RunningShop

pytestmark = pytest.mark.timeout(600)
ORDERS = 5
SMALL, LARGE = str(256 << 20), str(512 << 20)


@pytest.fixture(scope="module")
def windows(clew: RunningClew, shop: RunningShop) -> play.Windows:
    """Play it once."""
    return play.cold_starts(play.Player(clew, shop, at_once=ORDERS), ORDERS)


@pytest.fixture(scope="module")
def desk(clew: RunningClew) -> Desk:
    """Ask the questions of the page."""
    return Desk(clew, Page("cold-starts"))


def test_a_spike_finds_the_function_cold(desk: Desk, windows: play.Windows) -> None:
    """Nearly every invocation of the spike starts a process; one may find what an order before has left."""
    assert sum(desk.series("invocations", windows["small"]).values()) == ORDERS
    assert len(desk.traces("invoices", windows["small"])) >= 4
    assert desk.value("cold-rate", windows["small"]) >= 0.8
    assert desk.value("cold-rate", windows["large"]) >= 0.8


def test_starts_are_told_apart_by_runtime_and_memory(desk: Desk, windows: play.Windows) -> None:
    """The duration is grouped by both, and half of the starts take longer than half of the invocations."""
    small, large = (desk.series("cold-duration", windows[name]) for name in ("small", "large"))
    assert {labels[0] for labels in [*small, *large]} == {"cpython"}
    assert {labels[2] for labels in small} == {SMALL}
    assert LARGE in {labels[2] for labels in large}
    invoked = desk.series("invocation-time", windows["small"])
    assert small.keys() == invoked.keys()
    median = next(labels for labels in small if labels[3] == "0.5")
    assert small[median] > invoked[median], (small, invoked)


def test_more_memory_leaves_starts_cold(desk: Desk, windows: play.Windows) -> None:
    """With twice the memory no invocation finds a warm process that would not have found one before."""
    assert {(memory, cold) for memory, cold, _ in desk.series("waited", windows["large"]) if memory == LARGE} == {
        (LARGE, "True")
    }


def test_a_warm_pool_ends_cold_starts(desk: Desk, windows: play.Windows) -> None:
    """The rate falls by nine tenths at least, and the warm-up invocations alone have waited for processes."""
    assert desk.value("warmed-up", windows["warming"]) == play.WARM
    assert desk.value("cold-rate", windows["warm"]) <= 0.1 * desk.value("cold-rate", windows["small"])


def test_invoices_no_longer_wait_for_a_process(desk: Desk, windows: play.Windows) -> None:
    """The median wait of twice the spike is less than half of what it was."""
    cold = desk.series("waited", windows["small"])[SMALL, "True", "0.5"]
    warm = desk.series("waited", windows["warm"])[SMALL, "False", "0.5"]
    assert warm < cold / 2, (cold, warm)
