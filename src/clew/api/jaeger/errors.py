"""Why Jaeger's APIs refuse a request, in Jaeger's words.

ClewError
+-- BadParameterError          a parameter is missing or cannot be read
+-- BadFilterError             a structured filter cannot be read or has no meaning
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


class BadFilterError(ClewError):
    """A structured filter of a request to Jaeger's API cannot be read, or asks what has no meaning."""

    code: ClassVar[str] = "jaeger_filter"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"
    hint = "See docs/reference/jaeger.md for operators, levels, fields and types."

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")
        self.at = at
        """The place in the filter, as a path from `query.filter`."""


class NoTracesError(ClewError):
    """No trace was found; version 3 of Jaeger's API answers that with an error."""

    code: ClassVar[str] = "jaeger_no_traces"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    hint = "Widen the range of time; new spans are visible within two seconds."

    def __init__(self) -> None:
        super().__init__("No traces found")
