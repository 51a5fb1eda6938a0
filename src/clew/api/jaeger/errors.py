"""Why Jaeger's APIs refuse a request, in Jaeger's words.

ClewError
+-- BadParameterError    a parameter is missing or cannot be read
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
