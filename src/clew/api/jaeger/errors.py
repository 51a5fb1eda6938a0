"""Why Jaeger's APIs refuse a request, in Jaeger's words.

ClewError
+-- BadParameterError          a parameter is missing or cannot be read
+-- FilterNotSupportedError    the request has a structured filter
+-- NoTracesError              nothing was found where version 3 of the API wants an error for it
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class BadParameterError(ClewError):
    """A parameter of a request to Jaeger's API is missing or cannot be read."""

    code: ClassVar[str] = "jaeger_parameter"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"
    hint = "See docs/reference/jaeger.md for the parameters."


class FilterNotSupportedError(ClewError):
    """The request has one of Jaeger's structured filters, which `GetCapabilities` does not offer."""

    code: ClassVar[str] = "jaeger_filter"
    http_status: ClassVar[int] = 501
    grpc_status: ClassVar[str] = "UNIMPLEMENTED"
    hint = "Use attributes; for or, ranges and regular expressions ask Clew with TraceQL."

    def __init__(self) -> None:
        super().__init__("structured filters are not supported")


class NoTracesError(ClewError):
    """No trace was found; version 3 of Jaeger's API answers that with an error."""

    code: ClassVar[str] = "jaeger_no_traces"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "Widen the range of time; new spans are visible within two seconds."

    def __init__(self) -> None:
        super().__init__("No traces found")
