"""Liveness, readiness and Clew's own metrics, outside /api/v1."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from clew.api.access import Deps, reading

router = APIRouter(tags=["health"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz", response_class=PlainTextResponse, summary="Liveness")
async def healthz() -> str:
    """Answer `ok` while the process runs."""
    return "ok\n"


@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={503: {"description": "Not ready, and why.", "content": {"text/plain": {}}}},
    summary="Readiness",
)
async def readyz(deps: Deps) -> Response:
    """Answer `ready` once requests are taken and answered, else 503 and why not."""
    ready, why = deps.status.ready()
    return PlainTextResponse("ready\n" if ready else f"{why}\n", 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse, summary="Prometheus metrics")
async def metrics(request: Request, deps: Deps) -> Response:
    """Return Clew's own metrics; needs a token with scope `read` when tokens are configured."""
    await reading(request)
    return Response(deps.metrics_text(), media_type=METRICS_TYPE)
