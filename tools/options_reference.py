"""Writes docs/reference/configuration.md and docs/reference/metrics.md from the generated schemas."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "schemas"
REFERENCE = ROOT / "docs" / "reference"
INTRO = """# Configuration

One YAML file, given with `--config FILE`. Each key is also an environment variable: `CLEW_` and the path in
capitals, joined by `_` (`journal.max_bytes` is `CLEW_JOURNAL_MAX_BYTES`). Flags of the command line go before
variables, variables before the file. `clew config check FILE` says what is wrong with a file, `clew config show`
prints what is in force, `clew config schema` prints the JSON Schema for completion in editors. An unknown key is
an error that names the nearest known one.
"""


def resolve(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Follow a `$ref` or the only real branch of an `anyOf`."""
    for branch in [schema, *schema.get("anyOf", []), *schema.get("allOf", [])]:
        if "$ref" in branch:
            return dict(defs[branch["$ref"].rsplit("/", 1)[1]])
    return schema


def kind_of(schema: dict[str, Any]) -> str:
    """Return a readable type."""
    branches = [b for b in schema.get("anyOf", [schema]) if b.get("type") != "null"]
    names = sorted({str(b.get("type", "value")) for b in branches})
    choices = [str(c) for b in branches for c in b.get("enum", [])]
    return f"one of {', '.join(f'`{c}`' for c in choices)}" if choices else " or ".join(names)


def options(schema: dict[str, Any], defs: dict[str, Any], path: str) -> list[str]:
    """Return the lines of every option below `schema`."""
    lines: list[str] = []
    for key, value in schema.get("properties", {}).items():
        name = f"{path}{key}"
        inner = resolve(value, defs)
        items = resolve(value.get("items", {}), defs)
        description = value.get("description") or inner.get("description", "")
        if "properties" in inner:
            lines += options(inner, defs, f"{name}.")
            continue
        default = json.dumps(value["default"]) if "default" in value else "none, it must be given"
        lines += [f"## {name}", "", description, "", f"Type: {kind_of(value)}. Default: `{default}`.", ""]
        if "properties" in items:
            lines += options(items, defs, f"{name}[].")
    return lines


def main() -> None:
    """Write the page named on the command line."""
    if sys.argv[1] == "configuration":
        schema = json.loads((SCHEMAS / "config.schema.json").read_text())
        lines = [INTRO, *options(schema, schema.get("$defs", {}), "")]
    else:
        lines = ["# Metrics", "", "Served at `/metrics` on the main port in the Prometheus text format.", ""]
        for metric in json.loads((SCHEMAS / "metrics.json").read_text()):
            labels = ", ".join(f"`{label}`" for label in metric["labels"]) or "none"
            lines += [f"## {metric['name']}", "", metric["help"], "", f"A {metric['kind']}; labels: {labels}.", ""]
    (REFERENCE / f"{sys.argv[1]}.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
