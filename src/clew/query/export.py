"""A whole trace as one OTLP message, exactly as it was sent."""

from __future__ import annotations

import pyarrow as pa

from clew import codec
from clew.codec import Encoding, conform
from clew.model import RESOURCES, SCOPES, SPANS
from clew.query.errors import TraceNotFoundError
from clew.query.hydrate import SAME_SPAN
from clew.query.params import Params
from clew.query.read import Read
from clew.query.trace import where_trace


def export(read: Read, trace_id: str, encoding: Encoding) -> bytes:
    """Return all spans of a trace with their resources and scopes, identical spans once.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    params = Params()
    condition, _ = where_trace(read, trace_id, params)
    sql = f"""
        SELECT * FROM spans WHERE tenant = {{tenant:String}} AND {condition}
        ORDER BY start, span_id LIMIT 1 BY {SAME_SPAN}
    """
    table = read.query(sql, params.values)
    if not table.num_rows:
        raise TraceNotFoundError(trace_id)
    spans = conform(table, SPANS)
    origins = (_origins(read, "resource", spans), _origins(read, "scope", spans))
    body: bytes = codec.encode_traces(spans, *origins, encoding)
    return body


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
