"""The application: routes, problems, request ids and caller checks put together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from clew.api import problems
from clew.api.access import check_caller
from clew.api.deps import ApiDeps
from clew.api.models import Problem
from clew.api.prometheus import create_prometheus_app
from clew.api.routes import (
    admin,
    compare,
    errors,
    fields,
    graph,
    health,
    metrics,
    queries,
    query,
    search,
    services,
    session,
    sql,
    status,
    traces,
)
from clew.api.tempo.app import create_tempo_app
from clew.model.errors import ClewError

PREFIX = "/api/v1"
DESCRIPTION = """\
Read traces, services and fields, and the state of Clew.

Times in requests are `now`, `now-1h`, RFC 3339 or digits of the epoch. Times in answers are nanoseconds as decimal
strings, durations nanoseconds as numbers. Every answer has `meta`, which says what was cut, scanned and counted; every
error is `application/problem+json` with a stable `code` and a `hint`.
"""
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {problems.MEDIA_TYPE: {}}}
    for status, text in (
        (400, "A parameter or query is wrong; `errors` says where."),
        (401, "A token is needed or unknown."),
        (403, "The token, host or origin is not allowed."),
        (404, "There is no such thing."),
        (422, "The query passed a limit; `errors` says which."),
        (503, "All readers are busy, or the engine is not there; try again."),
    )
}

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def create_app(deps: ApiDeps) -> FastAPI:
    """Return the application; mount the UI behind it for every other path."""
    app = FastAPI(
        title="Clew",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=True,
    )
    app.state.deps = deps
    problems.install(app)
    for noun in (
        search,
        metrics,
        query,
        queries,
        sql,
        services,
        graph,
        errors,
        compare,
        fields,
        traces,
        status,
        admin,
        session,
    ):
        app.include_router(noun.router, prefix=PREFIX, responses=PROBLEMS)
    app.include_router(health.router)
    app.mount("/tempo", create_tempo_app(deps))
    app.mount("/prometheus", create_prometheus_app(deps))
    app.add_middleware(Edge, deps=deps)
    return app


class Edge:
    """Gives each request an id, checks its caller, and adds the total time to `Server-Timing`."""

    def __init__(
        self,
        app: Callable[[_Scope, _Receive, _Send], Awaitable[None]],
        deps: ApiDeps,
        answer: Callable[[Request, ClewError], Response] = problems.of_error,
    ) -> None:
        """Wrap an application; `answer` makes the response to a caller who is refused."""
        self._app = app
        self._deps = deps
        self._answer = answer

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["clew.request_id"] = self._deps.request_id()
        begun = time.perf_counter()
        headers = Headers(scope=scope)

        async def send_timed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                total = f"total;dur={(time.perf_counter() - begun) * 1000:.1f}"
                message["headers"] = [
                    *message["headers"],
                    (b"server-timing", total.encode()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            check_caller(self._deps, headers.get("host", ""), headers.get("origin"), scope["scheme"])
        except ClewError as error:
            await self._answer(Request(scope), error)(scope, receive, send_timed)
            return
        await self._app(scope, receive, send_timed)
