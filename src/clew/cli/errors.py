"""What can go wrong at the command line itself; answers of Clew keep their own code.

ClewError
+-- UnreachableError   nobody listens at the URL
+-- AnswerError        Clew answered with a problem
+-- UsageError         arguments that contradict each other, or an unreadable file
+-- MissingExtraError  a part that was not installed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from clew.cli.exits import Exit
from clew.model.errors import ClewError


class UnreachableError(ClewError):
    """Nobody listens at the address of Clew."""

    code: ClassVar[str] = "unreachable"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    retryable: ClassVar[bool] = True
    hint = "start it with `clew up`, or name the right address with --url"
    exit = Exit.NOT_READY

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no Clew at {url}: {reason}")
        self.url = url
        self.reason = reason


class AnswerError(ClewError):
    """Clew answered with a problem; its own code is shown."""

    code: ClassVar[str] = "refused_by_server"

    def __init__(
        self, status: int, code: str, detail: str, hint: str, errors: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(detail, hint=hint)
        self.status = status
        self.server_code = code
        self.errors = errors
        """Places in the query that are wrong: `from` and `to`, in characters."""
        denied, missing = {401, 403}, {404, 410}
        self.exit = Exit.DENIED if status in denied else Exit.NOT_FOUND if status in missing else Exit.FAILED


class UsageError(ClewError):
    """Arguments that contradict each other, or a file that cannot be used."""

    code: ClassVar[str] = "usage"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"
    exit = Exit.USAGE


class MissingExtraError(ClewError):
    """A part of Clew that is installed on demand is not there."""

    code: ClassVar[str] = "missing_extra"
    http_status: ClassVar[int] = 501
    grpc_status: ClassVar[str] = "UNIMPLEMENTED"
    exit = Exit.USAGE
