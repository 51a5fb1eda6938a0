"""A ClickHouse server that goes away while spans come in: they wait in the journal and are stored when it is back."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.load import Load
from clew.testing.send import HttpSender
from clew.testing.traces import TraceSource

FRONT = Path(__file__).resolve().parents[2] / "contract" / "store" / "http_front.py"


class Door:
    """Forwards a port of its own to a server, as long as it is open."""

    def __init__(self, target: int) -> None:
        self.open = True
        self._target = target
        self._pairs: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut all connections and accept no new ones."""
        self.open = False
        for one in self._pairs:
            one.close()
        self._pairs.clear()

    def end(self) -> None:
        """Give the port back."""
        self.close()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            if not self.open:
                here.close()
                continue
            there = socket.create_connection(("127.0.0.1", self._target))
            self._pairs += [here, there]
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        source.close()
        sink.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Open the door to a server with the HTTP interface of ClickHouse over a real engine."""
    command = [sys.executable, str(FRONT), str(tmp_path / "server"), "secret"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as front:
        assert front.stdout is not None
        assert front.stdin is not None
        opened = Door(int(front.stdout.readline()))
        yield opened
        opened.end()
        front.stdin.close()
        front.wait(20)


def test_spans_wait_while_the_engine_is_away(door: Door, tmp_path: Path) -> None:
    """They are acknowledged and pending, status names the engine, and afterwards each is stored once."""
    url = f"http://127.0.0.1:{door.port}"
    config = {"storage": {"engine": "http", "url": url, "password": "secret"}}
    source = TraceSource(41, spans=200, templates=3)
    with RunningClew(tmp_path / "clew", config=config) as clew:

        def send(first: int) -> int:
            load = Load(source.requests(first, 5, time.time_ns()), lambda: HttpSender(clew.otlp_http_url))
            report = asyncio.run(load.run())
            assert report.failed == 0
            return report.spans_acked

        spans = send(0)
        clew.wait_stored(spans)
        door.close()
        spans += send(100)
        end = time.monotonic() + 40
        while clew.status()["ready"]:
            assert time.monotonic() < end, "status does not notice that the engine is away"
            time.sleep(0.2)
        status = clew.status()
        assert status["ledger"]["pending"] > 0
        assert [check["name"] for check in status["checks"] if not check["ok"]] == ["engine"]
        door.open = True
        ledger = clew.wait_stored(spans, 90)["ledger"]
        assert ledger["stored"] == ledger["received"] == spans
        rows = clew.post("/search", {"q": "{ }", "limit": 1000})["data"]["traces"]
        assert sum(row["spans"] for row in rows) == spans
        assert clew.stop() == 0


def test_a_server_that_is_not_there_is_named_at_the_start(tmp_path: Path) -> None:
    """Without its engine Clew does not start; the error names the key and there is no traceback."""
    config = {"storage": {"engine": "http", "url": "http://127.0.0.1:9"}}
    clew = RunningClew(tmp_path, config=config)
    clew.start(wait_s=0)
    assert clew.wait_exit(60) == 1
    assert "storage.url" in clew.log()
    assert "Traceback" not in clew.log()
