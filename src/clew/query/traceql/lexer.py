"""Text into tokens."""

from __future__ import annotations

import re

from lark import Token

from clew.query.errors import InvalidQueryError
from clew.query.traceql.words import terminal

MAX_TOKENS = 10_000
"""Most tokens in one query."""
MAX_NESTING = 64
"""Most brackets open at once."""

REST_OF_WORD = re.compile(r"[^ \t\r\n{}()=~!<>&|^,]*")


def tokens(text: str, scanner: re.Pattern[str]) -> list[Token]:
    """Return the tokens of a text.

    Raises:
        InvalidQueryError: a piece is no token, or there are too many of them or too many open brackets.
    """
    found: list[Token] = []
    at = depth = 0
    size = len(text)
    match = scanner.match
    while at < size:
        piece = match(text, at)
        if piece is None:
            raise unreadable(text, at)
        kind, start, at = piece.lastgroup, at, piece.end()
        if kind == "SPACE":
            continue
        word = piece[0]
        if kind == "WORD":
            kind = terminal(word)
        elif word in {"(", "{"}:
            depth += 1
            if depth > MAX_NESTING:
                hint = f"open at most {MAX_NESTING} brackets"
                raise InvalidQueryError("the query is nested too deeply", start=start, end=at, hint=hint)
        elif word in {")", "}"}:
            depth -= 1
        found.append(Token(str(kind), word, start, end_pos=at))
        if len(found) > MAX_TOKENS:
            hint = f"a query has at most {MAX_TOKENS} words and signs; alternatives are shorter as a pattern"
            raise InvalidQueryError("the query has too many parts", start=start, end=size, hint=hint)
    return found


def unreadable(text: str, at: int) -> InvalidQueryError:
    """Return what is wrong with the piece at `at`, which begins no token."""
    sign = text[at]
    end = len(text)
    if sign in {'"', "`"}:
        return InvalidQueryError("the string is not closed", start=at, end=end, hint=f"add a closing {sign}")
    rest = REST_OF_WORD.match(text, at)
    stop = max(rest.end() if rest else at, at + 1)
    if sign == "'":
        closing = text.find("'", at + 1)
        inner = text[at + 1 : closing if closing > 0 else stop]
        return InvalidQueryError(
            "text stands in double quotes",
            start=at,
            end=closing + 1 if closing > 0 else stop,
            hint=f'write "{inner}"',
        )
    if sign == ".":
        hint = "write a name after the dot, for example .http.route"
        return InvalidQueryError("expected an attribute name", start=at, end=stop, hint=hint)
    hint = "single & and other signs stand only within strings and attribute names"
    return InvalidQueryError(f"unexpected {sign}", start=at, end=at + 1, hint=hint)
