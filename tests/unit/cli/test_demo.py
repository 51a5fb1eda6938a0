from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from clew.cli.commands.demo import seconds_of
from clew.cli.errors import UsageError
from clew.cli.exits import Exit
from clew.cli.main import run
from clew.cli.shop.control import Control, likest
from clew.cli.shop.guide import Span, explore
from clew.testing.interrupts import interruptible
from clew.testing.running import free_port


@pytest.fixture
def nobody() -> str:
    """Return an address where no shop listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def interrupting() -> Iterator[tuple[str, list[str]]]:
    """Run a shop that gets Ctrl-C for this process while it switches a fault on; gives its address and what it did."""
    asked: list[str] = []

    class Switches(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked.append(f"PUT {self.path}")
            os.kill(os.getpid(), signal.SIGINT)

        def do_DELETE(self) -> None:
            asked.append(f"DELETE {self.path}")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing of each request."""

    server = HTTPServer(("127.0.0.1", 0), Switches)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("command", [["incident", "slow-query"], ["record", "--all"]])
def test_without_a_shop_the_way_to_start_one_is_told(
    command: list[str], nobody: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands that need a running shop end with 3 and say `make demo`."""
    more = ["--out", str(tmp_path)] if command[0] == "record" else []
    assert run(["demo", *command, *more, "--control", nobody]) == Exit.NOT_READY
    told = capsys.readouterr().err
    assert "no shop at" in told
    assert "make demo" in told


def test_the_catalogue_of_a_checkout_is_listed_without_a_shop(nobody: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`clew demo list` shows the faults that are written down where no shop runs."""
    assert run(["demo", "list", "--control", nobody, "--json"]) == 0
    names = [one["name"] for one in json.loads(capsys.readouterr().out)]
    assert len(names) >= 25
    assert run(["demo", "list", "--control", nobody]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{names[0]}\t")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["incident", "slow-query", "--for", "long"], "long is no duration"),
        (["incident", "slow-query", "--control", "here"], "--control here is no address"),
        (["record", "--out", "x"], "name faults with --fault, or take --all"),
        (["record", "--out", "x", "--all", "--fault", "slow-query"], "name faults with --fault, or take --all"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad duration, a bad address, and faults both named and not: each ends with 2 and says what is wrong."""
    assert run(["demo", *arguments]) == Exit.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1m30s", 90), ("250ms", 0.25)])
def test_durations_are_read_as_everywhere(text: str, seconds: float) -> None:
    """`--for` takes what TraceQL takes."""
    assert seconds_of(text) == seconds
    with pytest.raises(UsageError):
        seconds_of(f"{text}x")


def test_a_name_that_is_nearly_right_is_understood() -> None:
    """A part of a name, or one with a slip, suggests the names that were meant."""
    known = ["slow-query", "slow-bank", "retry-storm"]
    assert likest("slow", known) == ["slow-query", "slow-bank"]
    assert likest("retrystorm", known) == ["retry-storm"]
    assert likest("zzz", known) == []


def test_the_address_of_explore_has_query_and_time() -> None:
    """The page opens with the search filled in, over whole seconds around the time that is meant."""
    address = explore("http://c:4319/", '{ name = "a b" }', Span(1_790_000_000_500_000_000, 1_790_000_002_000_000_000))
    assert address == "http://c:4319/explore?q=%7B%20name%20%3D%20%22a%20b%22%20%7D&from=1790000000000&to=1790000002000"


def test_a_fault_that_is_interrupted_while_it_begins_does_not_stay(interrupting: tuple[str, list[str]]) -> None:
    """Ctrl-C before the shop has answered takes the fault back: the shop may have switched it on already."""
    url, asked = interrupting
    shop = Control(url)
    with interruptible(), pytest.raises(KeyboardInterrupt), shop.switched_on("slow-query", share=1.0, for_s=60.0):
        pytest.fail("the shop has not answered")
    assert asked == ["PUT /faults/slow-query", "DELETE /faults/slow-query"]
