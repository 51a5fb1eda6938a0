"""A bit that flips on disk, with a real process: what stands beside it survives, and the ledger tells the rest."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.load import Load, LoadReport
from clew.testing.send import HttpSender
from clew.testing.traces import TraceSource

PATIENT = {"journal": {"interval_s": 60, "idle_interval_s": 60, "unread_interval_s": 60}}
REQUESTS = 5


def send(clew: RunningClew) -> LoadReport:
    """Send one request after the other, so that each is a group of its own."""
    source = TraceSource(77, spans=60, templates=4)
    requests = source.requests(0, REQUESTS, time.time_ns())
    return asyncio.run(Load(requests, lambda: HttpSender(clew.otlp_http_url), concurrency=1).run())


def flip(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


@pytest.mark.timeout(120)
def test_a_flipped_bit_in_the_journal_costs_its_group_alone(tmp_path: Path) -> None:
    """After a kill and a flipped bit the other groups are stored, the damaged rows are lost, and the ledger adds up."""
    with RunningClew(tmp_path, config=PATIENT) as clew:
        report = send(clew)
        clew.kill()
        (segment,) = (clew.data_dir / "journal").glob("*.spans.arrow")
        flip(segment)
        clew.restart()
        ledger = clew.wait_drained()["ledger"]
        clew.stop()
    assert ledger["received"] == report.spans_acked
    assert ledger["lost_by"] == {"damaged": ledger["lost"]}
    assert 0 < ledger["lost"] <= report.spans_acked // REQUESTS + 60
    assert ledger["stored"] == report.spans_acked - ledger["lost"]
