"""Error groups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope
from clew.api.models.error import ErrorDetail, ErrorList
from clew.api.routes.params import From, To
from clew.query.errorgroups import error_group, error_groups

router = APIRouter(tags=["errors"])


@router.get("/errors", response_model=Envelope[ErrorList], summary="Error groups")
async def list_errors(
    ask: Ask,
    *,
    service: Annotated[str | None, Query(max_length=1024)] = None,
    from_: From = "now-1h",
    to: To = "now",
) -> Response:
    """Return exceptions and failed spans by service, type, message template and frame, the most frequent first."""
    window = ask.window(from_, to)
    return ask.json(ErrorList, await ask.run(lambda read: error_groups(read, window, service=service)))


@router.get("/errors/{fingerprint}", response_model=Envelope[ErrorDetail], summary="One error group")
async def one_error(
    fingerprint: Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["0f3c9a1be2d45678"])],
    ask: Ask,
    from_: From = "now-1h",
    to: To = "now",
) -> Response:
    """Return one error group in a range, since when it is known, its versions and examples."""
    window = ask.window(from_, to)
    return ask.json(ErrorDetail, await ask.run(lambda read: error_group(read, fingerprint, window)))
