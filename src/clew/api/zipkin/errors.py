"""Why Zipkin's API refuses a request, in Zipkin's words.

ClewError
+-- BadQueryError         a parameter is missing, wrong, or does not go with another
+-- NoSuchTraceError      no span of the trace is stored
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class BadQueryError(ClewError):
    """A parameter of a request to Zipkin's API is missing, wrong, or does not go with another."""

    code: ClassVar[str] = "zipkin_query"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"
    hint = "See docs/reference/zipkin.md for the parameters."


class NoSuchTraceError(ClewError):
    """Zipkin's API was asked for a trace of which no span is stored."""

    code: ClassVar[str] = "zipkin_trace"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "New spans are visible within two seconds."

    def __init__(self, trace_id: str) -> None:
        super().__init__(f"{trace_id} not found")
        self.trace_id = trace_id
