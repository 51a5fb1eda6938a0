"""Patterns of structured filters: what is refused before the engine sees it."""

from __future__ import annotations

import pytest

from clew.api.jaeger.pattern import complaints


@pytest.mark.parametrize(
    "pattern",
    [
        "", "GET", "a.*b", "a?", "(a?)?", "a{2,3}", "a{2,}b?", r"\$5\.00", r"\^", "[$^]", "[^]^]", "[[:alpha:]?]?",
        r"[\]$]", r"\p{L}?", r"\x{24}?", r"\Q^a+?$\E?", "(?P<iU>x)", "(?<i>x)?", "(?:x)?", "(?s:a.b)", "(?-i)x",
        "(?s-iU:x)", "{x}?",
    ],
)  # fmt: skip
def test_what_every_store_understands_passes(pattern):
    """Signs that are escaped, in brackets, quoted or part of a name are taken for what they are."""
    assert list(complaints(pattern)) == []


@pytest.mark.parametrize(
    ("pattern", "token", "at"),
    [
        ("^a", "^", 0), ("a|b$", "$", 3), (r"\Aa", r"\A", 0), (r"a\z", r"\z", 1), (r"[a]\b", r"\b", 3),
        (r"\Ba", r"\B", 0), ("a+?", "+?", 1), ("a??", "??", 1), ("[*]*?", "*?", 3), ("a{2,3}?", "{2,3}?", 1),
        ("x(?i)a", "(?i)", 1), ("(?si:a)", "(?si:", 0), ("(?U)a", "(?U)", 0), (r"\Q$\E$", "$", 5),
    ],
)  # fmt: skip
def test_what_stores_do_not_share_is_named_with_its_place(pattern, token, at):
    """Anchors, word boundaries, lazy repetitions and flags that fold the case are refused."""
    [said] = complaints(pattern)
    assert said.startswith(f"{token} at character {at}: ")
