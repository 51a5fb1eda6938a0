"""Builds the wheel, installs it in an empty environment without the source, boots it, loads a page, sends a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = {
    "traceId": TRACE,
    "spanId": "b7ad6b7169203331",
    "name": "wheel check",
    "kind": 2,
    "startTimeUnixNano": "1700000000000000000",
    "endTimeUnixNano": "1700000000250000000",
}
BODY = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Return 0 when the installed wheel serves its page and keeps a trace."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "build", "--wheel", "--quiet", "--out-dir", str(work / "dist")], cwd=ROOT, check=True)
        wheel = next((work / "dist").glob("*.whl"))
        venv.create(work / "env")
        python = str(work / "env" / "bin" / "python")
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, str(wheel)], check=True)
        return boot(work)


OTHERS = ("TEMPO", "JAEGER_HTTP", "JAEGER_GRPC", "JAEGER_STORAGE", "ZIPKIN")
"""Ports beside the main one and those of OTLP; another program may have the usual ones."""


def boot(work: Path) -> int:
    """Start the installed clew, use it once, stop it with SIGTERM."""
    ports = [free_port() for _ in range(3)]
    clew = str(work / "env" / "bin" / "clew")
    flags = ["--ui-port", "--otlp-grpc-port", "--otlp-http-port"]
    arguments = [part for flag, port in zip(flags, ports, strict=True) for part in (flag, str(port))]
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    clean |= {f"CLEW_LISTEN_{name}_PORT": "0" for name in OTHERS}
    command = [clew, "up", "--data-dir", str(work / "data"), *arguments]
    process = subprocess.Popen(command, cwd=work, env=clean)
    url = f"http://127.0.0.1:{ports[0]}"
    try:
        subprocess.run([clew, "status", "--wait", "60", "--url", url], check=True, cwd=work, env=clean)
        request = urllib.request.Request(
            f"http://127.0.0.1:{ports[2]}/v1/traces",
            data=json.dumps(BODY).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200, answer.status
        with urllib.request.urlopen(f"{url}/") as page:
            text = page.read().decode()
        assert '<script type="module"' in text, "the page has no script: the wheel lacks the UI"
        script = text.split('<script type="module"')[1].split('src="')[1].split('"')[0]
        with urllib.request.urlopen(url + script) as asset:
            assert asset.read(), "the page's script is empty"
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    print(f"wheel: built, installed alone, booted, one page loaded, stopped with {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
