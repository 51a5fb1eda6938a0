"""Errors as RFC 9457 problem details: whatever goes wrong, the body has a code, a cause and a way out."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from clew.model.errors import ClewError
from clew.query.errors import BusyError, InvalidQueryError
from clew.store.errors import QueryLimitError

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED = 499
RETRY_AFTER_S = "1"
_log = logging.getLogger(__name__)


class ClientGone(Exception):  # noqa: N818 - no error of ours, and nobody sees it
    """The client closed the connection before its answer."""


def problem(
    request: Request, status: int, code: str, detail: str, hint: str, *, errors: list[dict[str, Any]] | None = None
) -> JSONResponse:
    """Return a problem response."""
    title = HTTPStatus(status).phrase if status != CLIENT_CLOSED else "Client Closed Request"
    doc = f"/docs/reference/errors#{code}"
    body: dict[str, Any] = {
        "type": doc,
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        "doc": doc,
        "request_id": request.scope.get("clew.request_id", "-"),
    }
    if errors is not None:
        body["errors"] = errors
    headers = {"Retry-After": RETRY_AFTER_S} if status in {429, 503} else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def of_error(request: Request, error: ClewError) -> JSONResponse:
    """Return the problem of one of our errors, with its fields."""
    errors: list[dict[str, Any]] | None = None
    if isinstance(error, InvalidQueryError):
        errors = [place(error)]
    if isinstance(error, QueryLimitError):
        errors = [{"limit": error.kind, "value": error.limit}]
    if isinstance(error, BusyError):
        errors = [{"waiting": error.waiting, "position": error.position}]
    return problem(request, error.http_status, error.code, error.detail, error.hint, errors=errors)


def place(error: InvalidQueryError) -> dict[str, Any]:
    """Return where a query is wrong and what to write instead."""
    where = {"from": error.start, "to": error.end, "line": error.line, "column": error.column}
    return {**where, "message": error.detail, "hint": error.hint}


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem."""
    app.add_exception_handler(ClewError, _clew)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(Exception, _unexpected)


async def _clew(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClewError)  # noqa: S101 - registered for this class
    return of_error(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = [{"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors()]
    detail = "; ".join(f"{one['where']}: {one['message']}" for one in found)
    hint = "See /api/v1/openapi.json for the parameters of this request."
    return problem(request, HTTPStatus.BAD_REQUEST, "invalid_request", detail, hint, errors=found)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    codes = {404: "route_not_found", 405: "method_not_allowed"}
    code = codes.get(error.status_code, "invalid_request")
    response = problem(request, error.status_code, code, str(error.detail), "See /api/v1/openapi.json for the routes.")
    response.headers.update(error.headers or {})
    return response


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_CLOSED)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed", exc_info=error, extra={"path": request.url.path})
    hint = "Please report it with the request id; the log of Clew has the cause."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "unexpected error", hint)
