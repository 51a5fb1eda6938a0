"""The root of every error that Clew answers with.

ClewError
+-- one tree per room, in that room's errors.py
"""

from __future__ import annotations

from typing import ClassVar


class ClewError(Exception):
    """An error with a stable code, the statuses of both protocols, and the way out.

    Whether it may be retried is decided where it is born.
    """

    code: ClassVar[str] = "internal"
    """Stable, snake_case; has a heading of its own in docs/reference/errors.md."""
    http_status: ClassVar[int] = 500
    grpc_status: ClassVar[str] = "INTERNAL"
    """Name of the gRPC status code."""
    retryable: ClassVar[bool] = False
    hint: str = ""
    """What to change so that it works; may be set per instance."""

    def __init__(self, detail: str, *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        if hint:
            self.hint = hint
