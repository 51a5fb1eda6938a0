"""One running Clew for all tests of this folder that do not need their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clew.testing import RunningClew, coverage_flags


@pytest.fixture(scope="session")
def clew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with its defaults on free ports."""
    with RunningClew(tmp_path_factory.mktemp("clew"), interpreter=coverage_flags()) as running:
        yield running
        assert running.stop() == 0, running.log()
