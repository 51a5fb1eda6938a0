"""Starting, stopping, restarting, and everything that keeps it from starting."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clew.config import ListenConfig
from clew.testing import RunningClew
from clew.testing.load import Load
from clew.testing.running import ports_env
from clew.testing.send import HttpSender
from clew.testing.traces import TraceSource


def send(clew: RunningClew, requests: int, *, first: int = 0) -> dict[str, int]:
    """Send some requests; returns trace id to spans of what was acknowledged."""
    acked: dict[str, int] = {}
    source = TraceSource(11, spans=100, templates=3)
    load = Load(
        source.requests(first, requests, time.time_ns()),
        lambda: HttpSender(clew.otlp_http_url),
        on_ack=lambda one: acked.update(zip((t.hex() for t in one.trace_ids), one.spans_of, strict=True)),
    )
    report = asyncio.run(load.run())
    assert report.spans_acked == sum(acked.values())
    return acked


def stored(clew: RunningClew) -> dict[str, int]:
    """Return every trace that search finds, with its spans."""
    found: dict[str, int] = {}
    body = {"q": "{ }", "from": "now-1h", "to": "now", "limit": 1000}
    while True:
        page = clew.post("/search", body)["data"]
        found.update((row["trace_id"], row["spans"]) for row in page["traces"])
        if page["cursor"] is None:
            return found
        body["cursor"] = page["cursor"]


def test_sigterm_under_load_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """It ends with 0, stores what it has acknowledged, and the next start finds all of it and nothing twice."""
    acked: dict[str, int] = {}
    with RunningClew(tmp_path) as clew:
        source = TraceSource(12, spans=200, templates=3)
        load = Load(
            source.requests(0, 10**6, time.time_ns()),
            lambda: HttpSender(clew.otlp_http_url),
            stop_on_failure=True,
            on_ack=lambda one: acked.update(zip((t.hex() for t in one.trace_ids), one.spans_of, strict=True)),
        )

        async def run() -> None:
            task = asyncio.ensure_future(load.run())
            await asyncio.sleep(1.0)
            assert clew.process is not None
            clew.process.send_signal(signal.SIGTERM)
            await task

        asyncio.run(run())
        assert clew.wait_exit() == 0, clew.log()
        assert acked
        assert "Traceback" not in clew.log()
        clew.start()
        ledger = clew.status()["ledger"]
        found = stored(clew)
        assert {trace: found.get(trace) for trace in acked} == acked
        assert ledger["stored"] == ledger["received"] == sum(found.values())
        assert ledger["pending"] == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not wait; what was acknowledged is stored by the next start."""
    with RunningClew(tmp_path) as clew:
        acked = send(clew, 20)
        assert clew.process is not None
        for _ in range(2):
            clew.process.send_signal(signal.SIGINT)
        assert clew.process.wait(20) in {0, 128 + signal.SIGINT}
        clew.start()
        clew.wait_drained()
        found = stored(clew)
        assert found == acked


def test_the_ledger_survives_restarts(tmp_path: Path) -> None:
    """Counts go on where they were, after SIGTERM and after kill -9."""
    with RunningClew(tmp_path) as clew:
        first = sum(send(clew, 3).values())
        assert clew.stop() == 0
        clew.start()
        second = sum(send(clew, 3, first=100).values())
        clew.restart()
        ledger = clew.wait_drained()["ledger"]
        assert ledger["received"] == ledger["stored"] == first + second


def up(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `clew up` that is expected to end by itself."""
    command = [sys.executable, "-m", "clew.cli", "up", *arguments]
    env = {**os.environ, **ports_env(dict.fromkeys(ListenConfig().by_key(), 0))}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def free(*extra: str) -> list[str]:
    """Return flags that take free ports."""
    flags = ["--ui-port", "0", "--otlp-grpc-port", "0", "--otlp-http-port", "0"]
    return [*flags, *extra]


def test_a_second_process_on_the_directory_is_told_who_has_it(clew: RunningClew) -> None:
    """The error names the process and the way out, and the first one is not disturbed."""
    done = up("--data-dir", str(clew.data_dir), *free())
    assert done.returncode == 1
    assert str(clew.pid) in done.stderr
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr
    assert clew.status()["ready"]


@pytest.mark.parametrize("flag", ["--ui-port", "--otlp-grpc-port", "--otlp-http-port"])
def test_a_port_in_use_is_named(tmp_path: Path, flag: str) -> None:
    """The error names the port and the flag, and comes before any data directory is made."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        flags = {"--ui-port": "0", "--otlp-grpc-port": "0", "--otlp-http-port": "0", flag: str(port)}
        done = up("--data-dir", str(tmp_path / "data"), *(part for pair in flags.items() for part in pair))
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert flag in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_usual_port_of_another_system_that_is_taken_is_left_and_told(tmp_path: Path) -> None:
    """Where nobody chose the port, Clew starts without it and status says so; where somebody did, it is an error."""
    with socket.socket() as holder:
        try:
            holder.bind(("127.0.0.1", 9411))
            holder.listen()
        except OSError:  # another Clew, or a Zipkin, has it: as good for this test
            holder.close()
        running = RunningClew(tmp_path)
        del running._env["CLEW_LISTEN_ZIPKIN_PORT"]
        with running:
            check = next(one for one in running.status()["checks"] if one["name"] == "other APIs")
            assert "listen.zipkin is off: port 9411" in check["detail"]
            running.kill()
        named = RunningClew(tmp_path / "named", env={"CLEW_LISTEN_ZIPKIN_PORT": "9411"})
        named.start(wait_s=0)
        assert named.wait_exit() == 1
        assert "port 9411" in named.log()
        assert "listen.zipkin.port" in named.log()


def test_a_newer_data_directory_is_refused(tmp_path: Path) -> None:
    """Both formats and the version to install are named."""
    (tmp_path / "clew.json").write_text(json.dumps({"format": 99, "clew": "7.0.0"}))
    done = up("--data-dir", str(tmp_path), *free())
    assert done.returncode == 1
    assert "99" in done.stderr
    assert "7.0.0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written into a directory that is not Clew's."""
    (tmp_path / "photo.jpg").touch()
    done = up("--data-dir", str(tmp_path), *free())
    assert done.returncode == 1
    assert "photo.jpg" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_public_address_without_tokens_is_refused(tmp_path: Path) -> None:
    """The error names the key and what to set; the exit code is that of a wrong configuration."""
    path = tmp_path / "clew.yaml"
    path.write_text("listen: {ui: {host: 0.0.0.0}}\n")
    done = up("--data-dir", str(tmp_path / "data"), "--config", str(path), *free())
    assert done.returncode == 2
    assert "listen.ui.host" in done.stderr
    assert "insecure" in done.stderr


def test_with_tokens_reading_needs_one(tmp_path: Path) -> None:
    """The API, the command line and the receivers want the token; health does not."""
    config = {"tokens": [{"name": "ops", "token": "s3cret"}]}
    with RunningClew(tmp_path, config=config, token="s3cret") as clew:
        assert clew.status()["ready"]
        assert clew.fetch("/healthz") == b"ok\n"
        refused = clew.clew("status", "--url", clew.url)
        assert refused.returncode == 5
        assert "--token" in refused.stderr
        assert clew.clew("status", "--url", clew.url, "--token", "s3cret").returncode == 0
        denied = clew.clew("load", "--endpoint", clew.otlp_http_url, "--traces", "5")
        assert denied.returncode in {1, 3}
        sent = clew.clew("load", "--endpoint", clew.otlp_http_url, "--traces", "5", "--token", "s3cret")
        assert sent.returncode == 0, sent.stderr
        assert clew.wait_drained()["ledger"]["stored"] > 0


def test_metrics_tell_the_same_as_the_ledger(clew: RunningClew) -> None:
    """`/metrics` has the ledger's counts and the journal's state."""
    ledger = clew.wait_drained()["ledger"]
    lines = clew.fetch("/metrics").decode().splitlines()
    found = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    assert found['clew_ledger_rows{signal="spans",state="stored"}'] == ledger["stored"]
    assert found["clew_store_up"] == 1


def test_what_nothing_uses_is_not_loaded(tmp_path: Path) -> None:
    """A Clew that receives, stores and searches has loaded neither pandas nor scipy: together 100 MiB."""
    with RunningClew(tmp_path) as clew:
        acked = send(clew, 1)
        clew.wait_stored(sum(acked.values()))
        assert stored(clew) == acked
        loaded = Path(f"/proc/{clew.pid}/maps").read_text()
    assert "/numpy/" in loaded
    assert "/pandas/" not in loaded
    assert "/scipy/" not in loaded
