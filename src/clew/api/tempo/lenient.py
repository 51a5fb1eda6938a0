"""Conditions of an unfinished query, for completion: what can be understood counts, the rest is dropped."""

from __future__ import annotations

from clew.query.filters import Filter
from clew.query.traceql.lenient import usable
from clew.query.traceql.lower import plain_conditions


def conditions(text: str) -> list[Filter]:
    """Return the conditions of a query joined by `&&` that are whole; none where it means more than a conjunction."""
    return plain_conditions(usable(text))
