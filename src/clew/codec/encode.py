"""Batches to OTLP: the exact inverse of the builders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa

from clew.codec.conform import conform
from clew.codec.errors import MalformedError
from clew.codec.native import native_encode_logs, native_encode_traces
from clew.codec.request import Encoding
from clew.model import LOGS, RESOURCES, SCOPES, SPANS

Rows: TypeAlias = pa.RecordBatch | pa.Table


def _as(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    if isinstance(rows, pa.RecordBatch) and rows.schema.equals(schema):
        return rows
    return conform(rows, schema)


def _encode(
    native: Callable[[object, object, object, bool], bytes],
    batches: tuple[pa.RecordBatch, pa.RecordBatch, pa.RecordBatch],
    encoding: Encoding,
) -> bytes:
    try:
        return native(*batches, encoding is Encoding.JSON)
    except ValueError as error:
        raise MalformedError(str(error)) from error


def encode_traces(spans: Rows, resources: Rows, scopes: Rows, encoding: Encoding) -> bytes:
    """Return one `ExportTraceServiceRequest` (= `TracesData`) of all spans, grouped by resource and scope.

    The rows may come in the model's schema or as an engine gives them back (see `conform`). Messages `resource`,
    `scope` and `status` are written even when they are empty. A span whose resource or scope is not among the given
    ones gets an empty one.
    """
    return _encode(native_encode_traces, (_as(spans, SPANS), _as(resources, RESOURCES), _as(scopes, SCOPES)), encoding)


def encode_logs(logs: Rows, resources: Rows, scopes: Rows, encoding: Encoding) -> bytes:
    """Return one `ExportLogsServiceRequest` (= `LogsData`) of all records, grouped by resource and scope."""
    return _encode(native_encode_logs, (_as(logs, LOGS), _as(resources, RESOURCES), _as(scopes, SCOPES)), encoding)
