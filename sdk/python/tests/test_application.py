from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.running import free_port
from clew.testing.stored import each
from clew.testing.traced import exported, fetch, instrumented, program, spans_of, tree

APP = Path(__file__).with_name("app.py")
GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = GOOD[3:35]


@pytest.fixture(scope="module")
def clew(tmp_path_factory):
    """A running Clew."""
    with RunningClew(tmp_path_factory.mktemp("clew")) as running:
        yield running


def test_an_unchanged_web_application_shows_its_first_trace(clew):
    """`clew-instrument python app.py` is all: server, threads and clients are one tree, with its logs."""
    port = free_port()
    with program(clew, "tea-shop", instrumented(str(APP), str(port)), {"OTEL_LOGS_EXPORTER": "otlp"}):
        assert b"tea" in fetch(f"http://127.0.0.1:{port}/cart", {"traceparent": GOOD})
        told = exported(clew, TRACE, lambda spans: len(spans) >= 5)
    assert [one[1:] for one in tree(told)] == [
        ("GET", 3, "GET /cart"),
        ("GET", 3, "GET /cart"),
        ("GET /cart", 2, ""),
        ("GET /stock/<item>", 2, "GET"),
        ("GET /stock/<item>", 2, "GET"),
    ]
    resource = {one["key"]: one["value"] for one in told["resourceSpans"][0]["resource"]["attributes"]}
    assert resource["service.name"] == {"stringValue": "tea-shop"}
    assert "vcs.ref.head.revision" in resource
    [page] = [span["spanId"] for _, span in each(told) if span["name"] == "GET /cart"]
    end = time.monotonic() + 60
    while not (logs := clew.get(f"/traces/{TRACE}/spans/{page}")["data"]["logs"]):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert [(one["severity_text"], one["body"]) for one in logs] == [("WARNING", "cart asked for")]


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
    assert spans_of(clew, done.stdout.strip(), 2) == [
        ("two-lines", "more", 1, "work"),
        ("two-lines", "work", 1, ""),
    ]
