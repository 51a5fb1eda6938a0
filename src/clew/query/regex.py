"""Regular expressions of filters: bounded, anchored at both ends, and plain alternatives found in them."""

from __future__ import annotations

import re

from clew.query.errors import InvalidQueryError

MAX_PATTERN = 4096
"""Longest pattern that is not a list of plain alternatives, in characters."""
MAX_ALTERNATIVES = 10_000

_LITERAL = re.compile(r"(?:[^\\.+*?()|\[\]{}^$]|\\[^0-9A-Za-z])*", re.DOTALL)
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def alternatives(pattern: str) -> list[str] | None:
    """Return the texts that `a|b|c` (in at most one group) stands for, or `None` for a real pattern."""
    body = pattern
    for opening in ("(?:", "("):
        if body.startswith(opening) and body.endswith(")"):
            body = body[len(opening) : -1]
            break
    parts: list[str] = []
    at = 0
    while True:
        match = _LITERAL.match(body, at)
        assert match is not None  # noqa: S101 - it matches the empty text
        parts.append(_ESCAPED.sub(r"\1", match[0]))
        at = match.end()
        if at == len(body):
            return parts if len(parts) <= MAX_ALTERNATIVES else None
        if body[at] != "|":
            return None
        at += 1


def escaped(text: str) -> str:
    """Return the pattern that a text alone matches."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def anchored(pattern: str, *, fold: bool = False) -> str:
    """Return a pattern that must match the whole text; a dot matches a line break too, with `fold` any case.

    Raises:
        InvalidQueryError: the pattern is too long.
    """
    if len(pattern) > MAX_PATTERN:
        hint = f"keep patterns below {MAX_PATTERN} characters"
        raise InvalidQueryError("the pattern is too long", start=0, end=0, hint=hint)
    return rf"\A(?{'is' if fold else 's'}:{pattern})\z"
