"""How the shop starts, goes on and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.testing.shop import SHOP, RunningShop, until


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """Run a shop for tests that kill its processes; its telemetry goes nowhere."""
    with RunningShop(tmp_path_factory.mktemp("own") / "run", "http://127.0.0.1:9") as running:
        yield running


def alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_dies_is_started_again(own: RunningShop) -> None:
    """A killed instance comes back on its address with another process, and the shop says so."""
    before = own.pids()["cart-a"]
    os.kill(before, signal.SIGKILL)
    until(lambda: own.pids()["cart-a"] != before, "another process")
    until(lambda: own.buy("u3", ("p1",))[0] == 201, "an order")
    assert "cart-a ended with -9" in own.log()


def test_a_second_shop_in_one_directory_is_refused(own: RunningShop) -> None:
    """The error names the process that holds the directory and what to do."""
    told = second(own.run, "--port", "0", "--control", "0")
    assert told.returncode == 2
    assert f"is in use by process {own.process.pid}" in told.stderr
    assert "--run" in told.stderr


def test_a_port_that_is_taken_is_named(own: RunningShop, tmp_path: Path) -> None:
    """The error names the port and the option that chooses another one."""
    taken = own.state()["gateway"].rpartition(":")[2]
    told = second(tmp_path / "other", "--port", taken, "--control", "0")
    assert told.returncode == 2
    assert told.stderr == f"shop: port {taken} is taken by another program\n  end it, or choose another one: --port 0\n"


def test_packages_that_are_missing_are_named(tmp_path: Path) -> None:
    """Before anything starts, the error names what cannot be imported and the command that installs it."""
    command = [sys.executable, "-S", "-m", "shop", "up", "--run", str(tmp_path / "run")]
    told = subprocess.run(command, cwd=SHOP, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "flask" in told.stderr
    assert "pip install -r examples/shop/requirements.txt" in told.stderr
    assert not (tmp_path / "run").exists()


def test_a_service_that_cannot_start_ends_the_shop_with_its_log(tmp_path: Path) -> None:
    """A database that cannot be reached is said with the end of the log, and no process stays."""
    told = second(
        tmp_path / "run", "--only", "py", "--database", "postgresql+none://nowhere", "--port", "0", "--control", "0"
    )
    assert told.returncode == 2
    assert "did not start" in told.stderr
    assert "postgresql.none" in told.stderr


def second(run: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shop that cannot start."""
    command = [sys.executable, "-m", "shop", "up", "--run", str(run), *arguments]
    return subprocess.run(command, cwd=SHOP, capture_output=True, text=True, check=False)


def test_the_end_leaves_no_process(tmp_path: Path) -> None:
    """SIGTERM ends every process of the shop, and its files say that nothing runs."""
    with RunningShop(tmp_path / "run", "http://127.0.0.1:9") as shop:
        shop.buy("u4", ("p1",))
        until(lambda: shop.state()["services"]["billing"], "a process of the function")
        running = shop.pids()
        assert shop.stop() == 0
    assert len(running) >= 12
    assert [name for name, pid in running.items() if alive(pid)] == []
    assert not (shop.run / "shop.json").exists()


def test_a_supervisor_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    """The services end by themselves when the supervisor is gone."""
    with RunningShop(tmp_path / "run", "http://127.0.0.1:9") as shop:
        running = shop.pids()
        shop.process.kill()
        until(lambda: not any(alive(pid) for pid in running.values()), "the end of all processes")
