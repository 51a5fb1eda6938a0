"""The responses of Export: full success leaves `partial_success` unset, partial success counts and explains."""

from __future__ import annotations

from typing import Literal

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from clew.codec import Encoding, Pushed

Signal = Literal["traces", "logs"]
"""The signals that Clew stores."""

_MAX_MESSAGE = 4096


def success_body(signal: Signal, pushed: Pushed, encoding: Encoding) -> bytes:
    """Return the body of the answer to a request that was kept, wholly or in part."""
    if not pushed.rejected and not pushed.message:
        return b"{}" if encoding is Encoding.JSON else b""
    text = pushed.message[:_MAX_MESSAGE]
    response: trace_service_pb2.ExportTraceServiceResponse | logs_service_pb2.ExportLogsServiceResponse
    if signal == "traces":
        response = trace_service_pb2.ExportTraceServiceResponse(
            partial_success=trace_service_pb2.ExportTracePartialSuccess(
                rejected_spans=pushed.rejected, error_message=text
            )
        )
    else:
        response = logs_service_pb2.ExportLogsServiceResponse(
            partial_success=logs_service_pb2.ExportLogsPartialSuccess(
                rejected_log_records=pushed.rejected, error_message=text
            )
        )
    if encoding is Encoding.JSON:
        return json_format.MessageToJson(response, indent=None).encode()
    return bytes(response.SerializeToString())
