"""Check the text of a query without running it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope, ParseRequest, ParseResult
from clew.query.answer import Answer, Meta
from clew.query.conjunction import parse, print_filters
from clew.query.errors import InvalidQueryError
from clew.query.filters import plain_value, value_type

router = APIRouter(tags=["search"])


@router.post("/query/parse", response_model=Envelope[ParseResult], summary="Parse a query")
async def parse_query(body: ParseRequest, ask: Ask) -> Response:
    """Return the filters of a text and its canonical form, or where it is wrong and what to write instead."""
    return ask.json(ParseResult, Answer(_parsed(body.q), Meta()))


def _parsed(text: str) -> dict[str, Any]:
    try:
        filters = parse(text)
    except InvalidQueryError as error:
        wrong = {"from": error.start, "to": error.end, "message": error.detail, "hint": error.hint}
        return {"filters": None, "canonical": None, "errors": [wrong]}
    plain = [
        {
            "scope": item.scope.value,
            "key": item.key,
            "op": item.op.value,
            "value": {"type": value_type(item.value), "value": plain_value(item.value)},
        }
        for item in filters
    ]
    return {"filters": plain, "canonical": print_filters(filters), "errors": []}
