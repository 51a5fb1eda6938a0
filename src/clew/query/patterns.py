"""Regular expressions are checked before a search begins, by the engine that will run them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter, Op
from clew.query.literals import print_string
from clew.query.params import Params
from clew.query.read import Read
from clew.query.regex import alternatives, anchored
from clew.query.traceql.ast import Static
from clew.store.errors import QueryError, QueryLimitError

CANNOT_COMPILE = 427
"""ClickHouse's code for a pattern that RE2 refuses."""


def check_patterns(read: Read, filters: Sequence[Filter]) -> None:
    """Refuse patterns that cannot be compiled, or only within the anchors that are put around them.

    Raises:
        InvalidQueryError: names the pattern.
    """
    check_texts(read, (Static(item.value) for item in filters if item.op in {Op.MATCH, Op.NOT_MATCH}))


def check_texts(read: Read, patterns: Iterable[Static], text: str = "") -> None:
    """Refuse texts that are no patterns.

    Args:
        read: the running read.
        patterns: literals of text.
        text: the query in which they stand, where it is known.

    Raises:
        InvalidQueryError: names the pattern and its place.
    """
    for one in dict.fromkeys(patterns):
        pattern = str(one.value)
        if alternatives(pattern) is not None:
            continue
        try:
            _check(read, pattern)
        except InvalidQueryError as error:
            error.start, error.end = one.pos.start, one.pos.end
            error.locate(text)
            raise


def _check(read: Read, pattern: str) -> None:
    params = Params()
    alone, whole = params.text(f"[x]{pattern}"), params.text(anchored(pattern))
    try:
        # a class in front, since the engine compiles no pattern in which it sees only alternatives
        read.query(f"SELECT match('', {alone}), match('', {whole})", params.values)
    except QueryLimitError:
        raise
    except QueryError as error:
        if error.engine_code != CANNOT_COMPILE:
            raise
        hint = "patterns are RE2: no look-around, no back-references, brackets closed"
        text = f"{print_string(pattern)} is no regular expression"
        raise InvalidQueryError(text, start=0, end=0, hint=hint) from error
