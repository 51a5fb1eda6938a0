"""The state of Clew, and the journal's quarantine."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from clew.api.access import changing
from clew.api.answers import Ask
from clew.api.models import Envelope, Status
from clew.api.models.status import Retried
from clew.query.answer import Answer, Meta

router = APIRouter(tags=["status"])


@router.get("/status", response_model=Envelope[Status], summary="State of Clew")
async def get_status(ask: Ask) -> Response:
    """Return health, the ledger, lag, journal and disk."""
    report = await asyncio.to_thread(ask.deps.status.report)
    return ask.json(Status, Answer(report, Meta()))


@router.post(
    "/journal/retry",
    response_model=Envelope[Retried],
    summary="Retry quarantined segments",
    dependencies=[Depends(changing)],
)
async def retry_journal(ask: Ask) -> Response:
    """Put the segments that the engine refused back in line."""
    segments = await asyncio.to_thread(ask.deps.actions.retry_quarantined)
    return ask.json(Retried, Answer({"segments": segments}, Meta()))
