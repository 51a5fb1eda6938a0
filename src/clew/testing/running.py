"""A real Clew process on free ports, for tests, crash runs and benchmarks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from clew.config import ListenConfig

_POLL_S = 0.05
_STOP_S = 30.0


class NotRunningError(Exception):
    """The process ended, or did not do in time what was asked of it; holds the end of its log."""


def free_port() -> int:
    """Return a port that was free a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different ports that were free a moment ago."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def ports_env(ports: Mapping[str, int]) -> dict[str, str]:
    """Return the variables that set the port of each key."""
    return {f"CLEW_{key.upper().replace('.', '_')}_PORT": str(port) for key, port in ports.items()}


def coverage_flags() -> list[str]:
    """Return the interpreter's arguments that measure coverage, where `make test` asks for it by `CLEW_COVERAGE_RC`.

    A process that is killed leaves no measure, and a measured one is slower: for instances that many tests share.
    """
    rcfile = os.environ.get("CLEW_COVERAGE_RC")
    return ["-m", "coverage", "run", "--parallel-mode", f"--rcfile={rcfile}"] if rcfile else []


class RunningClew:
    """`clew up` in a directory of its own; ends with the `with` block, however that ends."""

    def __init__(
        self,
        directory: Path,
        *,
        config: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        interpreter: Sequence[str] = (),
        token: str = "",
    ) -> None:
        """Prepare a process; nothing starts yet.

        Args:
            directory: holds the data directory, the configuration file and the log.
            config: keys of the configuration file, nested.
            env: more variables of the environment.
            interpreter: arguments of the interpreter, such as those of `coverage_flags`.
            prefix: command before the interpreter, such as `["prlimit", "--fsize=1000000"]`.
            token: sent by `get` and `post`.
        """
        self.directory = directory
        self.data_dir = directory / "data"
        self.log_path = directory / "clew.log"
        keys = ListenConfig().by_key()
        self.ports = dict(zip(keys, free_ports(len(keys)), strict=True))
        """Port per key of the configuration, such as `listen.jaeger_http`."""
        self.ui_port, self.grpc_port = self.ports["listen.ui"], self.ports["listen.otlp_grpc"]
        self.http_port = self.ports["listen.otlp_http"]
        self.url = f"http://127.0.0.1:{self.ui_port}"
        self.otlp_http_url = f"http://127.0.0.1:{self.http_port}"
        self.otlp_grpc_url = f"http://127.0.0.1:{self.grpc_port}"
        self._config = dict(config or {})
        self._env = {**os.environ, **ports_env(self.ports), **(env or {})}
        self._prefix = list(prefix)
        self._interpreter = list(interpreter)
        self._token = token
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def command(self) -> list[str]:
        """The command line that starts it."""
        arguments = {"--data-dir": self.data_dir}
        if self._config:
            arguments["--config"] = self.directory / "clew.yaml"
        flags = [str(part) for pair in arguments.items() for part in pair]
        return [*self._prefix, sys.executable, *self._interpreter, "-m", "clew.cli", "up", *flags]

    @property
    def pid(self) -> int:
        """Process id."""
        if self.process is None:
            raise NotRunningError("it has not been started")
        return self.process.pid

    def start(self, *, wait_s: float = 60.0) -> None:
        """Start the process and, unless `wait_s` is 0, wait until everything is ready."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._config:
            (self.directory / "clew.yaml").write_text(yaml.safe_dump(self._config))
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env, cwd=self.directory
            )
        if wait_s:
            self.wait_ready(wait_s)

    def wait_ready(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """Return the status once everything is ready."""
        return self._wait(lambda status: bool(status["ready"]), timeout_s, "be ready")

    def wait_stored(self, spans: int, timeout_s: float = 60.0) -> dict[str, Any]:
        """Return the status once at least so many spans are stored and none is pending."""
        return self._wait(
            lambda status: status["ledger"]["stored"] >= spans and not status["ledger"]["pending"],
            timeout_s,
            f"store {spans} spans",
        )

    def wait_drained(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """Return the status once nothing is pending."""
        return self._wait(lambda status: not status["ledger"]["pending"], timeout_s, "store what is pending")

    def status(self) -> dict[str, Any]:
        """Return what `clew status --json` prints."""
        answer: dict[str, Any] = self.get("/status")["data"]
        return answer

    def get(self, path: str) -> Any:
        """Return the JSON answer of GET /api/v1<path>."""
        return json.loads(self.fetch(f"/api/v1{path}"))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answer of POST /api/v1<path>."""
        return json.loads(self.fetch(f"/api/v1{path}", json.dumps(body).encode()))

    def fetch(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the body of any path of the main port.

        Raises:
            urllib.error.HTTPError: any status but 2xx.
        """
        sent = {"content-type": "application/json", **(headers or {})}
        if self._token and "authorization" not in sent:
            sent["authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self.url + path, body, sent)  # noqa: S310 - localhost
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())

    def clew(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `clew` command to its end."""
        command = [sys.executable, "-m", "clew.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=self._env, check=False)  # noqa: S603

    def stop(self, timeout_s: float = _STOP_S) -> int:
        """Send SIGTERM and return the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(timeout_s)

    def kill(self) -> None:
        """`kill -9`; safe twice and without start."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self, *, wait_s: float = 60.0) -> None:
        """Kill it if it still runs, and start it again on the same directory and ports."""
        self.kill()
        self.start(wait_s=wait_s)

    def log(self) -> str:
        """Return everything that it has printed."""
        with contextlib.suppress(FileNotFoundError):
            return self.log_path.read_text(errors="replace")
        return ""

    def cpu_s(self) -> float:
        """Return the CPU seconds of all its threads so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self) -> int:
        """Return its resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wait_exit(self, timeout_s: float = _STOP_S) -> int:
        """Return the exit code once the process has ended."""
        if self.process is None:
            return 0
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotRunningError(f"it did not end in {timeout_s} s:\n{self.log()[-4000:]}") from None

    def _wait(self, reached: Any, timeout_s: float, what: str) -> dict[str, Any]:
        end = time.monotonic() + timeout_s
        status: dict[str, Any] | None = None
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise NotRunningError(f"it ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            with contextlib.suppress(OSError, urllib.error.HTTPError):
                status = self.status()
                if reached(status):
                    return status
            time.sleep(_POLL_S)
        raise NotRunningError(f"it did not {what} in {timeout_s} s: {status}\n{self.log()[-4000:]}")
