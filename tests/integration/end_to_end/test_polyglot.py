"""One request through Java, Go and Python, each traced by its unmodified SDK, is one tree."""

from __future__ import annotations

import os
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clew.testing import RunningClew
from clew.testing.running import free_ports
from clew.testing.traced import each, exported, fetch, instrumented, program

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
    commands = {
        "java-hop": ["java", f"-javaagent:{agent}", "-cp", java_classes, "App", str(java)],
        "go-hop": [go_server, str(go)],
        "python-hop": instrumented(str(APP), str(python)),
    }
    with ExitStack() as running:
        for service, command in commands.items():
            running.enter_context(program(clew, service, command))
        for port, path in ((java, "/hop"), (go, "/hop"), (python, "/stock/tea")):
            fetch(f"http://127.0.0.1:{port}{path}")
        tea = f"http://127.0.0.1:{python}/stock/tea"
        through_go = f"http://127.0.0.1:{go}/hop?next={urllib.parse.quote(tea, safe='')}"
        yield f"http://127.0.0.1:{java}/hop?next={urllib.parse.quote(through_go, safe='')}"


@pytest.mark.polyglot
@pytest.mark.timeout(300)
def test_a_request_through_three_languages_is_one_tree(clew: RunningClew, chain: str) -> None:
    """Each hop's server span hangs below the client span of the hop before, down to the sender's own span."""
    fetch(chain, {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    told = exported(clew, TRACE, lambda spans: len(spans) >= 5)
    spans = {span["spanId"]: (service, span) for service, span in each(told)}
    parents = sorted(
        (service, span["kind"], above and (above[0], above[1]["kind"]))
        for service, span in spans.values()
        for above in [spans.get(span.get("parentSpanId", ""))]
    )
    assert parents == [
        ("go-hop", 2, ("java-hop", 3)),
        ("go-hop", 3, ("go-hop", 2)),
        ("java-hop", 2, None),
        ("java-hop", 3, ("java-hop", 2)),
        ("python-hop", 2, ("go-hop", 3)),
    ]
