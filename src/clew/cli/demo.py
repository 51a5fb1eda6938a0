"""The demo application beside `clew up --demo`: a process of its own, as any application is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from clew.cli.errors import MissingExtraError

_GRACE_S = 5.0


def check_demo() -> None:
    """Refuse before anything starts when the OpenTelemetry SDK is not installed.

    Raises:
        MissingExtraError: names what to install.
    """
    wanted = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
    if any(_missing(name) for name in wanted):
        raise MissingExtraError(
            "--demo sends its traces with the OpenTelemetry SDK for Python, which is not installed",
            hint="pip install 'clew[demo]'",
        )


def _missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True


class Demo:
    """Starts the demo application when Clew is ready, ends it before Clew stops."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, otlp_http_url: str) -> None:
        """Start it; it sends to `otlp_http_url`."""
        command = [sys.executable, "-m", "clew.testing.demo", "--endpoint", otlp_http_url]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    def stop(self) -> None:
        """End it; its last spans are flushed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
