"""A page in a real browser, traced by OpenTelemetry's web SDK, that calls an API of another origin."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.testing import RunningClew, coverage_flags
from clew.testing.running import free_ports
from clew.testing.traced import fetch, instrumented, program, spans_of

ROOT = Path(__file__).parents[3]
WEB = ROOT / "tests" / "sdk" / "web"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def node(*arguments: str) -> str:
    """Run the script that bundles and uses the page."""
    done = subprocess.run(["node", "open.mjs", *arguments], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the page's script."""
    target = tmp_path_factory.mktemp("page") / "page.js"
    node("bundle", str(target))
    return str(target)


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Where the pages and the API of the shop listen."""
    pages, api = free_ports(2)
    return pages, api


@pytest.fixture(scope="module")
def clew(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[RunningClew]:
    """Run a Clew that the shop's pages may send to."""
    config = {"cors": {"origins": [f"http://127.0.0.1:{ports[0]}"]}}
    with RunningClew(tmp_path_factory.mktemp("clew"), config=config, interpreter=coverage_flags()) as running:
        yield running
        assert running.stop() == 0, running.log()


@pytest.fixture(scope="module")
def shop(clew: RunningClew, bundle: str, ports: tuple[int, int]) -> Iterator[str]:
    """Run the shop's pages and its API; yields the address of the page."""
    pages, api = (f"http://127.0.0.1:{port}" for port in ports)
    script = str(WEB / "shop.py")
    with (
        program(clew, "shop-pages", instrumented(script, str(ports[0]), api, clew.otlp_http_url, bundle)),
        program(clew, "shop-api", instrumented(script, str(ports[1]), pages)),
    ):
        fetch(pages)
        fetch(f"{api}/cart")
        yield pages


@pytest.fixture(scope="module")
def visit(shop: str) -> dict[str, Any]:
    """Use the page once: the traces of its load and of the purchase, and its errors."""
    told: dict[str, Any] = json.loads(node("click", shop))
    return told


def test_a_purchase_in_the_page_and_the_servers_work_are_one_tree(clew: RunningClew, visit: dict[str, Any]) -> None:
    """Below the click lie the page's requests, and below each the span of the API that answered it."""
    assert visit["errors"] == []
    assert spans_of(clew, visit["buy"], 5) == [
        ("shop-api", "GET /cart", 2, "GET"),
        ("shop-api", "POST /orders", 2, "POST"),
        ("shop-page", "GET", 3, "buy"),
        ("shop-page", "POST", 3, "buy"),
        ("shop-page", "buy", 1, ""),
    ]


def test_the_load_of_the_page_continues_the_trace_of_the_server_that_made_it(
    clew: RunningClew, visit: dict[str, Any]
) -> None:
    """The page's load and each of its resources hang below the span of the request for the page."""
    assert spans_of(clew, visit["load"], 4) == [
        ("shop-page", "documentFetch", 1, "documentLoad"),
        ("shop-page", "documentLoad", 1, "GET /"),
        ("shop-page", "resourceFetch", 1, "documentLoad"),
        ("shop-pages", "GET /", 2, ""),
    ]


def test_the_guide_has_the_code_that_was_run() -> None:
    """The recipe for browsers is the module that the page uses, to the letter."""
    assert (WEB / "tracing.js").read_text() in (ROOT / "docs" / "guide" / "instrument.md").read_text()
