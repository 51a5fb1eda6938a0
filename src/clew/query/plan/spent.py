"""What becomes of a search whose statement the engine does not take: its text is named as the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clew.query.errors import InvalidQueryError
from clew.store.errors import QueryError

TOO_BIG = "Query tree is too big"
"""What the engine says of it under the code of all bad arguments."""
TOO_COMPLEX = frozenset({62, 167, 168, 306, 718})
"""The engine's codes for a statement that it does not take for its length or its depth."""


@contextmanager
def bounded() -> Iterator[None]:
    """Turn the engine's refusal of a statement into an error of the query.

    Raises:
        InvalidQueryError: the statement is too long or too deep.
    """
    try:
        yield
    except QueryError as error:
        if error.engine_code not in TOO_COMPLEX and TOO_BIG not in str(error):
            raise
        hint = "use fewer conditions, or less arithmetic"
        raise InvalidQueryError("the query is too complex to be evaluated", start=0, end=0, hint=hint) from error
