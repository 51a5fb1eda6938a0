"""What becomes of a search whose query would take more than it may: it ends with what it has, or names its size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clew.query.answer import Truncated
from clew.query.errors import InvalidQueryError
from clew.query.hunt import SpentError
from clew.store.errors import QueryError, QueryLimitError

TOO_COMPLEX = frozenset({62, 167, 168, 306, 718})
"""The engine's codes for a statement that it does not take for its length or its depth."""


@contextmanager
def bounded() -> Iterator[None]:
    """Turn what the engine refuses into the end of the search.

    Raises:
        SpentError: time, memory or rows are used up; what was found so far is the answer.
        InvalidQueryError: the statement is too long or too deep.
    """
    try:
        yield
    except QueryLimitError as error:
        raise SpentError(Truncated(error.detail, 0, error.hint)) from error
    except QueryError as error:
        if error.engine_code not in TOO_COMPLEX:
            raise
        hint = "use fewer conditions, or less arithmetic"
        raise InvalidQueryError("the query is too complex to be evaluated", start=0, end=0, hint=hint) from error
