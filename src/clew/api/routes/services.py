"""Services, their operations, and rate, errors and durations over time."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope, Operation, RedSeries, Service
from clew.api.routes.params import From, To
from clew.model import Kind
from clew.query.red import RedQuery, red
from clew.query.services import operations, services

router = APIRouter(tags=["services"])

KindName = Literal["unspecified", "internal", "server", "client", "producer", "consumer"]


@router.get("/services", response_model=Envelope[list[Service]], summary="List services")
async def list_services(ask: Ask, from_: From = "now-1h", to: To = "now") -> Response:
    """Return the services with spans in a range, with counts and duration quantiles."""
    window = ask.window(from_, to)
    return ask.json(list[Service], await ask.run(lambda read: services(read, window)))


@router.get("/services/{service:path}/operations", response_model=Envelope[list[Operation]], summary="List operations")
async def list_operations(
    service: Annotated[str, Path(max_length=1024, examples=["checkout"])],
    ask: Ask,
    from_: From = "now-1h",
    to: To = "now",
) -> Response:
    """Return the span names of a service, per kind, with counts and duration quantiles."""
    window = ask.window(from_, to)
    return ask.json(list[Operation], await ask.run(lambda read: operations(read, service, window)))


@router.get("/red", response_model=Envelope[RedSeries], summary="Rate, errors and durations over time")
async def red_series(
    ask: Ask,
    *,
    service: Annotated[str | None, Query(max_length=1024)] = None,
    name: Annotated[str | None, Query(max_length=4096)] = None,
    kind: KindName | None = None,
    by: Annotated[Literal["service"] | None, Query(description="service: a series per service, at most 100")] = None,
    from_: From = "now-1h",
    to: To = "now",
    step_s: Annotated[int | None, Query(ge=1, le=86_400, description="absent: about 60 steps")] = None,
) -> Response:
    """Return rate, errors and duration quantiles per step, of everything or of one service, operation or kind."""
    window = ask.window(from_, to)
    query = RedQuery(window, service, name, Kind[kind.upper()] if kind else None, step_s, by == "service")
    return ask.json(RedSeries, await ask.run(lambda read: red(read, query)))
