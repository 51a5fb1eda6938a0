"""`jaeger.api_v2.QueryService`: whole traces in Jaeger's span model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from clew.api.jaeger import lists
from clew.api.jaeger.messages import trace_query, window
from clew.api.jaeger.model import spans_of
from clew.api.pb import jaeger_api_v2_pb2 as pb
from clew.api.rpc import Call
from clew.query.errors import TraceNotFoundError
from clew.query.export import exports, located

SERVICE = pb.DESCRIPTOR.services_by_name["QueryService"]
CHUNK_BYTES = 1 << 20
Answers = Iterator[Message | bytes]


def _chunks(bodies: Iterable[tuple[bytes, bytes]]) -> Answers:
    """Yield spans in messages below the size that clients take; a message never mixes traces."""
    for _, body in bodies:
        chunk, size = pb.SpansResponseChunk(), 0
        for span in spans_of(TracesData.FromString(body)):
            length = span.ByteSize()
            if chunk.spans and size + length > CHUNK_BYTES:
                yield chunk
                chunk, size = pb.SpansResponseChunk(), 0
            chunk.spans.append(span)
            size += length
        yield chunk


def _trace(request: pb.GetTraceRequest, call: Call) -> Answers:
    found = located(call.read, [bytes(request.trace_id).rjust(16, b"\0")])
    if not found:
        raise TraceNotFoundError(request.trace_id.hex())
    return _chunks(exports(call.read, found))


def _find(request: pb.FindTracesRequest, call: Call) -> Answers:
    return _chunks(exports(call.read, trace_query(request.query, call.now).run(call.read, call.now)))


def _services(_: Any, call: Call) -> Answers:
    yield pb.GetServicesResponse(services=lists.services(call.read, call.deps, call.now))


def _operations(request: pb.GetOperationsRequest, call: Call) -> Answers:
    found = lists.operations(call.read, call.deps, call.now, request.service, request.span_kind)
    shown = [pb.Operation(name=name, span_kind=kind) for name, kind in found]
    yield pb.GetOperationsResponse(operationNames=dict.fromkeys(name for name, _ in found), operations=shown)


def _dependencies(request: pb.GetDependenciesRequest, call: Call) -> Answers:
    found = lists.dependencies(call.read, window(request, "start_time", "end_time", call.now))
    links = [pb.DependencyLink(parent=caller, child=called, call_count=calls) for caller, called, calls in found]
    yield pb.GetDependenciesResponse(dependencies=links)


METHODS = {
    "GetTrace": _trace,
    "FindTraces": _find,
    "GetServices": _services,
    "GetOperations": _operations,
    "GetDependencies": _dependencies,
}
