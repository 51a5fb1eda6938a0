"""`make demo`: Clew, the example shop and people in it, in one terminal. Ctrl-C ends all of it.

A Clew that answers on the usual port is used as it is, and goes on afterwards; otherwise one is started, and ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "shop"
CLEW = os.environ.get("CLEW_URL", "http://127.0.0.1:4319")
OTLP = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
READY_S = 60.0
END_S = 30.0


def answers() -> bool:
    """Return whether a Clew is ready."""
    try:
        with urllib.request.urlopen(f"{CLEW}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def start(*command: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a program that Ctrl-C does not reach by itself."""
    return subprocess.Popen([sys.executable, *command], cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program in order."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C, or until one of both ends."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    running: list[subprocess.Popen[bytes]] = []
    try:
        if answers():
            print(f"demo: using the Clew at {CLEW}")
        else:
            running.append(start("-m", "clew.cli", "up", cwd=ROOT))
            wait_until = time.monotonic() + READY_S
            while not answers() and not stopping.is_set():
                if running[0].poll() is not None or time.monotonic() > wait_until:
                    print("demo: Clew did not start, see above", file=sys.stderr)
                    return 1
                time.sleep(0.2)
        command = ("-m", "shop", "up", "--otlp", OTLP, "--run", str(ROOT / ".shop"))
        if not stopping.is_set():
            print(f"demo: traces are at {CLEW}, the shop is starting")
            running.append(start(*command, *arguments, cwd=SHOP))
        while not stopping.wait(0.2):
            if any(one.poll() is not None for one in running):
                return 1
    finally:
        for one in reversed(running):
            end(one)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
