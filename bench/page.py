"""The trace page in a real Chromium: when a large trace is there, and what the main thread takes per frame."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.part import Part, Promise

from clew.testing import RunningClew

ROOT = Path(__file__).resolve().parent.parent
TRACE = "636c65772d6269670000000000000001"
SIZES = {
    "1k": (1_000, (300, 400, 500, 4, 8, 15)),
    "100k": (100_000, (400, 800, 2000, 8, 16, 60)),
    "1M": (1_000_000, (500, 1500, 6000, 8, 16, 150)),
}
"""Spans, and the budgets of the rows below."""
ROWS = {
    "header_ms": ("header painted", "ms"),
    "rows_ms": ("first rows", "ms"),
    "interactive_ms": ("all interactive", "ms"),
    "scroll_p95_ms": ("scroll, script per frame, p95", "ms"),
    "scroll_p99_ms": ("scroll, script per frame, p99", "ms"),
    "heap_mb": ("JS heap above idle", "MB"),
}


def _promises() -> tuple[Promise, ...]:
    return tuple(
        Promise(f"trace page of {size} spans: {name}", f"page_{size}_{key}", unit, most, most)
        for size, (_, budgets) in SIZES.items()
        for (key, (name, unit)), most in zip(ROWS.items(), budgets, strict=True)
    )


PART = Part(title="The trace page in Chromium", rows=_promises(), arguments=lambda scale: ["--largest"] * (scale >= 1))


def measure(spans: int) -> dict[str, float]:
    """Return what the page took, opened a second time: the first one fills the browser's code cache."""
    with tempfile.TemporaryDirectory() as folder, RunningClew(Path(folder)) as clew:
        load = ["load", "--endpoint", clew.otlp_http_url, "--big-trace", str(spans), "--json"]
        subprocess.run([sys.executable, "-m", "clew.cli", *load], check=True, stdout=subprocess.DEVNULL)
        clew.wait_stored(spans, 300)
        script = ["node", "bench/trace.mjs", f"{clew.url}/trace/{TRACE}"]
        for _ in range(2):
            done = subprocess.run(script, cwd=ROOT / "ui", check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main() -> None:
    """Print the figures of all sizes, the million only with `--largest`."""
    figures = []
    for size, (spans, _) in SIZES.items():
        if size != "1M" or "--largest" in sys.argv:
            told = measure(spans)
            figures += [{"name": f"page_{size}_{key}", "value": told[key], "note": "headless, no GPU"} for key in ROWS]
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
