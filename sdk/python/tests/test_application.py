from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.running import free_port

APP = Path(__file__).with_name("app.py")
GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = GOOD[3:35]


@pytest.fixture(scope="module")
def clew(tmp_path_factory):
    """A running Clew."""
    with RunningClew(tmp_path_factory.mktemp("clew")) as running:
        yield running


def fetch(port, path, headers=None, seconds=30.0):
    """Get a page of the application once it is there."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {})
            ) as page:
                return page.read()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def spans_of(clew, trace, count, seconds=30.0):
    """Return name, kind and parent's name of each span of a trace, once so many are stored."""
    end = time.monotonic() + seconds
    while True:
        try:
            told = clew.get(f"/traces/{trace}/export?format=otlp-json")
        except urllib.error.HTTPError:  # not stored yet
            told = {"resourceSpans": []}
        spans = [s for r in told["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]
        if len(spans) >= count:
            names = {s["spanId"]: s["name"] for s in spans}
            return told, sorted((s["name"], s["kind"], names.get(s.get("parentSpanId", ""), "")) for s in spans)
        assert time.monotonic() < end, (len(spans), told)
        time.sleep(0.2)


def test_an_unchanged_web_application_shows_its_first_trace(clew):
    """`clew-instrument python app.py` is all: server, threads and clients are one tree, each call once."""
    port = free_port()
    tool = shutil.which("clew-instrument", path=str(Path(sys.executable).parent))
    environ = {**os.environ, "OTEL_SERVICE_NAME": "tea-shop", "OTEL_EXPORTER_OTLP_ENDPOINT": clew.otlp_http_url}
    command = [tool, "--no-install", sys.executable, str(APP), str(port)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            assert b"tea" in fetch(port, "/cart", {"traceparent": GOOD})
            told, spans = spans_of(clew, TRACE, 5)
        finally:
            process.send_signal(signal.SIGINT)
            process.stderr.read()
    assert spans == [
        ("GET", 3, "GET /cart"),
        ("GET", 3, "GET /cart"),
        ("GET /cart", 2, ""),
        ("GET /stock/<item>", 2, "GET"),
        ("GET /stock/<item>", 2, "GET"),
    ]
    resource = {one["key"]: one["value"] for one in told["resourceSpans"][0]["resource"]["attributes"]}
    assert resource["service.name"] == {"stringValue": "tea-shop"}
    assert "vcs.ref.head.revision" in resource


def test_two_lines_in_the_program_do_the_same(clew):
    """`clew_sdk.start(...)` sets up what the command does, sends at the end of the program, and says what it did."""
    program = f"""
import clew_sdk
running = clew_sdk.start("two-lines", endpoint={clew.otlp_http_url!r})
assert clew_sdk.start() is running
from opentelemetry import trace
with trace.get_tracer("t").start_as_current_span("work") as span:
    print(f"{{span.get_span_context().trace_id:032x}}")
assert running.flush() and running.told().sent == 1
with trace.get_tracer("t").start_as_current_span("more", context=trace.set_span_in_context(span)):
    pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert spans_of(clew, done.stdout.strip(), 2)[1] == [("more", 1, "work"), ("work", 1, "")]
