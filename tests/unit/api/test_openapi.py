from __future__ import annotations

import json
from pathlib import Path

from clew.api.openapi import document
from clew.api.reference import reference

ROOT = Path(__file__).parents[3]


def test_the_committed_document_is_current():
    """schemas/openapi.json is what the code says; `python -m clew.api.openapi` writes it."""
    assert json.loads((ROOT / "schemas/openapi.json").read_text()) == document()


def test_the_committed_reference_is_current():
    """docs/reference/api.md is what the code says; `python -m clew.api.reference` writes it."""
    assert (ROOT / "docs/reference/api.md").read_text() == reference()


def test_every_operation_says_what_it_does_and_how_it_fails():
    """Each operation has a summary, a description, and problem+json for its errors."""
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
            if path.startswith("/api/v1"):
                assert "application/problem+json" in operation["responses"]["400"]["content"]
