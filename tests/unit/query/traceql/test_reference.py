from __future__ import annotations

import re
from pathlib import Path

import pytest

from clew.query.traceql import parse, print_query

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "traceql.md").read_text()
EXAMPLES = [
    line for block in re.findall(r"```traceql\n(.*?)```", PAGE, flags=re.DOTALL) for line in block.splitlines() if line
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_reference_is_a_query(example):
    """Each line of the reference's examples parses, and so does its canonical text."""
    query = parse(example)
    assert parse(print_query(query)) == query


def test_the_reference_has_examples():
    """The examples are found in the page."""
    assert len(EXAMPLES) > 35
