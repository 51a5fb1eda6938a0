"""The application on Zipkin's port; the same routes stand under `/zipkin`, where Zipkin's UI looks for them."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from clew.api.app import Edge
from clew.api.deps import ApiDeps
from clew.api.problems import CLIENT_CLOSED, RETRY_AFTER_S, ClientGone
from clew.api.zipkin.params import LIMIT
from clew.api.zipkin.routes import ROUTES
from clew.model.errors import ClewError

_log = logging.getLogger(__name__)
_UI_LOOKBACK_MS = 900_000


def create_zipkin_app(deps: ApiDeps) -> Starlette:
    """Return the application of Zipkin's port."""
    routes = [*ROUTES, Route("/health", _health), Route("/info", _info), Route("/config.json", _config)]
    app = Starlette(
        routes=[*routes, Mount("/zipkin", routes=routes)],
        exception_handlers={ClewError: _clew, HTTPException: _http, ClientGone: _gone, Exception: _unexpected},
    )
    app.state.deps = deps
    app.add_middleware(Edge, deps=deps, answer=refusal)
    return app


async def _health(request: Request) -> Response:
    ready, why = request.app.state.deps.status.ready()
    state = "UP" if ready else "DOWN"
    details = {"Storage": {"status": state, **({} if ready else {"details": {"error": why}})}}
    body = {"status": state, "zipkin": {"status": state, "details": details}}
    return JSONResponse(body, 200 if ready else 503)


async def _info(request: Request) -> Response:
    return JSONResponse({"clew": {"version": request.app.state.deps.version}})


async def _config(request: Request) -> Response:
    """Return what Zipkin's UI asks for before anything else."""
    del request
    return JSONResponse(
        {
            "environment": "",
            "queryLimit": LIMIT,
            "defaultLookback": _UI_LOOKBACK_MS,
            "searchEnabled": True,
            "dependency": {"enabled": True, "lowErrorRate": 0.5, "highErrorRate": 0.75},
        }
    )


def refusal(request: Request, error: ClewError) -> Response:
    """Return an error as Zipkin's clients read it: a line of text."""
    del request
    headers = {"Retry-After": RETRY_AFTER_S} if error.retryable else {}
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return PlainTextResponse(error.detail, error.http_status, headers)


async def _clew(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClewError)  # noqa: S101 - registered for this class
    return refusal(request, error)


async def _http(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, HTTPException)  # noqa: S101
    return PlainTextResponse(str(error.detail), error.status_code, error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_CLOSED)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed", exc_info=error, extra={"path": request.url.path})
    return PlainTextResponse("unexpected error; the log of Clew has the cause", HTTPStatus.INTERNAL_SERVER_ERROR)
