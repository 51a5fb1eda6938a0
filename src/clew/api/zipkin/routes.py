"""The routes under `/api/v2`: traces, lists of names, dependencies, tags to complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.answers import asking
from clew.api.otlpvalues import dump
from clew.api.zipkin.errors import BadQueryError, NoSuchTraceError
from clew.api.zipkin.params import LOOKBACK_MS, NS_PER_MS, name, trace_id, trace_ids, trace_query, window
from clew.api.zipkin.search import PEERS, find
from clew.api.zipkin.span_json import trace_json, traces_json
from clew.query.answer import Window
from clew.query.export import exports, located
from clew.query.fields import fields, values
from clew.query.graph import edges
from clew.query.names import operation_names, service_names, tag_values
from clew.query.read import Read

_JSON = "application/json"
_LEVELS = ("span", "resource")
UNKNOWN = "unknown_service"


def _day(now: int) -> Window:
    """Return the range that lists of names look at."""
    return Window(max(now - LOOKBACK_MS * NS_PER_MS, 0), now)


def _list(found: Any) -> Response:
    return Response(dump(found), media_type=_JSON)


async def traces(request: Request) -> Response:
    """Return whole traces, newest first."""
    ask = await asking(request)
    query = trace_query(request.query_params, ask.now)
    return await ask.stream(lambda read: traces_json(exports(read, find(read, query, ask.now))), _JSON)


async def trace(request: Request) -> Response:
    """Return one trace."""
    ask = await asking(request)
    wanted = trace_id(request.path_params["trace_id"])

    def work(read: Read) -> Iterator[bytes]:
        found = located(read, [bytes.fromhex(wanted.rjust(32, "0"))])
        if not found:
            raise NoSuchTraceError(wanted)
        return trace_json(exports(read, found))

    return await ask.stream(work, _JSON)


async def trace_many(request: Request) -> Response:
    """Return the traces of several ids, those that are stored."""
    ask = await asking(request)
    wanted = [bytes.fromhex(one.rjust(32, "0")) for one in trace_ids(request.query_params.get("traceIds", ""))]
    return await ask.stream(lambda read: traces_json(exports(read, located(read, wanted))), _JSON)


async def services(request: Request) -> Response:
    """Return the names of services in lower case."""
    ask = await asking(request)
    found = await ask.run(lambda read: service_names(read, _day(ask.now)))
    return _list(sorted({one.lower() for one in found} - {UNKNOWN}))


def _named(read: Read, service: str, now: int) -> list[str]:
    """Return the stored names of a service that is named in lower case."""
    return [one for one in service_names(read, _day(now)) if one.lower() == service]


def _needed(request: Request) -> str:
    service = name(request.query_params, "serviceName")
    if not service:
        raise BadQueryError("serviceName is required")
    return service


async def spans(request: Request) -> Response:
    """Return the names of a service's spans in lower case."""
    ask = await asking(request)
    service = _needed(request)

    def work(read: Read) -> set[str]:
        named = _named(read, service, ask.now)
        return {found.lower() for one in named for found, _ in operation_names(read, _day(ask.now), one)}

    return _list(sorted(await ask.run(work) - {""}))


async def remote_services(request: Request) -> Response:
    """Return the names of what a service talks to, in lower case."""
    ask = await asking(request)
    service = _needed(request)

    def work(read: Read) -> set[str]:
        named = _named(read, service, ask.now)
        return {found.lower() for found in tag_values(read, _day(ask.now), named, PEERS)} if named else set()

    return _list(sorted(await ask.run(work) - {""}))


async def dependencies(request: Request) -> Response:
    """Return which service calls which, how often, and how often in vain."""
    ask = await asking(request)
    asked = window(request.query_params, ask.now, end_needed=True)
    found = await ask.run(lambda read: edges(read, asked).data)
    calls: dict[tuple[str, str], float] = defaultdict(float)
    failed: dict[tuple[str, str], float] = defaultdict(float)
    for edge in found:
        pair = (edge.client.lower(), edge.server.lower())
        calls[pair] += edge.calls
        failed[pair] += edge.errors
    return _list(
        [
            {"parent": caller, "child": called, "callCount": round(n)}
            | ({"errorCount": round(failed[caller, called])} if round(failed[caller, called]) else {})
            for (caller, called), n in sorted(calls.items())
            if caller and called
        ]
    )


async def autocomplete_keys(request: Request) -> Response:
    """Return the keys of tags."""
    ask = await asking(request)
    found = await ask.run(lambda read: fields(read, _day(ask.now), "").data)
    return _list(sorted({one.key for one in found if one.level in _LEVELS}))


async def autocomplete_values(request: Request) -> Response:
    """Return the values of a tag."""
    ask = await asking(request)
    key = request.query_params.get("key", "")
    if not key:
        raise BadQueryError("key is required")

    def work(read: Read) -> set[str]:
        return {one.value for level in _LEVELS for one in values(read, level, key, _day(ask.now), "").data.values}

    return _list(sorted(await ask.run(work)))


ROUTES = [
    Route("/api/v2/traces", traces),
    Route("/api/v2/trace/{trace_id}", trace),
    Route("/api/v2/traceMany", trace_many),
    Route("/api/v2/services", services),
    Route("/api/v2/spans", spans),
    Route("/api/v2/remoteServices", remote_services),
    Route("/api/v2/dependencies", dependencies),
    Route("/api/v2/autocompleteKeys", autocomplete_keys),
    Route("/api/v2/autocompleteValues", autocomplete_values),
]
