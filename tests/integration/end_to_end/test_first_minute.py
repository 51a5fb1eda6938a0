"""A new web application in an empty environment, with nothing but the commands of the guide."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.testing import RunningClew, free_port
from clew.testing.traced import fetch, program, spans_of, trace_of

ROOT = Path(__file__).parents[3]
APP = """
import sys
from flask import Flask

app = Flask(__name__)

@app.get("/hello/<name>")
def hello(name):
    return f"hello {name}"

app.run(port=int(sys.argv[1]))
"""


def guide() -> list[str]:
    """Return the commands of the guide's first block for Python."""
    text = (ROOT / "docs" / "guide" / "instrument.md").read_text()
    [block] = re.findall(r"## Python\n\n```sh\n(.*?)```", text, re.DOTALL)
    return block.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_new_application_shows_its_first_trace(
    clew: RunningClew, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Install, name the service, run: the instrumentation of Flask comes by itself, and the trace is in Clew.

    The time that it took is reported; it is not checked.
    """
    assert guide() == ["pip install clew-sdk", "export OTEL_SERVICE_NAME=shop", "clew-instrument python app.py"]
    uv = Path(sys.executable).with_name("uv")
    build = [
        uv,
        "build",
        "--wheel",
        "--quiet",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        tmp_path,
    ]
    subprocess.run([*build, ROOT / "sdk" / "python"], check=True)
    [wheel] = tmp_path.glob("clew_sdk-*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    bin_ = tmp_path / "env" / "bin"
    (tmp_path / "app.py").write_text(APP)
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    began = time.monotonic()
    subprocess.run([bin_ / "pip", "install", "--quiet", "flask", wheel], check=True, env=clean)
    installed = time.monotonic()
    path = f"{bin_}{os.pathsep}{clean['PATH']}"
    port = free_port()
    command = [str(bin_ / "clew-instrument"), "python", str(tmp_path / "app.py"), str(port)]
    with program(clew, "first-minute", command, {"PATH": path, "PYTHONPATH": ""}):
        assert fetch(f"http://127.0.0.1:{port}/hello/you", patience_s=180) == b"hello you"
        trace = trace_of(clew, '{ resource.service.name = "first-minute" }')
    seen = time.monotonic()
    assert spans_of(clew, trace, 1) == [("first-minute", "GET /hello/<name>", 2, "")]
    record_property("seconds", {"pip install": installed - began, "from there to the trace": seen - installed})
