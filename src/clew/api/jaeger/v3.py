"""`/api/v3` over HTTP: OTLP in JSON for traces, protobuf JSON for the rest."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.answers import asking
from clew.api.jaeger import lists, query_v3
from clew.api.jaeger.errors import BadParameterError, NoTracesError
from clew.api.jaeger.filter import Structured, alone, from_json
from clew.api.jaeger.params import duration, integer, text_map
from clew.api.jaeger.search import DEFAULT_DEPTH, TraceQuery
from clew.api.otlpvalues import dump
from clew.api.pb import jaeger_api_v3_pb2 as pb
from clew.api.rpc import Call
from clew.codec import Encoding
from clew.query.answer import Window
from clew.query.export import exports, located
from clew.query.ids import HEX, parse_trace_id
from clew.query.index import IndexedTrace
from clew.query.read import Read
from clew.query.times import RFC3339, parse_time

_JSON = "application/json"
_LEAD, _END = b'{"resourceSpans":[', b"]}"
_ID_BYTES = 16
PREDICATES = ("serviceName", "operationName", "attributes", "durationMin", "durationMax")
"""Conditions that a structured filter does not stand beside."""


def trace_query(params: QueryParams, now: int) -> TraceQuery:
    """Return the search of a request.

    Raises:
        BadParameterError: names the parameter.
        BadFilterError: its structured filter is wrong, or does not stand alone.
    """
    given = {key: _first(params, key) for key in ("serviceName", "operationName", "attributes")}
    low, high = (_time(params, key, now) for key in ("startTimeMin", "startTimeMax"))
    if low >= high:
        raise BadParameterError("query.startTimeMin must be before query.startTimeMax")
    least, most = (duration(params, _name(params, key)) for key in ("durationMin", "durationMax"))
    depth = _name(params, "searchDepth")
    depth = depth if params.get(depth) else "query.num_traces"
    attributes = text_map(given["attributes"], "query.attributes") if given["attributes"] else {}
    return TraceQuery(
        Window(low, high),
        given["serviceName"],
        given["operationName"],
        attributes,
        least,
        most,
        integer(params, depth) or DEFAULT_DEPTH,
        _filter(params),
    )


def _filter(params: QueryParams) -> Structured | None:
    text = params.get("query.filter", "")
    if not text:
        return None
    alone(name for name in map(partial(_name, params), PREDICATES) if params.get(name))
    return from_json(text)


def _name(params: QueryParams, key: str) -> str:
    """Return the name under which a parameter is given: camel case, or snake case as older clients write it."""
    snake = "query." + "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
    return snake if snake in params and f"query.{key}" not in params else f"query.{key}"


def _first(params: QueryParams, key: str) -> str:
    return params.get(_name(params, key), "")


def _time(params: QueryParams, key: str, now: int) -> int:
    name = _name(params, key)
    text = params.get(name, "")
    if not text:
        raise BadParameterError(f"{name} is required")
    return point(name, text, now)


def point(name: str, text: str, now: int) -> int:
    """Return a point in time written as RFC 3339."""
    if not RFC3339.fullmatch(text):
        raise BadParameterError(f"malformed parameter {name}: {text[:80]!r} is no RFC 3339 time")
    return parse_time(name, text, now)


def trace_id_of(text: str) -> bytes:
    """Return an id written in hex or in base64."""
    if not HEX.fullmatch(text):
        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) == _ID_BYTES and any(raw):
            return raw
    return bytes.fromhex(parse_trace_id(text))


def _result(read: Read, traces: list[IndexedTrace]) -> Iterator[bytes]:
    """Yield the traces as one message in its wrapper.

    Raises:
        NoTracesError: there are none.
    """
    lead = b'{"result":' + _LEAD
    for _, body in exports(read, traces, Encoding.JSON):
        yield lead + body.removeprefix(_LEAD).removesuffix(_END)
        lead = b","
    if lead != b",":
        raise NoTracesError
    yield b"]}}"


async def trace(request: Request) -> Response:
    """Return one trace."""
    ask = await asking(request)
    wanted = trace_id_of(request.path_params["trace_id"])
    return await ask.stream(lambda read: _result(read, located(read, [wanted])), _JSON)


async def find(request: Request) -> Response:
    """Return whole traces that have a span that passes every condition."""
    ask = await asking(request)
    query = trace_query(request.query_params, ask.now)
    return await ask.stream(lambda read: _result(read, query.run(read, ask.now)), _JSON)


async def summaries(request: Request) -> Response:
    """Return what a list shows of the same traces."""
    query = trace_query(request.query_params, request.app.state.deps.reader.now())

    def work(call: Call) -> Message:
        found = pb.FindTraceSummariesResponse()
        for part in query_v3.summaries_of(call, query):
            found.MergeFrom(part)
        return found

    return await _message(request, work)


async def services(request: Request) -> Response:
    """Return the names of all services."""
    return await _message(request, query_v3.services_of)


async def operations(request: Request) -> Response:
    """Return the operations of a service."""
    params = request.query_params
    service, kind = params.get("service", ""), params.get("spanKind") or params.get("span_kind", "")
    if not service:
        raise BadParameterError("parameter 'service' is required")
    return await _message(request, lambda call: query_v3.operations_of(call, service, kind))


async def dependencies(request: Request) -> Response:
    """Return which service calls which; Jaeger has it over gRPC only."""
    params, now = request.query_params, request.app.state.deps.reader.now()
    end = point("endTime", params["endTime"], now) if params.get("endTime") else now
    start = point("startTime", params["startTime"], now) if params.get("startTime") else max(end - lists.DAY_NS, 0)
    return await _message(request, lambda call: query_v3.dependencies_of(call, Window(start, end)))


async def _message(request: Request, work: Callable[[Call], Message]) -> Response:
    """Answer with a message as protobuf JSON, where what is empty is left out."""
    ask = await asking(request)
    message = await ask.run(lambda read: work(Call(ask.deps, read, ask.now)))
    body: dict[str, Any] = MessageToDict(message)
    return Response(dump(body), media_type=_JSON)


ROUTES = [
    Route("/api/v3/traces", find),
    Route("/api/v3/traces/{trace_id:path}", trace),
    Route("/api/v3/trace-summaries", summaries),
    Route("/api/v3/services", services),
    Route("/api/v3/operations", operations),
    Route("/api/v3/dependencies", dependencies),
]
