"""`clew demo` against a running shop with people in it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from clew.cli.exits import Exit
from clew.cli.main import run
from clew.cli.shop.guide import Span
from clew.testing import RunningClew
from clew.testing.finding import Finder
from clew.testing.interrupts import interruptible
from clew.testing.running import free_port
from clew.testing.shop import RunningShop, until
from shop.load import Crowd

FAULT = "pii-attributes"
"""What is recorded and found again; no other test here switches it on, so that none leaves traces in the baseline."""
OTHER = "high-cardinality"


@pytest.fixture(scope="module", autouse=True)
def people(shop: RunningShop) -> Iterator[None]:
    """Let people buy all the while."""
    crowd, ended = Crowd(shop.state()["gateway"], pace=0), threading.Event()

    def shop_on() -> None:
        while not ended.is_set():
            asyncio.run(crowd.walk(2, journeys=["restock"], at_once=2))
            ended.wait(0.3)  # a recording exports every trace

    thread = threading.Thread(target=shop_on)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def places(clew: RunningClew, shop: RunningShop) -> list[str]:
    """Return the options that name this shop and this Clew."""
    return ["--control", shop.state()["control"], "--url", clew.url]


def on(shop: RunningShop) -> dict[str, Any]:
    """Return the faults that are on."""
    return dict(shop.control("GET", "/state")[1]["faults"])


def incident(places: list[str], capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Run a short incident and return what it prints."""
    assert run(["demo", "incident", "swallowed-error", "--for", "10s", *more, *places]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_an_incident_says_where_to_look_and_not_why(
    places: list[str], shop: RunningShop, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the fault is on traces come in; the answer has a search over that time, examples, and not the cause."""
    told = json.loads(incident(places, capsys, "--json"))
    assert told["traces"] > 0
    assert told["examples"]
    asked = parse_qs(urlsplit(told["explore"]).query)
    assert asked["q"] == [told["query"]]
    assert int(asked["from"][0]) <= int(told["start_ns"]) / 1e6 < int(told["end_ns"]) / 1e6 <= int(asked["to"][0])
    assert not {"cause", "where", "find"} & set(told)
    assert on(shop) == {}


def test_the_truth_is_told_when_asked_for(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With `--reveal` the cause, each way to find it with its page, and the fix are printed."""
    told = incident(places, capsys, "--reveal")
    for part in ("Where to look", "The truth: An exception is caught and forgotten", "How to find it", "The fix"):
        assert part in told
    assert told.count("/explore?q=") == 2


def test_an_incident_ends_with_ctrl_c(places: list[str], shop: RunningShop) -> None:
    """Ctrl-C switches the fault off and ends with 130."""
    command = [sys.executable, "-m", "clew.cli", "demo", "incident", OTHER, "--for", "10m", *places]
    with interruptible():
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: on(shop), "the fault to be on")
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == Exit.INTERRUPTED
    finally:
        running.kill()
        running.wait()
    assert on(shop) == {}


def test_a_fault_that_nobody_knows_suggests_others(
    places: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A name with a slip ends with 2 and the names that are like it, before anything is switched."""
    assert run(["demo", "incident", "swalowed-error", *places]) == Exit.USAGE
    assert "did you mean swallowed-error?" in capsys.readouterr().err
    assert run(["demo", "record", "--out", str(tmp_path), "--fault", "slow", *places]) == Exit.USAGE
    assert "did you mean slow-query or slow-bank?" in capsys.readouterr().err


def test_a_fault_of_a_service_that_does_not_run_is_refused(
    places: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer names the service and why the shop runs without it."""
    assert run(["demo", "incident", "gc-pauses", *places]) == Exit.USAGE
    assert "gc-pauses is a fault of tax, which this shop runs without" in capsys.readouterr().err


def test_nothing_breaks_when_clew_is_away(
    shop: RunningShop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Where nobody answers at Clew's address, no fault is switched on, and the error says so."""
    places = ["--control", shop.state()["control"], "--url", f"http://127.0.0.1:{free_port()}"]
    truth = shop.run / "truth.jsonl"
    before = truth.read_text() if truth.exists() else ""
    for command in (["incident", "slow-query"], ["record", "--out", str(tmp_path), "--fault", "slow-query"]):
        assert run(["demo", *command, *places]) == Exit.NOT_READY
        assert "no Clew at" in capsys.readouterr().err
    assert on(shop) == {}
    assert (truth.read_text() if truth.exists() else "") == before


def test_a_full_disk_is_named_and_leaves_nothing_half_done(places: list[str], tmp_path: Path) -> None:
    """Where the files do not fit, the error says what to do; no half folder stays."""
    command = [sys.executable, "-m", "clew.cli", "demo", "record", "--out", str(tmp_path), "--fault", OTHER]
    short = ["--baseline", "4s", "--for", "4s", "--rest", "0s", "--json"]
    done = subprocess.run(
        ["prlimit", "--fsize=2000", *command, *short, *places], capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.FAILED
    error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
    assert error["code"] == "file_not_written"
    assert "make room" in error["hint"]
    assert list(tmp_path.iterdir()) == []


def test_a_recording_holds_the_truth_for_another_clew(
    places: list[str], shop: RunningShop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What is recorded comes back into a fresh Clew, where the truth that lies beside it is found again."""
    out = tmp_path / "incidents"
    lasts = ["--baseline", "5s", "--for", "12s", "--rest", "2s"]
    command = ["demo", "record", "--out", str(out), "--fault", FAULT, *lasts, *places]
    assert run([*command, "--json"]) == 0, capsys.readouterr().err
    told = json.loads(capsys.readouterr().out)
    truth = json.loads((out / FAULT / "truth.json").read_text())
    assert told == {FAULT: truth}
    assert on(shop) == {}
    before = (out / FAULT / "fault.otlp").stat().st_mtime_ns
    assert run(command) == 0
    assert f"{FAULT}: is there already" in capsys.readouterr().err
    assert (out / FAULT / "fault.otlp").stat().st_mtime_ns == before
    with RunningClew(tmp_path / "fresh") as fresh:
        files = [str(out / FAULT / one["file"]) for one in truth["windows"]]
        done = fresh.clew("import", "--format", truth["format"], "--endpoint", fresh.otlp_http_url, *files)
        assert done.returncode == 0, done.stderr
        fresh.wait_stored(sum(one["spans"] for one in truth["windows"]))
        found_again(fresh, truth)


def found_again(clew: RunningClew, truth: dict[str, Any]) -> None:
    """All that the truth says to look for is found: once is enough, a busy machine sells little in a short time."""
    baseline, fault = (Span(int(one["start_ns"]), int(one["end_ns"])) for one in truth["windows"])
    for one in truth["windows"]:
        assert one["traces"] > 0
        assert one["spans"] > one["traces"]
    finder = Finder(clew, fault, baseline)
    for step in truth["fault"]["find"]:
        ask = next(key for key in step if key not in {"see", "expect"})
        expect = {key: min(1, value) if key == "min_traces" else value for key, value in step["expect"].items()}
        until(lambda ask=ask, step=step, expect=expect: not finder.complaints(ask, step[ask], expect), step["see"])
