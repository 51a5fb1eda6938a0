"""Check the text of a query without running it, and say what may stand at its cursor."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope, ParseRequest, ParseResult
from clew.api.problems import place
from clew.query.answer import Answer, Meta
from clew.query.errors import InvalidQueryError
from clew.query.filters import Filter, plain_value, value_type
from clew.query.traceql import lower, parse, print_query
from clew.query.traceql.lenient import complete

router = APIRouter(tags=["search"])


@router.post("/query/parse", response_model=Envelope[ParseResult], summary="Parse a query")
async def parse_query(body: ParseRequest, ask: Ask) -> Response:
    """Return what a text means and its canonical form, or where it is wrong; with a cursor, what may stand there."""
    completion = None if body.cursor is None else _completed(body.q, body.cursor)
    return ask.json(ParseResult, Answer({**_parsed(body.q), "completion": completion}, Meta()))


def _parsed(text: str) -> dict[str, Any]:
    try:
        query = parse(text)
    except InvalidQueryError as error:
        return {"kind": None, "filters": None, "canonical": None, "errors": [place(error)]}
    filters = lower(query)
    return {
        "kind": "metrics" if query.is_metrics else "search",
        "filters": None if filters is None else [_filter(item) for item in filters],
        "canonical": print_query(query),
        "errors": [],
    }


def _filter(item: Filter) -> dict[str, Any]:
    value = {"type": value_type(item.value), "value": plain_value(item.value)}
    return {"scope": item.scope.value, "key": item.key, "op": item.op.value, "value": value}


def _completed(text: str, cursor: int) -> dict[str, Any]:
    found = complete(text, cursor)
    return {
        "expected": list(found.expected),
        "prefix": found.prefix,
        "from": found.start,
        "field": found.field,
        "words": list(found.words),
        "where": print_query(found.where),
    }
