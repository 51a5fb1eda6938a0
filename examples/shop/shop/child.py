"""One process of the shop."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from shop import ports

_TAIL = 2000


class Child:
    """A process that is started, watched and ended; its output goes to a log."""

    def __init__(self, name: str, command: list[str], environ: dict[str, str], *, port: int, log: Path) -> None:
        self.name = name
        self.port = port
        self.log = log
        self._command = command
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C in the terminal reaches only the supervisor."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environ,
                cwd=self._environ["SHOP_RUN"],
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def ready(self) -> bool:
        """Return whether it listens; one that has no port is ready when it runs."""
        return self.ended() is None and (not self.port or ports.open_at(self.port))

    def terminate(self) -> None:
        """Ask it to end. Safe when it has ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def finish(self, within_s: float) -> None:
        """Wait for its end; kill it, and whatever it has started, when that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-_TAIL:] if self.log.exists() else ""
