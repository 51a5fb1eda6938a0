"""The rest of the legacy API: dependencies, and OTLP turned into what the UI reads."""

from __future__ import annotations

import asyncio

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from clew.api.answers import asking
from clew.api.jaeger import lists
from clew.api.jaeger.errors import BadParameterError
from clew.api.jaeger.params import integer
from clew.api.jaeger.ui_json import Part, envelope, traces_json
from clew.api.otlpvalues import dump
from clew.codec import Compression, Encoding, SpanBuilder, encode_traces
from clew.codec import Request as Body
from clew.query.answer import Window

_NS_PER_MS = 10**6
_MAX_BODY = 64 << 20
_JSON = "application/json"


async def dependencies(request: Request) -> Response:
    """Return which service calls which, in the `lookback` before `endTs`, both in milliseconds."""
    ask = await asking(request)
    params = request.query_params
    end, back = integer(params, "endTs"), integer(params, "lookback")
    to = ask.now if end is None else min(end * _NS_PER_MS, 2**63 - 1)
    window = Window(max(to - (lists.DAY_NS if back is None else back * _NS_PER_MS), 0), to)
    found = await ask.run(lambda read: lists.dependencies(read, window, params.get("service", "")))
    links = [{"parent": caller, "child": called, "callCount": calls} for caller, called, calls in found]
    return Response(dump(envelope(links)), media_type=_JSON)


async def transform(request: Request) -> Response:
    """Return the traces of an OTLP message in the request as the UI reads them; nothing is stored."""
    ask = await asking(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise BadParameterError(f"the body is larger than {_MAX_BODY >> 20} MiB")
    pieces = await asyncio.to_thread(lambda: list(traces_json(_parts(bytes(body), ask.scope.tenant, ask.now))))
    return StreamingResponse(iter(pieces), media_type=_JSON)


def _parts(body: bytes, tenant: str, now: int) -> list[Part]:
    """Return the traces of OTLP JSON, read by the codec that receives spans."""
    builder = SpanBuilder(retention_s=0, max_decoded_bytes=_MAX_BODY)
    (pushed,) = builder.push([Body(tenant, body, Encoding.JSON, Compression.NONE, now)])
    if pushed.error is not None:
        raise BadParameterError(f"cannot unmarshal OTLP: {pushed.error.detail}")
    made = builder.finish()
    parts = []
    for trace_id in pa.compute.unique(made.rows["trace_id"]).to_pylist():
        rows = made.rows.filter(pa.compute.equal(made.rows["trace_id"], pa.scalar(trace_id, pa.binary(16))))
        parts.append((trace_id, encode_traces(rows, made.resources, made.scopes, Encoding.PROTOBUF)))
    return parts


ROUTES = [
    Route("/api/dependencies", dependencies),
    Route("/api/transform", transform, methods=["POST"]),
]
