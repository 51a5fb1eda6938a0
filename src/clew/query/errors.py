"""Why a read is refused or ends early.

ClewError
+-- InvalidQueryError      the text of a query is wrong; says where
+-- QueryGateError         the engine reads a query differently than it was checked
+-- InvalidRequestError    a parameter is wrong
+-- TraceNotFoundError     no span of the trace is stored
+-- SpanNotFoundError      the trace has no such span
+-- SavedQueryNotFoundError  no query is saved under the name
+-- ErrorGroupNotFoundError  the error did not occur in the range
+-- BusyError              all readers are taken and the queue is full
+-- DisplacedError         the place in the queue went to a tenant that waits for less
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class InvalidQueryError(ClewError):
    """The text of a query cannot be understood."""

    code: ClassVar[str] = "invalid_query"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"

    def __init__(self, message: str, *, start: int, end: int, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.start = start
        """First character of the wrong piece."""
        self.end = end
        """One past its last character."""
        self.line = self.column = 0 if start else 1
        """Line and column of `start`, both from 1; 0 until the text is known."""

    def locate(self, text: str) -> None:
        """Find line and column in the text of the query."""
        self.line = text.count("\n", 0, self.start) + 1
        self.column = self.start - text.rfind("\n", 0, self.start)


class QueryGateError(ClewError):
    """The engine sees a table, function or clause in a query that its check did not allow; it was not run."""

    code: ClassVar[str] = "sql_refused"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"
    hint = "Write the query in plainer SQL; docs/reference/sql.md lists the views and functions."


class InvalidRequestError(ClewError):
    """A parameter of a read has a value that cannot be used."""

    code: ClassVar[str] = "invalid_request"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"

    def __init__(self, name: str, value: str, why: str, *, hint: str) -> None:
        super().__init__(f"{name} = {value!r}: {why}", hint=hint)
        self.name = name
        self.value = value


class TraceNotFoundError(ClewError):
    """No span of this trace is stored."""

    code: ClassVar[str] = "trace_not_found"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "Ask /api/v1/traces/{id}/where why a trace is not here; new spans are visible within two seconds."

    def __init__(self, trace_id: str) -> None:
        super().__init__(f"trace {trace_id} is not stored")
        self.trace_id = trace_id


class SpanNotFoundError(ClewError):
    """The trace is stored, but not this span."""

    code: ClassVar[str] = "span_not_found"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "The span may not have arrived yet, or its service does not export it."

    def __init__(self, trace_id: str, span_id: str) -> None:
        super().__init__(f"trace {trace_id} has no span {span_id}")
        self.trace_id = trace_id
        self.span_id = span_id


class SavedQueryNotFoundError(ClewError):
    """No query is saved under this name."""

    code: ClassVar[str] = "saved_query_not_found"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "GET /api/v1/queries lists the names; they are those of this tenant alone."

    def __init__(self, name: str) -> None:
        super().__init__(f"no query is saved as {name!r}")
        self.name = name


class ErrorGroupNotFoundError(ClewError):
    """No error with this fingerprint occurred in the range."""

    code: ClassVar[str] = "error_group_not_found"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "Widen the range: errors are listed some seconds after their traces are quiet."

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"error {fingerprint} did not occur in the range")
        self.fingerprint = fingerprint


class BusyError(ClewError):
    """Every reader works and as many reads as allowed are waiting."""

    code: ClassVar[str] = "busy"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    retryable: ClassVar[bool] = True
    hint = "Try again in a second, or raise query.readers or query.queue."

    def __init__(self, waiting: int, position: int) -> None:
        super().__init__(f"{waiting} reads are already waiting; this one would be number {position}")
        self.waiting = waiting
        self.position = position
        """Where the read would stand."""


class DisplacedError(ClewError):
    """The queue is full, and of all tenants this one waits for most: its newest read made room for another's."""

    code: ClassVar[str] = "displaced"
    http_status: ClassVar[int] = 429
    grpc_status: ClassVar[str] = "RESOURCE_EXHAUSTED"
    retryable: ClassVar[bool] = True
    hint = "Send fewer reads at once; try again when some of yours have ended."

    def __init__(self) -> None:
        super().__init__("the queue is full, and this tenant has more reads in it than any other")
