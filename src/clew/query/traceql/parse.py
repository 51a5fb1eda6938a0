"""The door of the language: text in, a syntax tree out."""

from __future__ import annotations

from dataclasses import replace

from lark import Token, UnexpectedToken

from clew.query.errors import InvalidQueryError
from clew.query.traceql.ast import Binary, Filter, Pipeline, Pos, Query, Static
from clew.query.traceql.check import check
from clew.query.traceql.grammar import grammar
from clew.query.traceql.lexer import tokens
from clew.query.traceql.mistakes import unexpected
from clew.query.traceql.walk import walk

MAX_TEXT = 131_072
"""Longest text in characters."""
MAX_DEPTH = 200
"""Deepest tree; a chain of operators is as deep as it is long."""
MAX_CONDITIONS = 512
"""Most operators within braces in one query."""


def parse(text: str) -> Query:
    """Return the tree of a query that has a meaning; empty text is `{ }`.

    Raises:
        InvalidQueryError: the text is no query; says where and what to write instead.
    """
    try:
        query = replace(_tree(text), text=text)
        _bounded(query)
        check(query)
    except InvalidQueryError as error:
        error.locate(text)
        raise
    return query


def _tree(text: str) -> Query:
    if len(text) > MAX_TEXT:
        raise InvalidQueryError("the query is too long", start=MAX_TEXT, end=len(text), hint="keep it below 128 KiB")
    made = grammar()
    found = tokens(text, made.scanner)
    if not found:
        pos = Pos(0, len(text))
        return Query(Pipeline((Filter(Static(value=True, pos=pos), pos),), pos), pos=pos)
    feed = made.begin().parser_state.feed_token
    for at, token in enumerate(found):
        try:
            feed(token)
        except UnexpectedToken as error:
            raise unexpected(text, found, at, error.expected) from error
    try:
        query = feed(Token("$END", "", len(text), end_pos=len(text)), is_end=True)
    except UnexpectedToken as error:
        raise unexpected(text, found, len(found), error.expected) from error
    assert isinstance(query, Query)  # noqa: S101 - what Builder.query returns
    return query


def _bounded(query: Query) -> None:
    conditions = 0
    for node, depth in walk(query):
        conditions += isinstance(node, Binary)
        if depth > MAX_DEPTH or conditions > MAX_CONDITIONS:
            why = "has too many conditions" if conditions > MAX_CONDITIONS else "is too deep"
            hint = f"at most {MAX_CONDITIONS} operators, {MAX_DEPTH} in a chain; alternatives are shorter as a pattern"
            raise InvalidQueryError(f"the query {why}", start=query.pos.start, end=query.pos.end, hint=hint)
