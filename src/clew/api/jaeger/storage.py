"""Remote storage, version 2: what a Jaeger reads from when it uses Clew as its store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from clew.api.deps import ApiDeps
from clew.api.jaeger import lists
from clew.api.jaeger.builtin import LEVELS
from clew.api.jaeger.filter import OPERATORS
from clew.api.jaeger.messages import trace_query, window
from clew.api.pb import jaeger_storage_v2_pb2 as pb
from clew.api.rpc import Call, Method, read_service
from clew.query.archive import whole
from clew.query.export import exports
from clew.query.index import IndexedTrace

_FILE = pb.DESCRIPTOR.services_by_name
SERVICES = ("TraceReader", "DependencyReader", "Capabilities")
NAMES = tuple(_FILE[name].full_name for name in SERVICES)
SUMMARIES_AT_ONCE = 500
_ID_BYTES = 16
Answers = Iterator[Message | bytes]


def storage_services(deps: ApiDeps) -> list[Any]:
    """Return the handlers of the reading services."""
    return [read_service(deps, _FILE[name], _METHODS) for name in SERVICES]


def _traces(request: pb.GetTracesRequest, call: Call) -> Answers:
    """Yield the traces asked for; one that is not stored is left out. The times are hints that are not needed."""
    ids = [bytes(one.trace_id).rjust(16, b"\0") for one in request.query]
    return (body for _, body in whole(call.read, [one for one in ids if len(one) == _ID_BYTES]))


def _find(request: pb.FindTracesRequest, call: Call) -> Answers:
    return (body for _, body in exports(call.read, _found(request, call)))


def _found(request: Any, call: Call) -> list[IndexedTrace]:
    return trace_query(request.query, call.now).run(call.read, call.now)


def _find_ids(request: pb.FindTraceIDsRequest, call: Call) -> Answers:
    found = [
        pb.FoundTraceID(trace_id=one.trace_id, start=_time(one.first), end=_time(one.last))
        for one in _found(request, call)
    ]
    yield pb.FindTraceIDsResponse(trace_ids=found)


def _time(ns: int) -> Timestamp:
    return Timestamp(seconds=ns // 10**9, nanos=ns % 10**9)


def _summaries(request: pb.FindTraceSummariesRequest, call: Call) -> Answers:
    found = _found(request, call)
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
        trace_id=bytes.fromhex(row.trace_id),
        root_service_name=row.root_service or "",
        root_operation_name=row.root_name or "",
        min_start_time_unix_nano=row.start_ns,
        max_end_time_unix_nano=one.end_ns,
        span_count=row.spans,
        error_span_count=row.errors,
        orphan_span_count=one.orphans,
        services=services,
    )


def _services(_: pb.GetServicesRequest, call: Call) -> Answers:
    yield pb.GetServicesResponse(services=lists.services(call.read, call.deps, call.now))


def _operations(request: pb.GetOperationsRequest, call: Call) -> Answers:
    found = lists.operations(call.read, call.deps, call.now, request.service, request.span_kind)
    yield pb.GetOperationsResponse(operations=[pb.Operation(name=name, span_kind=kind) for name, kind in found])


def _dependencies(request: pb.GetDependenciesRequest, call: Call) -> Answers:
    found = lists.dependencies(call.read, window(request, "start_time", "end_time", call.now))
    links = [pb.Dependency(parent=caller, child=called, call_count=calls) for caller, called, calls in found]
    yield pb.GetDependenciesResponse(dependencies=links)


def _capabilities(_: pb.GetCapabilitiesRequest, call: Call) -> Answers:
    """Yield what search can do: everything."""
    del call
    filters = pb.FilterCapabilities(levels=list(LEVELS), operators=OPERATORS)
    search = pb.SearchCapabilities(without_service_name=True, same_span_conjunction=True, filter=filters)
    yield pb.GetCapabilitiesResponse(search=search)


_METHODS: dict[str, Method] = {
    "GetTraces": _traces,
    "GetServices": _services,
    "GetOperations": _operations,
    "FindTraces": _find,
    "FindTraceIDs": _find_ids,
    "FindTraceSummaries": _summaries,
    "GetDependencies": _dependencies,
    "GetCapabilities": _capabilities,
}
