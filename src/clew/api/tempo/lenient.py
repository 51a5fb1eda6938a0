"""Conditions of an unfinished query, for completion: what can be understood counts, the rest is dropped."""

from __future__ import annotations

from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter
from clew.query.patterns import check_patterns
from clew.query.read import Read
from clew.query.traceql.lenient import usable
from clew.query.traceql.lower import plain_conditions


def conditions(read: Read, text: str) -> list[Filter]:
    """Return the conditions of a query joined by `&&` that are whole; alternatives only of texts of one field."""
    return [item for item in plain_conditions(usable(text)) if _compiles(read, item)]


def _compiles(read: Read, item: Filter) -> bool:
    try:
        check_patterns(read, [item])
    except InvalidQueryError:
        return False
    return True
