"""Searches that are one conjunction, `{ status = error && .x = 1 }`, as filters: read from TraceQL and printed as it.

The browser reads conjunctions too; tests/golden/conjunction.json binds both.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter, FilterScope
from clew.query.traceql import ast, lower, print_query
from clew.query.traceql import parse as parse_query
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldExpr,
    FieldOp,
    Intrinsic,
    Level,
    Name,
    Pipeline,
    Query,
    Static,
)

MAX_FILTERS = 64
"""Most conditions in one conjunction."""

_LEVELS = {
    FilterScope.ANY: Level.ANY,
    FilterScope.SPAN: Level.SPAN,
    FilterScope.RESOURCE: Level.RESOURCE,
    FilterScope.EVENT: Level.EVENT,
    FilterScope.LINK: Level.LINK,
}


def parse(text: str) -> list[Filter]:
    """Return the filters of a conjunction; empty text is `{ }`, which every span passes.

    Raises:
        InvalidQueryError: the text is no query, or no conjunction.
    """
    query = parse_query(text)
    filters = lower(query)
    if filters is None:
        hint = "write { a = 1 && b = 2 }; searches take every query"
        raise InvalidQueryError("only conditions joined by && can stand here", start=0, end=len(text), hint=hint)
    if len(filters) > MAX_FILTERS:
        hint = f"use at most {MAX_FILTERS}"
        raise InvalidQueryError("too many conditions", start=0, end=len(text), hint=hint)
    return filters


def print_filters(filters: Sequence[Filter]) -> str:
    """Return the canonical text of a conjunction."""
    return print_query(lift(filters))


def lift(filters: Sequence[Filter]) -> Query:
    """Return the query that filters stand for."""
    where: FieldExpr | None = None
    for item in filters:
        node = Binary(FieldOp(item.op.value), _field(item), Static(item.value))
        where = node if where is None else Binary(FieldOp.AND, where, node)
    return Query(Pipeline((ast.Filter(Static(value=True) if where is None else where),)))


def _field(item: Filter) -> Attribute | Intrinsic:
    if item.scope is FilterScope.INTRINSIC:
        return Intrinsic(Name(item.key))
    return Attribute(_LEVELS[item.scope], item.key)
