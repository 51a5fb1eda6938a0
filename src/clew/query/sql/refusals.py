"""What the engine says about a person's query, in the person's terms: without Clew's tables, with a place."""

from __future__ import annotations

import re
from difflib import get_close_matches

from clew.query.errors import InvalidQueryError
from clew.query.sql.views import VIEWS
from clew.store.errors import QueryCancelledError, QueryError, QueryLimitError

_HEAD = re.compile(r"^Code: \d+\. DB::Exception: ")
_TAIL = re.compile(r"(\.?:? ?\(?In (?:scope|query) .*|: While executing .*|\.? ?\([A-Z0-9_]+\)\.?\s*$)", re.DOTALL)
_NAME = re.compile(r"identifier [`'](.+?)[`']|Identifier '(.+?)'|[Ff]unction (?:with name )?[`']?(\w+)[`']?")
_UNKNOWN = frozenset({47, 46})
"""UNKNOWN_IDENTIFIER, UNKNOWN_FUNCTION."""
_NO_MEANING = "the views, columns and functions are in docs/reference/sql-views.md"


def in_terms_of(text: str, error: QueryError) -> QueryError | InvalidQueryError:
    """Return the error to raise for what the engine said about a query; limits and cancelling stay what they are."""
    if isinstance(error, QueryLimitError):
        return QueryLimitError(_plain(error.detail), kind=error.kind, limit=error.limit, engine_code=error.engine_code)
    if isinstance(error, QueryCancelledError):
        return error
    message = _plain(error.detail)
    found = _NAME.search(message)
    name = next((group for group in found.groups() if group), "") if found else ""
    start = text.find(name) if name else -1
    hint = _hint(name) if error.engine_code in _UNKNOWN else _NO_MEANING
    if start < 0:
        return InvalidQueryError(message, start=0, end=len(text), hint=hint)
    return InvalidQueryError(message, start=start, end=start + len(name), hint=hint)


def _plain(detail: str) -> str:
    return _TAIL.sub("", _HEAD.sub("", detail)).strip()


def _hint(name: str) -> str:
    columns = sorted({column.name for view in VIEWS.values() for column in view.columns})
    close = get_close_matches(name.rpartition(".")[2], columns, 3, 0.6)
    return f"did you mean {' or '.join(close)}? {_NO_MEANING}" if close else _NO_MEANING
