"""One request through Java, Go and Python, each traced by its unmodified SDK, is one tree."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from clew.testing import RunningClew
from clew.testing.running import free_ports

SDK = Path(__file__).parents[2] / "sdk"
APP = Path(__file__).parents[3] / "sdk" / "python" / "tests" / "app.py"
TRACE = "9017a5907017a5907017a5907017a590"


@pytest.fixture(scope="module")
def go_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the server in Go."""
    target = tmp_path_factory.mktemp("go") / "server"
    subprocess.run(["go", "build", "-o", str(target), "."], cwd=SDK / "go", check=True)
    return str(target)


@pytest.fixture(scope="module")
def java_classes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compile the server in Java: the agent leaves programs alone that are run from their source."""
    target = tmp_path_factory.mktemp("java")
    subprocess.run(["javac", "-d", str(target), str(SDK / "java" / "App.java")], check=True)
    return str(target)


@pytest.fixture
def chain(clew: RunningClew, go_server: str, java_classes: str) -> Iterator[str]:
    """Start the three servers; yields the address that leads through all of them."""
    agent = os.environ["CLEW_TEST_JAVAAGENT"]
    java, go, python = free_ports(3)
    tool = str(Path(sys.executable).with_name("clew-instrument"))
    commands = {
        "java-hop": ["java", f"-javaagent:{agent}", "-cp", java_classes, "App", str(java)],
        "go-hop": [go_server, str(go)],
        "python-hop": [tool, "--no-install", sys.executable, str(APP), str(python)],
    }
    with ExitStack() as running:
        for service, command in commands.items():
            environ = {
                **os.environ,
                "OTEL_SERVICE_NAME": service,
                "OTEL_EXPORTER_OTLP_ENDPOINT": clew.otlp_http_url,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_METRICS_EXPORTER": "none",
                "OTEL_LOGS_EXPORTER": "none",
                "OTEL_BSP_SCHEDULE_DELAY": "200",
            }
            process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(process.wait)
            running.callback(process.terminate)
        for port, path in ((java, "/hop"), (go, "/hop"), (python, "/stock/tea")):
            get(f"http://127.0.0.1:{port}{path}", patience_s=60)
        tea = f"http://127.0.0.1:{python}/stock/tea"
        through_go = f"http://127.0.0.1:{go}/hop?next={urllib.parse.quote(tea, safe='')}"
        yield f"http://127.0.0.1:{java}/hop?next={urllib.parse.quote(through_go, safe='')}"


def get(url: str, headers: dict[str, str] | None = None, patience_s: float = 10) -> bytes:
    """Return a page, once its server is there."""
    end = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert time.monotonic() < end, url
            time.sleep(0.2)


def exported(clew: RunningClew, spans: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the service and span of each span of the trace, once there are so many."""
    end = time.monotonic() + 60
    while True:
        try:
            told = clew.get(f"/traces/{TRACE}/export?format=otlp-json")
        except urllib.error.HTTPError:
            told = {"resourceSpans": []}
        found = [
            (
                next(a["value"]["stringValue"] for a in part["resource"]["attributes"] if a["key"] == "service.name"),
                span,
            )
            for part in told["resourceSpans"]
            for scope in part["scopeSpans"]
            for span in scope["spans"]
        ]
        if len(found) >= spans:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.3)


@pytest.mark.polyglot
@pytest.mark.timeout(300)
def test_a_request_through_three_languages_is_one_tree(clew: RunningClew, chain: str) -> None:
    """Each hop's server span hangs below the client span of the hop before, down to the sender's own span."""
    get(chain, {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, patience_s=60)
    spans = exported(clew, 5)
    by_id = {span["spanId"]: (service, span["kind"]) for service, span in spans}
    parents = sorted((service, span["kind"], by_id.get(span.get("parentSpanId", ""))) for service, span in spans)
    assert parents == [
        ("go-hop", 2, ("java-hop", 3)),
        ("go-hop", 3, ("go-hop", 2)),
        ("java-hop", 2, None),
        ("java-hop", 3, ("java-hop", 2)),
        ("python-hop", 2, ("go-hop", 3)),
    ]
