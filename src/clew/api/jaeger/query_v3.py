"""`jaeger.api_v3.QueryService`: whole traces as OTLP, and the messages that HTTP answers with too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from clew.api.jaeger import lists
from clew.api.jaeger.messages import trace_query, window
from clew.api.jaeger.search import TraceQuery
from clew.api.pb import jaeger_api_v3_pb2 as pb
from clew.api.rpc import Call
from clew.query.answer import Window
from clew.query.archive import one_trace
from clew.query.export import exports
from clew.query.ids import parse_trace_id

SERVICE = pb.DESCRIPTOR.services_by_name["QueryService"]
SUMMARIES_AT_ONCE = 500
Answers = Iterator[Message | bytes]


def services_of(call: Call) -> pb.GetServicesResponse:
    """Return all services."""
    return pb.GetServicesResponse(services=lists.services(call.read, call.deps, call.now))


def operations_of(call: Call, service: str, kind: str) -> pb.GetOperationsResponse:
    """Return the operations of a service; a kind that was not given shows as internal."""
    found = lists.operations(call.read, call.deps, call.now, service, kind)
    shown = [pb.Operation(name=name, span_kind=one or "internal") for name, one in found]
    return pb.GetOperationsResponse(operations=shown)


def summaries_of(call: Call, query: TraceQuery) -> Iterator[pb.FindTraceSummariesResponse]:
    """Yield the summaries of the traces of a search."""
    found = query.run(call.read, call.now)
    for at in range(0, len(found), SUMMARIES_AT_ONCE):
        shown = lists.summaries(call.read, found[at : at + SUMMARIES_AT_ONCE])
        yield pb.FindTraceSummariesResponse(summaries=[_summary(one) for one in shown])


def _summary(one: lists.Summary) -> pb.TraceSummary:
    row = one.row
    services = [
        pb.ServiceSummary(name=part.service, span_count=part.spans, error_span_count=part.errors)
        for part in row.services
    ]
    return pb.TraceSummary(
        trace_id=row.trace_id,
        root_service_name=row.root_service or "",
        root_operation_name=row.root_name or "",
        min_start_time_unix_nano=row.start_ns,
        max_end_time_unix_nano=one.end_ns,
        span_count=row.spans,
        error_span_count=row.errors,
        orphan_span_count=one.orphans,
        services=services,
    )


def _trace(request: pb.GetTraceRequest, call: Call) -> Answers:
    return (body for _, body in one_trace(call.read, parse_trace_id(request.trace_id)))


def _find(request: pb.FindTracesRequest, call: Call) -> Answers:
    return (body for _, body in exports(call.read, trace_query(request.query, call.now).run(call.read, call.now)))


def _services(_: Any, call: Call) -> Answers:
    yield services_of(call)


def _operations(request: pb.GetOperationsRequest, call: Call) -> Answers:
    yield operations_of(call, request.service, request.span_kind)


def dependencies_of(call: Call, asked: Window) -> pb.DependenciesResponse:
    """Return which service calls which."""
    found = lists.dependencies(call.read, asked)
    links = [pb.Dependency(parent=caller, child=called, call_count=calls) for caller, called, calls in found]
    return pb.DependenciesResponse(dependencies=links)


def _dependencies(request: pb.GetDependenciesRequest, call: Call) -> Answers:
    yield dependencies_of(call, window(request, "start_time", "end_time", call.now))


def _summaries(request: pb.FindTraceSummariesRequest, call: Call) -> Answers:
    return summaries_of(call, trace_query(request.query, call.now))


METHODS = {
    "GetTrace": _trace,
    "FindTraces": _find,
    "GetServices": _services,
    "GetOperations": _operations,
    "GetDependencies": _dependencies,
    "FindTraceSummaries": _summaries,
}
