"""`make bench`: every promised figure, measured on this machine, printed and written to docs/reference/benchmarks.md.

`python bench/run.py [--quick] [--scale S] [--only PART]`: `--quick` takes small sizes and writes nothing, `--scale` is
the share of ten million stored spans (below 1 the steady runs take half a minute), `--only` is one of end_to_end,
codec, store, query or of the files here that define a `PART` (see `bench.part`). The page tells the scale.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import bench  # noqa: E402 - found by the line above
from bench.part import Part, Promise  # noqa: E402
from bench.table import ASKING, PROMISES, SEARCHES  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "benchmarks.md"
NOTES = ROOT / "bench" / "notes.md"
Figures = dict[str, tuple[float, str]]
Section = tuple[str, tuple[Promise, ...]]
FIRST = "Receiving, keeping and finding"
TRACES = 1_000_000
QUICK = 0.05
"""Scale of `--quick`."""

READS = {
    "newest 20 of a service, 24 h": "newest_of_service_ms",
    "newest 20 over 1 s, 24 h": "slow_traces_ms",
    "newest 20 of one attribute value, 24 h": "attribute_value_ms",
    "one long value, not indexed, that nothing has, 24 h": "long_value_ms",
    "newest 20 of one value of an unscoped key, 24 h": "unscoped_value_ms",
    "newest 20 of descendants (A) >> (B), one value, 24 h": "descendants_ms",
    "newest 20 of one value among others (A) && (B), 24 h": "both_ms",
    "RED with p99 by service, 24 h by minute": "red_p99_ms",
    "trace of 100,000 spans, first block": "big_trace_first_byte_ms",
    "trace of 100,000 spans, all blocks": "big_trace_last_byte_ms",
}

CODEC = {"decode protobuf": "decode_protobuf_us"}


def run(module: str, *arguments: str) -> Any:
    """Run one benchmark as a process of its own and return the JSON that it prints."""
    command = [sys.executable, "-m", f"bench.{module}", *arguments]
    sys.stderr.write(f"bench: {' '.join(command[2:])}\n")
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.stderr.write(f"bench: {module} ended with {done.returncode}; its figures are not measured\n")
        return None
    return json.loads(done.stdout)


class Sizes:
    """The scale of a run, and the stored spans that its parts share."""

    def __init__(self, scale: float, directory: Path) -> None:
        self.scale = scale
        self.directory = directory

    @property
    def traces(self) -> str:
        """How many traces of ten spans are stored."""
        return str(round(TRACES * self.scale))

    def stored(self, days: int) -> list[str]:
        """Return the arguments of a benchmark that opens the stored spans; the first one makes them."""
        return ["--traces", self.traces, "--days", str(days), "--directory", str(self.directory / f"days-{days}")]


def end_to_end(sizes: Sizes) -> Figures:
    """Return the figures of a whole process."""
    scale = sizes.scale
    lengths = ["--quick"] if scale <= QUICK else ["--seconds", "60" if scale >= 1 else "30"]
    told = run("end_to_end", "--json", *lengths)
    return {one["name"]: (one["value"], one["note"]) for one in told or ()}


def codec(_: Sizes) -> Figures:
    """Return the figures of the codec; it has one size."""
    told = run("codec", "--json") or {}
    found = {CODEC.get(name, name): (float(value), "") for name, value in told.items()}
    if (key := "decode_protobuf_us") in found:
        found[key] = (found[key][0], f"{told['bytes per span, protobuf']:.0f} bytes per span")
    return found


def store(sizes: Sizes) -> Figures:
    """Return the bytes on disk of one million traces of ten spans."""
    told = run("store", "--traces", sizes.traces)
    if told is None:
        return {}
    disk, note = told["disk_bytes_per_span"], f"{told['spans']:,} spans"
    return {"disk_spans_bytes": (disk["spans alone"], note), "disk_all_bytes": (disk["all"], note)}


def query(sizes: Sizes) -> Figures:
    """Return the times of the reads: over one day, and by id over thirty."""
    found: Figures = {}
    if told := run("query", *sizes.stored(1)):
        note = f"{told['spans']:,} spans of a day, median"
        found |= {key: (told["ms"][name], note) for name, key in READS.items() if name in told["ms"]}
    if told := run("query", *sizes.stored(30)):
        found["trace_by_id_ms"] = (told["ms"]["trace by id, time unknown"], f"{told['spans']:,} spans, median")
    return found


def registered() -> dict[str, Part]:
    """Return the parts that files of this folder define, by file."""
    found = {}
    for module in pkgutil.iter_modules(bench.__path__):
        if "\nPART = Part(" in (ROOT / "bench" / f"{module.name}.py").read_text(encoding="utf-8"):
            found[module.name] = importlib.import_module(f"bench.{module.name}").PART
    return found


def of(name: str, part: Part) -> Callable[[Sizes], Figures]:
    """Return what measures a registered part."""

    def measure(sizes: Sizes) -> Figures:
        given = [*(sizes.stored(part.stored_days) if part.stored_days else ()), *part.arguments(sizes.scale)]
        return {one["name"]: (float(one["value"]), one.get("note", "")) for one in run(name, *given) or ()}

    return measure


PARTS: dict[str, Callable[[Sizes], Figures]] = {
    "end_to_end": end_to_end,
    "codec": codec,
    "store": store,
    "query": query,
}


def machine() -> str:
    """Describe this machine in one line."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = {line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = f"{os.cpu_count()} x {', '.join(sorted(models)) or platform.machine()}"
    return f"{cpu}, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def shown(value: float | None) -> str:
    """Return a value with as many digits as it needs."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def sections(parts: Mapping[str, Part]) -> list[Section]:
    """Return the tables: the first one, then one for each title."""
    rows: dict[str, tuple[Promise, ...]] = {FIRST: PROMISES, ASKING: SEARCHES}
    for part in parts.values():
        rows[part.title] = (*rows.get(part.title, ()), *part.rows)
    return list(rows.items())


def page(tables: list[Section], figures: Figures, *, loaded: float, scale: float) -> str:
    """Return the page for docs/reference."""
    lines = [
        "# Benchmarks",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`: Clew {version('clew')}, chdb {version('chdb')}.",
        "",
        f"Machine: {machine()}. The sender runs on the same cores; load before the start was {loaded:.1f}.",
        f"Disk and reads are measured with {10 * TRACES * scale:,.0f} stored spans.",
        "CPU is user + system of all threads. Spans have 8 string and 4 number attributes and about 620 bytes of OTLP.",
    ]
    for title, promises in tables:
        lines += ["", f"## {title}", ""]
        lines += ["| figure | measured | must | aim | | how | best peer |", "|---|---|---|---|---|---|---|"]
        for promise in promises:
            value, note = figures.get(promise.key, (None, ""))
            lines.append(
                f"| {promise.name} | {shown(value)} {promise.unit} | {shown(promise.must)} | {shown(promise.aim)} "
                f"| {promise.verdict(value)} | {note} | {promise.peer} |"
            )
    extra = sorted(set(figures) - {promise.key for _, promises in tables for promise in promises})
    if extra:
        lines += ["", "Also measured:", ""]
        lines += [f"- `{name}`: {shown(figures[name][0])} {figures[name][1]}".rstrip() for name in extra]
    return "\n".join([*lines, "", NOTES.read_text(encoding="utf-8").rstrip(), ""])


def show(tables: list[Section], figures: Figures) -> None:
    """Print the tables."""
    console = Console(width=120)
    for title, promises in tables:
        table = Table(title=title, title_justify="left", box=None, header_style="bold")
        for heading, right in (("figure", False), ("measured", True), ("must", True), ("aim", True), ("", False)):
            table.add_column(heading, justify="right" if right else "left")
        for promise in promises:
            value, _ = figures.get(promise.key, (None, ""))
            verdict = promise.verdict(value).strip("*")
            table.add_row(
                promise.name, f"{shown(value)} {promise.unit}", shown(promise.must), shown(promise.aim), verdict
            )
        console.print(table)
    print(machine())


def main() -> None:
    """Measure, print, write."""
    more = registered()
    parts = {**PARTS, **{name: of(name, part) for name, part in more.items()}}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, and nothing is written")
    parser.add_argument("--scale", type=float, default=1.0, help="share of ten million stored spans")
    parser.add_argument("--only", default="", choices=["", *parts])
    options = parser.parse_args()
    scale = QUICK if options.quick else options.scale
    loaded = os.getloadavg()[0]
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as directory:
        for name, measure in parts.items():
            if options.only in {"", name}:
                figures |= measure(Sizes(scale, Path(directory)))
    tables = sections(more)
    show(tables, figures)
    print(f"disk and reads with {10 * TRACES * scale:,.0f} stored spans")
    if not options.quick and not options.only:
        TARGET.write_text(page(tables, figures, loaded=loaded, scale=scale), encoding="utf-8")
        print(f"written to {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
