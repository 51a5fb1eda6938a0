"""OTLP over gRPC with raw bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from clew.testing.send.answer import Answer, accepted

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
_RETRYABLE = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.OUT_OF_RANGE,
}


class GrpcSender:
    """Sends protobuf bodies with the `Export` call."""

    def __init__(self, endpoint: str, *, token: str = "", gzip: bool = False, method: str = EXPORT) -> None:
        target = urlsplit(endpoint).netloc or endpoint
        self._target = target
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
        self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS, compression=compression)
        self._call: Callable[..., Awaitable[Any]] = self._channel.unary_unary(
            method, request_serializer=None, response_deserializer=None
        )

    async def send(self, body: bytes) -> Answer:
        """Send one body."""
        try:
            return accepted(await self._call(body, metadata=self._metadata))
        except grpc.aio.AioRpcError as error:
            delay = _retry_delay(error)
            message = f"{error.code().name} {error.details()}"
            if error.code() is grpc.StatusCode.UNAVAILABLE and delay is None:
                raise ConnectionError(f"{self._target}: {message}") from error
            if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED or error.code() in _RETRYABLE:
                default = None if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED else 1.0
                return Answer(ok=False, retry_after_s=default if delay is None else delay, message=message)
            return Answer(ok=False, message=message)

    async def close(self) -> None:
        """Close the channel; safe twice."""
        await self._channel.close()


def _retry_delay(error: grpc.aio.AioRpcError) -> float | None:
    """Return the delay in seconds of the `RetryInfo` that came with an error."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                if detail.Is(RetryInfo.DESCRIPTOR):
                    info = RetryInfo()
                    detail.Unpack(info)
                    return float(info.retry_delay.ToNanoseconds() / 1e9)
    return None
