"""Conditions of an unfinished query, for completion: what can be understood counts, the rest is dropped."""

from __future__ import annotations

from clew.query.conjunction import parse
from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter


def conditions(text: str) -> list[Filter]:
    """Return the conditions of a query joined by `&&` that are whole; none where it means more than a conjunction."""
    try:
        return parse(text)
    except InvalidQueryError:
        pass
    body = text.strip().removeprefix("{").removesuffix("}")
    if any(sign in body for sign in ("||", "{", "}", "(")):
        return []
    found: list[Filter] = []
    for part in body.split("&&"):
        try:
            found += parse(f"{{ {part} }}")
        except InvalidQueryError:
            continue
    return found
