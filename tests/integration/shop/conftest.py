"""One running Clew and one running shop, its services in Python without people, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.testing import RunningClew, coverage_flags
from clew.testing.shop import RunningShop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests time: a dozen processes start beside whatever else the machine does."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def clew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with its defaults on free ports."""
    with RunningClew(tmp_path_factory.mktemp("clew"), interpreter=coverage_flags()) as running:
        yield running
        assert running.stop() == 0, running.log()


@pytest.fixture(scope="session")
def shop(clew: RunningClew, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """Run the shop; its telemetry goes to that Clew."""
    with RunningShop(tmp_path_factory.mktemp("shop") / "run", clew.otlp_http_url) as running:
        yield running
        assert running.stop() == 0, running.log()


@pytest.fixture(autouse=True)
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    """Switch everything off after each test that uses the shop."""
    yield
    if "shop" in request.fixturenames:
        request.getfixturevalue("shop").switch_off()
