"""Docs are tested: what they name exists, and what exists is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if ".venv" not in p.parts)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link and picture in a page points at a file that exists."""
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_each_route_has_a_heading_in_the_reference() -> None:
    """The API reference has a heading for every route of the OpenAPI document."""
    text = (ROOT / "docs/reference/api.md").read_text()
    paths = json.loads((ROOT / "schemas/openapi.json").read_text())["paths"]
    routes = [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]
    assert [route for route in routes if f"## {route}\n" not in text and f"## `{route}`\n" not in text] == []


def test_the_adrs_are_numbered_without_gaps() -> None:
    """Decisions are found by their number, so no number is missing or used twice."""
    numbers = sorted(int(p.name[:4]) for p in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_names_targets_that_the_makefile_has() -> None:
    """Every `make` target that the README and CONTRIBUTING name exists."""
    makefile = (ROOT / "Makefile").read_text()
    texts = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", texts, flags=re.MULTILINE))
    assert named
    assert {name for name in named if f"\n{name}:" not in makefile} == set()
