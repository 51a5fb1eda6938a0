"""Queries saved under names."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope, SavedQueryModel, SaveRequest
from clew.query.answer import Answer, Meta, Total
from clew.query.saved import MAX_NAME, SavedQuery

router = APIRouter(prefix="/queries", tags=["search"])
NAME = Path(max_length=MAX_NAME, description="name of a saved query")


@router.get("", response_model=Envelope[list[SavedQueryModel]], summary="List saved queries")
async def list_saved(ask: Ask) -> Response:
    """Return the saved queries of the tenant by name."""
    found = await asyncio.to_thread(ask.deps.saved.all, ask.scope)
    meta = Meta(total=Total(len(found), exact=True), returned=len(found))
    return ask.json(list[SavedQueryModel], Answer([_saved(one) for one in found], meta))


@router.get("/{name}", response_model=Envelope[SavedQueryModel], summary="One saved query")
async def read_saved(ask: Ask, name: str = NAME) -> Response:
    """Return a saved query."""
    found = await asyncio.to_thread(ask.deps.saved.get, ask.scope, name)
    return ask.json(SavedQueryModel, Answer(_saved(found), Meta()))


@router.put("/{name}", response_model=Envelope[SavedQueryModel], summary="Save a query")
async def save(body: SaveRequest, ask: Ask, name: str = NAME) -> Response:
    """Check a query and save it, in place of one that had the name."""
    found = await asyncio.to_thread(ask.deps.saved.put, ask.scope, name, body.q, body.description)
    return ask.json(SavedQueryModel, Answer(_saved(found), Meta()))


@router.delete("/{name}", response_model=Envelope[SavedQueryModel], summary="Delete a saved query")
async def delete_saved(ask: Ask, name: str = NAME) -> Response:
    """Forget a saved query and return what it was."""
    found = await asyncio.to_thread(ask.deps.saved.delete, ask.scope, name)
    return ask.json(SavedQueryModel, Answer(_saved(found), Meta()))


def _saved(one: SavedQuery) -> dict[str, Any]:
    return {
        "name": one.name,
        "q": one.q,
        "description": one.description,
        "updated_ns": str(one.updated_ns),
        "kind": "metrics" if one.is_metrics else "search",
    }
