"""Checks the size rules of the code and prints the ten longest files and functions."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {
    "src": 600,
    "native": 600,
    "ui/src": 400,
    "tests": 800,
    "bench": 600,
    "tools": 600,
    "ui/e2e": 800,
    "examples": 600,
}
SUFFIXES = {".py", ".rs", ".ts", ".tsx", ".css"}
GENERATED = ("_pb2", ".gen.", ".pyi")


def tracked() -> list[Path]:
    """Return the source files that git knows, generated ones left out."""
    output = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / line for line in output.splitlines())
    return [p for p in paths if p.suffix in SUFFIXES and p.exists() and not any(g in p.name for g in GENERATED)]


def functions(path: Path) -> list[tuple[int, str]]:
    """Return (lines, place) of each Python function."""
    place = path.relative_to(ROOT)
    nodes = ast.walk(ast.parse(path.read_text()))
    return [
        (node.end_lineno - node.lineno + 1, f"{place}:{node.lineno} {node.name}")
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def quantile(values: list[int], share: float) -> int:
    """Return the value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def main() -> int:
    """Print the longest, fail on what is over a limit."""
    sizes = {p: len(p.read_text().splitlines()) for p in tracked()}
    over = []
    for path, lines in sizes.items():
        name = str(path.relative_to(ROOT))
        limit = next((most for root, most in LIMITS.items() if name.startswith(root + "/")), None)
        if limit is not None and lines > limit:
            over.append(f"{name}: {lines} lines, {limit} is the limit")
    modules = [lines for path, lines in sizes.items() if path.is_relative_to(ROOT / "src")]
    parts = sorted(f for p in sizes if p.is_relative_to(ROOT / "src") and p.suffix == ".py" for f in functions(p))
    print(f"modules: median {quantile(modules, 0.5)}, p90 {quantile(modules, 0.9)}, longest {max(modules)}")
    print(f"functions: median {quantile([n for n, _ in parts], 0.5)}, p90 {quantile([n for n, _ in parts], 0.9)}")
    for path, lines in sorted(sizes.items(), key=lambda item: -item[1])[:10]:
        print(f"  {lines:5}  {path.relative_to(ROOT)}")
    for lines, place in parts[-10:][::-1]:
        print(f"  {lines:5}  {place}")
    for line in over:
        print(line, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
