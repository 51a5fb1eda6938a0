"""The HTTP API of Jaeger's UI: `/api/services`, `/api/operations`, `/api/traces`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.answers import asking
from clew.api.jaeger import lists
from clew.api.jaeger.errors import BadParameterError
from clew.api.jaeger.params import trace_query
from clew.api.jaeger.ui_json import Part, envelope, traces_json
from clew.api.otlpvalues import dump
from clew.query.archive import one_trace, whole
from clew.query.export import exports
from clew.query.ids import parse_trace_id
from clew.query.read import Read

_JSON = "application/json"


def answer(data: Any, total: int) -> Response:
    """Return a list in its envelope."""
    return Response(dump(envelope(data, total)), media_type=_JSON)


async def services(request: Request) -> Response:
    """Return the names of all services."""
    ask = await asking(request)
    names = await ask.run(lambda read: lists.services(read, ask.deps, ask.now))
    return answer(names, len(names))


async def operations_of_service(request: Request) -> Response:
    """Return the span names of a service."""
    ask = await asking(request)
    service = request.path_params["service"]
    found = await ask.run(lambda read: lists.operations(read, ask.deps, ask.now, service))
    names = list(dict.fromkeys(name for name, _ in found))
    return answer(names, len(names))


async def operations(request: Request) -> Response:
    """Return the span names and kinds of a service."""
    ask = await asking(request)
    service, kind = request.query_params.get("service", ""), request.query_params.get("spanKind", "")
    if not service:
        raise BadParameterError("parameter 'service' is required")
    found = await ask.run(lambda read: lists.operations(read, ask.deps, ask.now, service, kind))
    listed = [{"name": name, "spanKind": one} for name, one in found]
    return answer(listed, len(listed))


async def search(request: Request) -> Response:
    """Return whole traces: those that `traceID` names, or those with a span that passes all conditions."""
    ask = await asking(request)
    ids = request.query_params.getlist("traceID")
    if ids:
        wanted = [bytes.fromhex(parse_trace_id(one)) for one in ids]
        return await ask.stream(lambda read: _by_ids(read, wanted), _JSON)
    query = trace_query(request.query_params, ask.now)
    return await ask.stream(lambda read: traces_json(exports(read, query.run(read, ask.now))), _JSON)


def _by_ids(read: Read, wanted: list[bytes]) -> Iterator[bytes]:
    found: set[bytes] = set()
    errors: list[dict[str, Any]] = []

    def parts() -> Iterator[Part]:
        for trace_id, body in whole(read, wanted):
            found.add(trace_id)
            yield trace_id, body
        errors.extend(
            {"code": 404, "msg": "trace not found", "traceID": one.hex()} for one in wanted if one not in found
        )

    return traces_json(parts(), errors)


async def trace(request: Request) -> Response:
    """Return one trace."""
    ask = await asking(request)
    known = parse_trace_id(request.path_params["trace_id"])
    return await ask.stream(lambda read: traces_json(one_trace(read, known)), _JSON)


async def archive(request: Request) -> Response:
    """Store a copy of a trace that outlives the retention."""
    ask = await asking(request)
    known = parse_trace_id(request.path_params["trace_id"])
    bodies = await ask.run(lambda read: [body for _, body in one_trace(read, known)])
    await asyncio.to_thread(ask.deps.actions.keep_trace, ask.scope, bytes.fromhex(known), bodies)
    return answer([], 0)


ROUTES = [
    Route("/api/services", services),
    Route("/api/services/{service:path}/operations", operations_of_service),
    Route("/api/operations", operations),
    Route("/api/traces", search),
    Route("/api/traces/{trace_id}", trace),
    Route("/api/archive/{trace_id}", archive, methods=["POST"]),
]
