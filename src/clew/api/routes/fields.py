"""The attribute catalogue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope, FieldKey, FieldValues
from clew.api.models.fields import Level
from clew.api.routes.params import From, Prefix, To
from clew.query.fields import fields, values

router = APIRouter(tags=["fields"])


@router.get("/fields", response_model=Envelope[list[FieldKey]], summary="List attribute keys")
async def list_fields(ask: Ask, from_: From = "now-24h", to: To = "now", prefix: Prefix = "") -> Response:
    """Return the attribute keys seen on the days of a range."""
    window = ask.window(from_, to)
    return ask.json(list[FieldKey], await ask.run(lambda read: fields(read, window, prefix)))


@router.get("/fields/values", response_model=Envelope[FieldValues], summary="List the values of a key")
async def list_values(
    ask: Ask,
    level: Level,
    key: Annotated[str, Query(max_length=1024)],
    *,
    from_: From = "now-24h",
    to: To = "now",
    prefix: Prefix = "",
) -> Response:
    """Return values of a key seen on the days of a range, and whether there are more than are catalogued."""
    window = ask.window(from_, to)
    return ask.json(FieldValues, await ask.run(lambda read: values(read, level, key, window, prefix)))
