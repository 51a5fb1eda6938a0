"""Crashes and faults of the world around: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from clew.testing import RunningClew
from clew.testing.crash import CrashRun
from clew.testing.load import Load, LoadReport
from clew.testing.send import HttpSender
from clew.testing.traces import TraceSource

KILLS = int(os.environ.get("CLEW_TEST_KILLS", "25"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    """After each kill -9 under load every acknowledged trace is found once, and in the end the tables agree."""
    run = CrashRun(tmp_path, Random(20))
    try:
        while run.kills < KILLS:
            run.kill_once()
        run.finish()
    finally:
        run.clew.kill()
    assert run.acked


@contextlib.contextmanager
def small_volume(path: Path, size: str) -> Iterator[None]:
    """Mount a small file system; without the right to, the directory stays on the large one."""
    path.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], check=False, capture_output=True
    )
    try:
        yield
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(path)], check=True)


def send(clew: RunningClew, acked: dict[str, int], *, first: int, requests: int) -> LoadReport:
    """Send, giving up at once where a request is refused; notes what was acknowledged."""
    source = TraceSource(31, spans=400, templates=4)
    load = Load(
        source.requests(first, requests, time.time_ns()),
        lambda: HttpSender(clew.otlp_http_url),
        concurrency=4,
        give_up_s=0,
        on_ack=lambda one: acked.update(zip((t.hex() for t in one.trace_ids), one.spans_of, strict=True)),
    )
    return asyncio.run(load.run())


def check(clew: RunningClew, acked: dict[str, int]) -> None:
    """Every acknowledged trace is stored once, and the ledger adds up."""
    ledger = clew.wait_drained(120)["ledger"]
    assert ledger["lost"] == 0
    assert ledger["received"] == ledger["stored"] + ledger["rejected"]
    found: dict[str, int] = {}
    body = {"q": "{ }", "from": "now-1h", "to": "now", "limit": 1000}
    while True:
        page = clew.post("/search", body)["data"]
        found.update((row["trace_id"], row["spans"]) for row in page["traces"])
        if page["cursor"] is None:
            break
        body["cursor"] = page["cursor"]
    assert {trace: found.get(trace) for trace in acked} == acked


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """On a full volume requests are refused as retryable and Clew lives on; with room again it takes them."""
    volume = tmp_path / "volume"
    ballast = volume / "ballast"
    config = {"journal": {"reserve_bytes": "24MiB"}, "storage": {"reserve_bytes": "16MiB"}}
    with small_volume(volume, "400m"), RunningClew(volume / "clew", config=config) as clew:
        acked: dict[str, int] = {}
        send(clew, acked, first=0, requests=5)
        assert acked
        free = os.statvfs(volume)
        if free.f_blocks * free.f_frsize > 1 << 30:
            pytest.fail("this test needs the right to mount a small volume: run it as root, as CI does")
        with ballast.open("wb") as file:
            while os.statvfs(volume).f_bavail * free.f_frsize > 20 << 20:
                file.write(bytes(1 << 20))
        full = send(clew, acked, first=1000, requests=20)
        assert full.refused == full.failed == 20
        assert "503" in full.last_error
        assert not clew.status()["ready"]
        ballast.unlink()
        clew.wait_ready()
        time.sleep(0.5)  # the moment in which refusals go on without asking the disk again
        again = send(clew, acked, first=2000, requests=5)
        assert again.failed == 0
        check(clew, acked)
        assert clew.stop() == 0


def test_a_full_journal_refuses_and_nothing_is_lost(tmp_path: Path) -> None:
    """With a small journal a flood is slowed down by refusals, and what was acknowledged is stored."""
    with RunningClew(tmp_path, config={"journal": {"max_bytes": "16MiB"}}) as clew:
        acked: dict[str, int] = {}
        report = send(clew, acked, first=0, requests=300)
        assert report.refused > 0
        assert acked
        check(clew, acked)
        assert clew.status()["requests_refused"]
