"""What a receiver said to one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one request."""

    ok: bool
    rejected: int = 0
    """Spans that partial success names as refused."""
    retry_after_s: float | None = None
    """Set when the same request may be sent again, after this long."""
    message: str = ""

    @property
    def retryable(self) -> bool:
        """Whether the same request may be sent again."""
        return self.retry_after_s is not None


class Sender(Protocol):
    """Sends bodies to one endpoint, one at a time; make one per worker."""

    async def send(self, body: bytes) -> Answer:
        """Send one OTLP protobuf body and return what came back.

        Raises:
            OSError: the connection failed; whether the receiver has kept the body is not known.
        """

    async def close(self) -> None:
        """Close the connection; safe twice."""


def accepted(body: bytes) -> Answer:
    """Return the answer for the body of a success."""
    if not body:
        return Answer(ok=True)
    partial = ExportTraceServiceResponse.FromString(body).partial_success
    return Answer(ok=True, rejected=partial.rejected_spans, message=partial.error_message)
