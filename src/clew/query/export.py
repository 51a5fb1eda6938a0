"""Whole traces as OTLP messages, exactly as they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clew import codec
from clew.codec import Encoding, conform
from clew.model import RESOURCES, SCOPES, SPANS
from clew.query.errors import TraceNotFoundError
from clew.query.hits import SAME_SPAN
from clew.query.hydrate import of_traces
from clew.query.index import IndexedTrace, bounds, lookup
from clew.query.params import Params
from clew.query.read import Read
from clew.query.structure import Links, gaps_of
from clew.query.trace import where_trace

GROUP_ROWS = 20_000
"""About how many spans are read at once, where traces are small enough."""
PART_ROWS = 2000
PART_BYTES = 1 << 20
"""Most spans and bytes of one message: below what gRPC clients take, 4 MiB."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A trace as one OTLP message."""

    body: bytes
    gaps: tuple[str, ...]
    """What is not known about its structure."""


def export(read: Read, trace_id: str, encoding: Encoding) -> Exported:
    """Return all spans of a trace with their resources and scopes, identical spans once.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    params = Params()
    condition, _ = where_trace(read, trace_id, params)
    spans = _spans(read, condition, params)
    if not spans.num_rows:
        raise TraceNotFoundError(trace_id)
    body: bytes = codec.encode_traces(spans, *_all_origins(read, spans), encoding)
    span, parent, kind = (spans[name].to_numpy(zero_copy_only=False) for name in ("span_id", "parent_id", "kind"))
    start = spans["start"].cast(pa.int64()).to_numpy(zero_copy_only=False)
    (gaps,) = gaps_of(Links(np.zeros(spans.num_rows, np.int64), span, parent, start, kind), 1)
    return Exported(body, gaps)


def located(read: Read, ids: Sequence[bytes]) -> list[IndexedTrace]:
    """Return where traces are, in the order given, each once; those of which nothing is stored are left out.

    A trace that just came in may lack its index entry for a moment; its bounds are then read from its spans.
    """
    wanted = list(dict.fromkeys(ids))
    known = lookup(read, wanted)
    missing = [one for one in wanted if one not in known]
    if missing:
        known |= bounds(read, missing)
    return [known[one] for one in wanted if one in known]


def exports(
    read: Read, traces: Sequence[IndexedTrace], encoding: Encoding = Encoding.PROTOBUF, *, most_bytes: int = PART_BYTES
) -> Iterator[tuple[bytes, bytes]]:
    """Yield (trace id, `TracesData`) in the order given; a large trace comes as several messages in a row.

    Args:
        read: the running read.
        traces: which traces; one whose spans are gone is left out.
        encoding: of the messages.
        most_bytes: most bytes of a message, unless a single span has more.
    """
    for group in _groups(traces):
        params = Params()
        spans = _spans(read, of_traces(group, params), params)
        if not spans.num_rows:
            continue
        origins = _all_origins(read, spans)
        places = _places(spans["trace_id"])
        for trace in group:
            first, end = places.get(trace.trace_id, (0, 0))
            for at in range(first, end, PART_ROWS):
                rows = spans.slice(at, min(PART_ROWS, end - at))
                for body in _messages(rows, origins, encoding, most_bytes):
                    yield trace.trace_id, body


def _messages(
    rows: pa.RecordBatch, origins: tuple[pa.RecordBatch, pa.RecordBatch], encoding: Encoding, most_bytes: int
) -> Iterator[bytes]:
    """Yield rows as messages, in halves for as long as one is too large."""
    body: bytes = codec.encode_traces(rows, *origins, encoding)
    half = rows.num_rows // 2
    if len(body) <= most_bytes or not half:
        yield body
        return
    yield from _messages(rows.slice(0, half), origins, encoding, most_bytes)
    yield from _messages(rows.slice(half), origins, encoding, most_bytes)


def _groups(traces: Sequence[IndexedTrace]) -> Iterator[list[IndexedTrace]]:
    """Yield runs of traces that are read together."""
    group: list[IndexedTrace] = []
    size = 0
    for trace in traces:
        if group and size + trace.spans > GROUP_ROWS:
            yield group
            group, size = [], 0
        group.append(trace)
        size += trace.spans
    if group:
        yield group


def _places(ids: pa.Array) -> dict[bytes, tuple[int, int]]:
    """Return the first row of each trace and the one behind its last; equal ids stand together."""
    runs = pa.compute.run_end_encode(ids)
    ends = runs.run_ends.to_pylist()
    return dict(zip(runs.values.to_pylist(), zip([0, *ends[:-1]], ends, strict=True), strict=True))


def _spans(read: Read, condition: str, params: Params) -> pa.RecordBatch:
    sql = f"""
        SELECT * FROM spans WHERE tenant = {{tenant:String}} AND {condition}
        ORDER BY trace_id, start, span_id LIMIT 1 BY {SAME_SPAN}
    """
    return conform(read.query(sql, params.values), SPANS)


def _all_origins(read: Read, spans: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    return _origins(read, "resource", spans), _origins(read, "scope", spans)


def _origins(read: Read, table: str, spans: pa.RecordBatch) -> pa.RecordBatch:
    """Return the resources or scopes that the spans refer to, once each."""
    params = Params()
    buckets = pa.compute.unique(spans["bucket"].cast(pa.int64())).to_pylist()
    days = params.bind(sorted({bucket // 86_400 for bucket in buckets}), "Array(UInt16)")
    ids = params.bind(pa.compute.unique(spans[f"{table}_id"]).to_pylist(), "Array(UInt64)")
    sql = f"""
        SELECT * FROM {table}s
        WHERE tenant = {{tenant:String}} AND {table}_id IN {ids} AND has({days}, toUInt16(day)) LIMIT 1 BY {table}_id
    """
    return conform(read.query(sql, params.values), RESOURCES if table == "resource" else SCOPES)
