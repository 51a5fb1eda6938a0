"""The HTTP half: an application of its own, mounted under `/tempo` on the main port and alone on port 3200."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable

from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from clew.api.answers import Asking
from clew.api.deps import ApiDeps
from clew.api.problems import CLIENT_CLOSED, ClientGone
from clew.api.prometheus.app import create_prometheus_app
from clew.api.tempo import tags, trace
from clew.api.tempo.answers import instant_response, range_json, search_json, search_response
from clew.api.tempo.evaluate import search_traces, series
from clew.api.tempo.params import whole
from clew.api.tempo.requests import TagsAsk, metrics_of, search_of, tags_of
from clew.api.tempo.wire import answer, body_of, json_body, refusal, wants_protobuf
from clew.api.tenancy import scope_of
from clew.model.errors import ClewError
from clew.query.ids import parse_trace_id
from clew.query.read import Read

Handler = Callable[[Request, ApiDeps], Awaitable[Response]]
_log = logging.getLogger(__name__)


def create_tempo_app(deps: ApiDeps) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            _route("/api/echo", _echo, deps),
            _route("/ready", _ready, deps),
            _route("/api/status/buildinfo", _build_info, deps),
            _route("/status/version", _version, deps),
            _route("/api/traces/{trace_id}", _trace_v1, deps),
            _route("/api/v2/traces/{trace_id}", _trace_v2, deps),
            _route("/api/search", _search, deps),
            _route("/api/search/tags", _tags_v1, deps),
            _route("/api/v2/search/tags", _tags_v2, deps),
            _route("/api/search/tag/{tag:path}/values", _values_v1, deps),
            _route("/api/v2/search/tag/{tag:path}/values", _values_v2, deps),
            _route("/api/metrics/query_range", _range, deps),
            _route("/api/metrics/query", _instant, deps),
            Mount("/prometheus", create_prometheus_app(deps)),
        ],
        exception_handlers={404: _no_route},
    )


def _route(path: str, handler: Handler, deps: ApiDeps) -> Route:
    """Return a route whose every failure is a line of text with its status."""

    @functools.wraps(handler)
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request, deps)
        except ClewError as error:
            return refusal(error)
        except ClientGone:
            return Response(status_code=CLIENT_CLOSED)
        except Exception:  # noqa: BLE001 - whatever it is, its clients show text
            _log.exception("request failed", extra={"path": request.url.path})
            return PlainTextResponse("unexpected error; the log of Clew has the cause", 500)

    return Route(path, endpoint)


def refused(_: Request, error: ClewError) -> Response:
    """Return the answer to a caller who may not come in at all."""
    return refusal(error)


async def _no_route(request: Request, _: Exception) -> Response:
    return PlainTextResponse(f"404 page not found: {request.url.path[:200]}", 404)


async def _echo(_: Request, __: ApiDeps) -> Response:
    return PlainTextResponse("echo")


async def _ready(_: Request, deps: ApiDeps) -> Response:
    ready, why = deps.status.ready()
    return PlainTextResponse("ready" if ready else why, 200 if ready else 503)


async def _version(_: Request, deps: ApiDeps) -> Response:
    return PlainTextResponse(f"clew, version {deps.version}")


async def _build_info(_: Request, deps: ApiDeps) -> Response:
    empty = dict.fromkeys(("revision", "branch", "buildDate", "buildUser", "goVersion"), "")
    return answer(json_body({"version": deps.version, **empty}))


def _asking(request: Request, deps: ApiDeps) -> Asking:
    """Return the way to the reader for the tenant of the caller."""
    headers = request.headers
    scope = scope_of(deps.authenticator, headers.get("authorization"), headers.get("x-scope-orgid"))
    return Asking(request, deps, scope)


async def _trace_v1(request: Request, deps: ApiDeps) -> Response:
    return await _trace(request, deps, trace.protobuf_v1, trace.json_v1)


async def _trace_v2(request: Request, deps: ApiDeps) -> Response:
    return await _trace(request, deps, trace.protobuf_v2, trace.json_v2)


async def _trace(
    request: Request, deps: ApiDeps, protobuf: Callable[[Read, str], bytes], as_json: Callable[[Read, str], bytes]
) -> Response:
    asking = _asking(request, deps)
    known = parse_trace_id(request.path_params["trace_id"])
    whole(request.query_params, "start")
    whole(request.query_params, "end")
    binary = wants_protobuf(request)
    make = protobuf if binary else as_json
    body = await asking.run(lambda read: make(read, known))
    return answer(body, protobuf=binary)


async def _search(request: Request, deps: ApiDeps) -> Response:
    asking = _asking(request, deps)
    asked = search_of(request.query_params, asking.now)
    binary = wants_protobuf(request)

    def work(read: Read) -> bytes:
        found = search_traces(read, asked, asking.now)
        return body_of(search_response(found), protobuf=True) if binary else json_body(search_json(found))

    return answer(await asking.run(work), protobuf=binary)


async def _range(request: Request, deps: ApiDeps) -> Response:
    asking = _asking(request, deps)
    asked = metrics_of(request.query_params, asking.now, instant=False)
    return answer(await asking.run(lambda read: json_body(range_json(series(read, asked)))))


async def _instant(request: Request, deps: ApiDeps) -> Response:
    asking = _asking(request, deps)
    asked = metrics_of(request.query_params, asking.now, instant=True)
    return answer(await asking.run(lambda read: body_of(instant_response(series(read, asked)), protobuf=False)))


async def _tags_v1(request: Request, deps: ApiDeps) -> Response:
    return await _names(request, deps, tags.tags_v1)


async def _tags_v2(request: Request, deps: ApiDeps) -> Response:
    return await _names(request, deps, tags.tags_v2)


async def _values_v1(request: Request, deps: ApiDeps) -> Response:
    return await _names(request, deps, tags.values_v1)


async def _values_v2(request: Request, deps: ApiDeps) -> Response:
    return await _names(request, deps, tags.values_v2)


async def _names(request: Request, deps: ApiDeps, work: Callable[[Read, TagsAsk], Message]) -> Response:
    asking = _asking(request, deps)
    ask = tags_of(request.query_params, asking.now, request.path_params.get("tag", ""))
    binary = wants_protobuf(request)
    return answer(await asking.run(lambda read: body_of(work(read, ask), protobuf=binary)), protobuf=binary)
