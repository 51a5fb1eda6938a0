"""Errors as `google.rpc.Status`, in protobuf and JSON: the body of every refusal (OTLP specification, failures)."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from clew.codec import Encoding
from clew.model.errors import ClewError

CONTENT_TYPE = {Encoding.PROTOBUF: "application/x-protobuf", Encoding.JSON: "application/json"}
_DOMAIN = "clew"
_MAX_MESSAGE = 2000
_BAD_DATA = 400


def message_of(error: ClewError) -> str:
    """Return what went wrong and the way out, short enough for a gRPC trailer."""
    text = f"{error.detail}; {error.hint}" if error.hint else error.detail
    return text[:_MAX_MESSAGE]


def status_of(error: ClewError, retry_after_s: int) -> status_pb2.Status:
    """Return the Status of an error: `RetryInfo` when it may be retried, `BadRequest` when the data is bad."""
    details = [error_details_pb2.ErrorInfo(reason=error.code.upper(), domain=_DOMAIN)]
    if error.retryable:
        details.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=retry_after_s)))
    elif error.http_status == _BAD_DATA:
        violation = error_details_pb2.BadRequest.FieldViolation(field="body", description=message_of(error))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    status = status_pb2.Status(code=code_pb2.Code.Value(error.grpc_status), message=message_of(error))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def encode_status(status: status_pb2.Status, encoding: Encoding) -> bytes:
    """Return a Status as the bytes of a response body."""
    if encoding is Encoding.JSON:
        return json_format.MessageToJson(status, indent=None).encode()
    return bytes(status.SerializeToString())
