"""The example shop as a running process, for tests and demonstrations: `examples/shop` of a checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from clew.testing.running import NotRunningError

SHOP = Path(__file__).parents[3] / "examples" / "shop"
PATIENCE_S = 120.0
OPEN_S = 300.0
"""How long a whole shop may take to open: fifteen processes at once, beside whatever else runs."""
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, *, patience_s: float = PATIENCE_S) -> T:
    """Return what `look` finds, once it finds something.

    Raises:
        TimeoutError: it has found nothing for so long; says `what` it was.
    """
    end = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience_s:.0f} s for {what}")
        time.sleep(0.1)


class RunningShop:
    """`python -m shop up` on free ports; ends with the `with` block, however that ends."""

    def __init__(
        self, run: Path, otlp: str, *arguments: str, env: Mapping[str, str] | None = None, load: bool = False
    ) -> None:
        """Prepare a shop; nothing starts yet.

        Args:
            run: its run directory.
            otlp: where its telemetry goes.
            arguments: more arguments; services in Python alone without any.
            env: the environment, this process' by default.
            load: whether people shop.
        """
        self.run = run
        self.log_path = run.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self._env = env
        self.command: Sequence[str] = [
            *(sys.executable, "-m", "shop", "up", "--otlp", otlp, "--run", str(run), "--port", "0", "--control", "0"),
            *("--load", "people" if load else "none"),
            *(arguments or ("--only", "py")),
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until everything answers.

        Raises:
            NotRunningError: it has ended instead.
        """
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = process = subprocess.Popen(  # noqa: S603 - our own command
                self.command, cwd=SHOP, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env
            )
        opened = self.run / "shop.json"
        try:
            until(lambda: process.poll() is not None or opened.exists(), "the shop to open", patience_s=OPEN_S)
        except TimeoutError:
            self.stop()
            raise NotRunningError(self.log()) from None
        if process.poll() is not None:
            raise NotRunningError(self.log())

    def stop(self) -> int:
        """End it as Ctrl-C does; returns the exit code. Safe twice."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)

    def log(self) -> str:
        """Return what it has said."""
        return self.log_path.read_text(errors="replace")

    def state(self) -> dict[str, Any]:
        """Return the content of shop.json."""
        told: dict[str, Any] = json.loads((self.run / "shop.json").read_text())
        return told

    def pids(self) -> dict[str, int]:
        """Return the process of each instance."""
        return {one["instance"]: one["pid"] for of in self.state()["services"].values() for one in of}

    def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and answer of the switches."""
        return call(self.state()["control"] + path, method, body)

    def switch_on(self, fault: str, **how: Any) -> dict[str, Any]:
        """Switch a fault on; returns what was noted of it.

        Raises:
            NotRunningError: it cannot be switched on.
        """
        status, told = self.control("PUT", f"/faults/{fault}", how)
        if status != 200:  # noqa: PLR2004 - HTTP
            raise NotRunningError(str(told))
        noted: dict[str, Any] = told
        return noted

    def switch_off(self, fault: str = "") -> None:
        """Switch one fault off, or all."""
        self.control("DELETE", f"/faults/{fault}".rstrip("/"))

    def api(self, method: str, path: str, body: Any = None, *, token: str = "", trace: str = "") -> tuple[int, Any]:
        """Return the status and answer of the gateway, in a trace of that id where one is given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if trace:
            headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
        return call(self.state()["gateway"] + path, method, body, headers)

    def log_in(self, user: str = "u1") -> str:
        """Return a new session of a user."""
        return str(self.api("POST", "/api/login", {"user": user})[1]["token"])

    def buy(self, user: str = "u1", products: Sequence[str] = ("p1", "p2", "p3"), trace: str = "") -> tuple[int, Any]:
        """Log in, fill the cart with one each and order it; only the order belongs to the trace."""
        token = self.log_in(user)
        self.api("PUT", "/api/cart", {"lines": [{"product": one, "quantity": 1} for one in products]}, token=token)
        return self.api("POST", "/api/orders", {}, token=token, trace=trace)


def call(url: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Return the status and JSON answer of a request, whatever the status is."""
    sent = None if body is None else json.dumps(body).encode()
    asked = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, sent, asked, method=method)  # noqa: S310 - localhost
    try:
        with urllib.request.urlopen(request, timeout=180) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        if "json" in str(error.headers.get("Content-Type")):
            return error.code, json.loads(text)
        return error.code, text.decode(errors="replace")
