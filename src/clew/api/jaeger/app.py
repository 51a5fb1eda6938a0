"""The application on Jaeger's HTTP port: the legacy API and `/api/v3`, each with its own form of errors."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from clew.api.app import Edge
from clew.api.deps import ApiDeps
from clew.api.jaeger import extras, legacy, spm, v3
from clew.api.jaeger.ui_json import envelope
from clew.api.otlpvalues import dump
from clew.api.problems import CLIENT_CLOSED, RETRY_AFTER_S, ClientGone
from clew.model.errors import ClewError
from clew.query.errors import InvalidRequestError, TraceNotFoundError

_log = logging.getLogger(__name__)


def create_jaeger_app(deps: ApiDeps) -> Starlette:
    """Return the application of Jaeger's HTTP port."""
    app = Starlette(
        routes=[*legacy.ROUTES, *extras.ROUTES, *spm.ROUTES, *v3.ROUTES],
        exception_handlers={
            ClewError: _clew,
            HTTPException: _http,
            ClientGone: _gone,
            Exception: _unexpected,
        },
    )
    app.state.deps = deps
    app.add_middleware(Edge, deps=deps, answer=refusal)
    return app


def refusal(request: Request, error: ClewError) -> Response:
    """Return an error of ours in the form of the API that was asked."""
    status = error.http_status
    headers = {"Retry-After": RETRY_AFTER_S} if error.retryable else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    said = f"{error.detail}; {error.hint}" if isinstance(error, InvalidRequestError) else error.detail
    if isinstance(error, TraceNotFoundError):
        said = "trace not found"
    return _failed(request, status, said, headers)


def _failed(request: Request, status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    if request.url.path.startswith("/api/v3/"):
        body = dump({"error": {"httpCode": status, "message": said}})
        return Response(body, status, headers, "text/plain; charset=utf-8")
    body = dump(envelope(None, errors=[{"code": status, "msg": said}]))
    return Response(body, status, headers, "application/json")


async def _clew(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClewError)  # noqa: S101 - registered for this class
    return refusal(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return _failed(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_CLOSED)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed", exc_info=error, extra={"path": request.url.path})
    return _failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error; the log of Clew has the cause")
