"""Jaeger's search messages to a `TraceQuery`: the same fields in each of its gRPC APIs."""

from __future__ import annotations

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from clew.api.jaeger.errors import BadParameterError
from clew.api.jaeger.filter import Structured, alone, structured
from clew.api.jaeger.search import DEFAULT_DEPTH, TraceQuery
from clew.api.otlpvalues import text_of
from clew.query.answer import Window
from clew.query.literals import INT64_MAX

PREDICATES = ("service_name", "operation_name", "attributes", "duration_min", "duration_max")
"""Conditions that a structured filter does not stand beside."""


def trace_query(query: Any, now: int) -> TraceQuery:
    """Return the search of a `TraceQueryParameters` of `api_v2`, `api_v3` or remote storage.

    Raises:
        BadParameterError: a range is out of bounds.
        BadFilterError: its structured filter is wrong, or does not stand alone.
    """
    fields = query.DESCRIPTOR.fields_by_name
    if "tags" in fields:
        attributes = dict(query.tags)
    elif fields["attributes"].message_type.GetOptions().map_entry:
        attributes = dict(query.attributes)
    else:
        attributes = {pair.key: text_of(pair.value) for pair in query.attributes}
    if query.search_depth < 0:
        raise BadParameterError("search_depth must not be negative")
    return TraceQuery(
        window(query, "start_time_min", "start_time_max", now),
        query.service_name,
        query.operation_name,
        attributes,
        _length(query.duration_min),
        _length(query.duration_max),
        query.search_depth or DEFAULT_DEPTH,
        _filter(query) if "filter" in fields else None,
    )


def _filter(query: Any) -> Structured | None:
    if not query.HasField("filter"):
        return None
    alone(name for name in PREDICATES if name in {field.name for field, _ in query.ListFields()})
    return structured(query.filter)


def window(message: Any, low: str, high: str, now: int, back_ns: int | None = None) -> Window:
    """Return a range of two timestamps; without an end it ends now, without a start it begins at the epoch."""
    end = _point(getattr(message, high)) if message.HasField(high) else now
    start = _point(getattr(message, low)) if message.HasField(low) else 0 if back_ns is None else end - back_ns
    return Window(max(start, 0), end)


def _point(time: Timestamp) -> int:
    ns = time.seconds * 10**9 + time.nanos
    if not -INT64_MAX <= ns <= INT64_MAX:
        raise BadParameterError("a time is out of range")
    return max(ns, 0)


def _length(length: Duration) -> int | None:
    """Return a bound of the duration; zero is none, as in Jaeger."""
    ns: int = length.seconds * 10**9 + length.nanos
    if ns > INT64_MAX:
        raise BadParameterError("a duration is out of range")
    return ns if ns > 0 else None
