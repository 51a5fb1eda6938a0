"""Care of the data directory."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from clew.api.access import changing
from clew.api.answers import Ask
from clew.api.models import Envelope
from clew.api.models.status import BackedUp, BackupRequest
from clew.query.answer import Answer, Meta

router = APIRouter(prefix="/admin", tags=["status"], dependencies=[Depends(changing)])


@router.post("/backup", response_model=Envelope[BackedUp], summary="Write a backup")
async def write_backup(body: BackupRequest, ask: Ask) -> Response:
    """Write a full backup of the store into a directory of the server."""
    await asyncio.to_thread(ask.deps.actions.backup, Path(body.path))
    return ask.json(BackedUp, Answer({"path": body.path}, Meta()))
