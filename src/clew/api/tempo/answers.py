"""Answers of `query` as messages of Tempo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from clew.api.pb import tempo_pb2 as pb
from clew.api.tempo.names import NEVER_ATTRIBUTES, attribute_name, json_number, json_pairs, label_name, pairs
from clew.query.answer import Answer, Meta, Scanned
from clew.query.plan.found import Cell, Found, FoundSpan, FoundTrace, Spanset
from clew.query.plan.series import Exemplar, Series, SeriesAnswer
from clew.query.steps import MS

M = TypeVar("M", bound=Message)
NO_ROOT = "<root span not yet received>"
CHUNK = 900_000
"""Bytes after which an answer goes on in the next message; clients take 1 MiB and more."""
MAX_UINT32 = 2**32 - 1


def search_response(answer: Answer[Found]) -> pb.SearchResponse:
    """Return the traces of a search, newest first, and what it has read."""
    traces = [found_trace(one) for one in answer.data.traces]
    return pb.SearchResponse(traces=traces, metrics=search_metrics(answer.meta, len(traces)))


def search_parts(response: pb.SearchResponse) -> Iterator[pb.SearchResponse]:
    """Yield an answer in messages of bounded size; each has the metrics, together they have every trace once."""
    for traces in _chunks(response.traces):
        yield pb.SearchResponse(traces=traces, metrics=response.metrics)


def search_metrics(meta: Meta, traces: int = 0) -> pb.SearchMetrics:
    """Return what a finished search or metrics query has read."""
    told = {
        "duplicateSpans": meta.duplicates,
        "incompleteTraces": len(meta.incomplete),
        "partial": int(meta.truncated is not None),
    }
    more = {name: value for name, value in told.items() if value}
    return pb.SearchMetrics(
        inspectedTraces=min(traces, MAX_UINT32),
        inspectedBytes=meta.scanned.bytes,
        inspectedSpans=meta.scanned.rows,
        completedJobs=1,
        totalJobs=1,
        additionalMetrics=more,
    )


def metadata_metrics(scanned: Scanned) -> pb.MetadataMetrics:
    """Return what a list of names or values has read."""
    return pb.MetadataMetrics(inspectedBytes=scanned.bytes, completedJobs=1, totalJobs=1)


def found_trace(trace: FoundTrace) -> pb.TraceSearchMetadata:
    """Return a row of a search; a root that was not received shows as such, its name is left out."""
    sets = [spanset(one) for one in trace.spansets]
    stats = {one.service: pb.ServiceStats(spanCount=one.spans, errorCount=one.errors) for one in trace.services}
    return pb.TraceSearchMetadata(
        traceID=trace.trace_id.hex(),
        rootServiceName=NO_ROOT if trace.root_service is None else trace.root_service,
        rootTraceName=trace.root_name or "",
        startTimeUnixNano=trace.start_ns,
        durationMs=min(trace.duration_ns // MS, MAX_UINT32),
        spanSet=sets[0] if sets else None,
        spanSets=sets,
        serviceStats=stats,
    )


def spanset(found: Spanset) -> pb.SpanSet:
    """Return a spanset with its groups and aggregates."""
    return pb.SpanSet(
        spans=[span(one) for one in found.spans], matched=found.matched, attributes=pairs(found.attributes)
    )


def span(found: FoundSpan) -> pb.Span:
    """Return a span; its name only where the query asks for it, attributes without their scope."""
    name, shown = _shown(found)
    return pb.Span(
        spanID=f"{found.span_id:016x}",
        name=name,
        startTimeUnixNano=found.start_ns,
        durationNanos=found.duration_ns,
        attributes=pairs(shown),
    )


def _shown(found: FoundSpan) -> tuple[str, dict[str, Cell]]:
    """Return the name of a span where the query asks for it, and its attributes without their scope."""
    by_name = {attribute_name(field): value for field, value in found.attributes.items()}
    shown: dict[str, Cell] = {
        name: value for name, value in by_name.items() if name not in NEVER_ATTRIBUTES and value is not None
    }
    return found.name if "name" in by_name else "", shown


def search_json(answer: Answer[Found]) -> dict[str, Any]:
    """Return the traces of a search as protobuf JSON, made without a message per span."""
    traces = [_trace_json(one) for one in answer.data.traces]
    metrics = MessageToDict(search_metrics(answer.meta, len(traces)))
    return _without_defaults({"traces": traces}) | {"metrics": metrics}


def _trace_json(trace: FoundTrace) -> dict[str, Any]:
    sets = [
        _without_defaults(
            {
                "spans": [_span_json(one) for one in each.spans],
                "matched": each.matched,
                "attributes": json_pairs(each.attributes),
            }
        )
        for each in trace.spansets
    ]
    stats = {
        one.service: _without_defaults({"spanCount": one.spans, "errorCount": one.errors}) for one in trace.services
    }
    fields = {
        "traceID": trace.trace_id.hex(),
        "rootServiceName": NO_ROOT if trace.root_service is None else trace.root_service,
        "rootTraceName": trace.root_name,
        "startTimeUnixNano": str(trace.start_ns) if trace.start_ns else "",
        "durationMs": min(trace.duration_ns // MS, MAX_UINT32),
    }
    first = {"spanSet": sets[0]} if sets else {}
    return _without_defaults(fields) | first | _without_defaults({"spanSets": sets, "serviceStats": stats})


def _span_json(found: FoundSpan) -> dict[str, Any]:
    name, shown = _shown(found)
    return _without_defaults(
        {
            "spanID": f"{found.span_id:016x}",
            "name": name,
            "startTimeUnixNano": str(found.start_ns) if found.start_ns else "",
            "durationNanos": str(found.duration_ns) if found.duration_ns else "",
            "attributes": json_pairs(shown),
        }
    )


def _without_defaults(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def range_response(answer: Answer[SeriesAnswer]) -> pb.QueryRangeResponse:
    """Return series over time; absent points are left out."""
    times = answer.data.times_ms
    series = [_series(one, times) for one in answer.data.series]
    status, message = _partial(answer.meta)
    return pb.QueryRangeResponse(series=series, metrics=search_metrics(answer.meta), status=status, message=message)


def range_json(answer: Answer[SeriesAnswer]) -> dict[str, Any]:
    """Return the same as protobuf JSON, made without a message per point."""
    times = [str(one) for one in answer.data.times_ms]
    series = [_series_json(one, times) for one in answer.data.series]
    status, message = _partial(answer.meta)
    tail = {"status": "PARTIAL", "message": message} if status else {}
    return _without_defaults({"series": series}) | {"metrics": MessageToDict(search_metrics(answer.meta))} | tail


def _series_json(series: Series, times: Sequence[str]) -> dict[str, Any]:
    points = [
        {"timestampMs": time, "value": json_number(value)} if value else {"timestampMs": time}
        for time, value in zip(times, series.values, strict=True)
        if value is not None and not math.isnan(value)
    ]
    exemplars = [MessageToDict(_exemplar(each)) for each in series.exemplars]
    labels_json = json_pairs({label_name(key): value for key, value in series.labels.items()})
    return _without_defaults({"labels": labels_json, "samples": points, "exemplars": exemplars})


def range_parts(response: pb.QueryRangeResponse) -> Iterator[pb.QueryRangeResponse]:
    """Yield an answer in messages of bounded size; each series is in one of them."""
    for series in _chunks(response.series):
        yield pb.QueryRangeResponse(
            series=series, metrics=response.metrics, status=response.status, message=response.message
        )


def instant_response(answer: Answer[SeriesAnswer]) -> pb.QueryInstantResponse:
    """Return one value per series; a series without one is left out."""
    series = [
        pb.InstantSeries(labels=labels(one), value=one.values[-1])
        for one in answer.data.series
        if one.values and one.values[-1] is not None
    ]
    status, message = _partial(answer.meta)
    return pb.QueryInstantResponse(series=series, metrics=search_metrics(answer.meta), status=status, message=message)


def labels(series: Series | Exemplar) -> list[KeyValue]:
    """Return the labels of a series under the names of Tempo."""
    return pairs({label_name(key): value for key, value in series.labels.items()})


def _series(series: Series, times: Sequence[int]) -> pb.TimeSeries:
    samples = [
        pb.Sample(timestamp_ms=time, value=value)
        for time, value in zip(times, series.values, strict=True)
        if value is not None and not math.isnan(value)
    ]
    return pb.TimeSeries(labels=labels(series), samples=samples, exemplars=[_exemplar(one) for one in series.exemplars])


def _exemplar(found: Exemplar) -> pb.Exemplar:
    own = {"trace:id": found.trace_id.hex(), "span:id": f"{found.span_id:016x}"}
    given = {label_name(key): value for key, value in found.labels.items()}
    return pb.Exemplar(labels=pairs({**given, **own}), value=found.value, timestamp_ms=found.time_ms)


def _partial(meta: Meta) -> tuple[pb.PartialStatus, str]:
    cut = meta.truncated
    return (pb.PARTIAL, f"{cut.reason}: {cut.hint}") if cut else (pb.COMPLETE, "")


def _chunks(items: Sequence[M]) -> Iterator[list[M]]:
    part: list[M] = []
    size = 0
    for item in items:
        length = item.ByteSize()
        if part and size + length > CHUNK:
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    yield part
