"""Plays the scenarios of docs/guide on a shop of their own and takes their pictures; prints the figures of the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from clew.cli.shop import guide
from clew.testing import RunningClew
from clew.testing.scenario import Desk, Page, evidence, play
from clew.testing.scenario.page import GUIDE
from clew.testing.shop import RunningShop
from clew.testing.stored import stored_spans

TOOLS = Path(__file__).parent
Shot = tuple[str, str, int]
"""Name, address, height in pixels."""


def checkout_latency(desk: Desk, windows: play.Windows) -> Iterator[Shot]:
    """The tail of the orders, the slowest ones, and where the slowest has its time."""
    slowest = desk.traces("slowest-orders", windows["incident"], limit=1)[0]["trace_id"]
    query = max(
        (one for one in stored_spans(desk.clew, slowest) if "db.query.text" in one.attributes),
        key=lambda one: one.end_ns - one.start_ns,
    )
    yield "series", explore(desk, "order-time", over(windows, "before", "repaired")), 560
    yield "list", explore(desk, "slowest-orders", windows["incident"]), 640
    yield "trace", f"{guide.trace(desk.clew.url, slowest)}/at/{query.id}", 760
    for name in ("before", "incident", "repaired"):
        tell(name, desk, "order-time", windows[name])
        tell(name, desk, "slowest-statement", windows[name])


def cold_starts(desk: Desk, windows: play.Windows) -> Iterator[Shot]:
    """Invocations by whether they were cold, and the start before one."""
    first = desk.traces("invoices", windows["small"], limit=1)[0]["trace_id"]
    start = next(one for one in stored_spans(desk.clew, first) if one.name == "cold start")
    yield "series", explore(desk, "invocations", over(windows, "small", "warm")), 560
    yield "trace", f"{guide.trace(desk.clew.url, first)}/at/{start.id}", 760
    for name in ("small", "large", "warm"):
        for question in ("cold-rate", "cold-duration", "invocation-time", "waited"):
            tell(name, desk, question, windows[name])


def payment_outage(desk: Desk, windows: play.Windows) -> Iterator[Shot]:
    """The failed orders over time, and one of them at its first failed span."""
    failed = desk.exemplars("failed-orders", windows["outage"])[0]
    origin = desk.clew.get(f"/traces/{failed}/summary")["data"]["suggested_span"]
    yield "series", explore(desk, "failed-orders", over(windows, "before", "recovered")), 560
    yield "trace", f"{guide.trace(desk.clew.url, failed)}/at/{origin}", 700
    tell("outage", desk, "failed-by-deployment", windows["outage"])
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(evidence.write(Path(folder), desk, windows, failed).read_text())


def cache_removal(desk: Desk, windows: play.Windows) -> Iterator[Shot]:
    """The queries of the catalogue by variant."""
    canary = windows["canary"]
    yield "series", explore(desk, "queries", canary), 560
    for question in sorted(set(desk.page.questions) - desk.page.sql):
        tell("canary", desk, question, canary)
    for question in sorted(desk.page.sql):
        sys.stdout.write(f"  {question}: {desk.rows(question, canary)}\n")


SCENARIOS: dict[str, tuple[Callable[[play.Player, int], play.Windows], int, Callable[..., Iterator[Shot]]]]
SCENARIOS = {
    "checkout-latency": (play.checkout_latency, 120, checkout_latency),
    "cold-starts": (play.cold_starts, 16, cold_starts),
    "payment-outage": (play.payment_outage, 100, payment_outage),
    "cache-removal": (play.cache_removal, 2000, cache_removal),
}


def over(windows: play.Windows, first: str, last: str) -> guide.Span:
    """Return the time from the beginning of a window to the end of another."""
    return guide.Span(windows[first].start_ns, windows[last].end_ns)


def explore(desk: Desk, question: str, span: guide.Span) -> str:
    """Return the address of Explore with a question."""
    return guide.explore(desk.clew.url, desk.page.questions[question], span)


def tell(window: str, desk: Desk, question: str, span: guide.Span) -> None:
    """Print what a question answers."""
    for labels, value in desk.series(question, span).items():
        sys.stdout.write(f"  {window}: {question}: {' '.join(' '.join(labels).split())} = {value:.4g}\n")


def main(names: list[str]) -> None:
    """Take the pictures of these scenarios, of all without names."""
    with tempfile.TemporaryDirectory() as folder, RunningClew(Path(folder) / "clew") as clew:
        with RunningShop(Path(folder) / "shop" / "run", clew.otlp_http_url) as shop:
            for name in names or SCENARIOS:
                sys.stdout.write(f"{name}\n")
                make, count, shots = SCENARIOS[name]
                warm = 0 if name == "cold-starts" else play.WARM
                shop.control("PUT", "/settings/billing", {"warm": warm})
                desk = Desk(clew, Page(name))
                taken = list(shots(desk, make(play.Player(clew, shop), count)))
                photograph([(GUIDE / f"scenario-{name}-{what}.png", url, height) for what, url, height in taken])
            shop.stop()
        clew.stop()


def photograph(shots: list[tuple[Path, str, int]]) -> None:
    """Take pictures of addresses."""
    found = subprocess.run([TOOLS / "chromium.sh"], capture_output=True, text=True, check=True).stdout.strip()
    asked = [{"url": url, "file": str(file), "height": height} for file, url, height in shots]
    subprocess.run(
        ["node", TOOLS / "pictures.mjs"],
        input=json.dumps(asked),
        text=True,
        check=True,
        env={**os.environ, "CHROMIUM": found},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
