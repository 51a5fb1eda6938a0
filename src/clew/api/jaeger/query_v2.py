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
from clew.query.archive import one_trace
from clew.query.export import exports
from clew.query.ids import parse_trace_id

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
    return _chunks(one_trace(call.read, _id(request)))


def _archive(request: pb.ArchiveTraceRequest, call: Call) -> Answers:
    known = _id(request)
    bodies = [body for _, body in one_trace(call.read, known)]
    call.deps.actions.keep_trace(call.read.scope, bytes.fromhex(known), bodies)
    yield pb.ArchiveTraceResponse()


def _id(request: Any) -> str:
    return parse_trace_id(request.trace_id.hex())


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
    "ArchiveTrace": _archive,
    "FindTraces": _find,
    "GetServices": _services,
    "GetOperations": _operations,
    "GetDependencies": _dependencies,
}
