"""What can go wrong at the command line itself; answers of Clew keep their own code.

ClewError
+-- UnreachableError      nobody listens at the URL
+-- AnswerError           Clew answered with a problem
+-- UsageError            arguments that contradict each other, or an unreadable file
+-- MissingExtraError     a part that was not installed
+-- ShopUnreachableError  no demo shop runs
+-- ShopRefusedError      the demo shop does not do what was asked
+-- UnknownFaultError     the demo shop has no such fault
+-- NothingRecordedError  nobody visited the demo shop
+-- NotWrittenError       a file cannot be written
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
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


class ShopUnreachableError(ClewError):
    """No demo shop answers at its control address."""

    code: ClassVar[str] = "no_shop"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    retryable: ClassVar[bool] = True
    hint = "start Clew and the shop with `make demo`, or name the shop's address with --control"
    exit = Exit.NOT_READY

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no shop at {url}: {reason}")


class ShopRefusedError(ClewError):
    """The demo shop answered that it does not do what was asked."""

    code: ClassVar[str] = "shop_refused"
    exit = Exit.FAILED

    def __init__(self, status: int, detail: str, hint: str) -> None:
        super().__init__(f"the shop answered {status}: {detail}", hint=hint)


class UnknownFaultError(ClewError):
    """The demo shop has no fault of this name."""

    code: ClassVar[str] = "unknown_fault"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "NOT_FOUND"
    exit = Exit.USAGE

    def __init__(self, name: str, like: Sequence[str]) -> None:
        meant = f"did you mean {' or '.join(like)}? " if like else ""
        super().__init__(f"the shop has no fault {name}", hint=f"{meant}clew demo list shows all")


class NothingRecordedError(ClewError):
    """No trace came in while the demo shop was recorded."""

    code: ClassVar[str] = "nothing_recorded"
    hint = "let people into the shop (`--load people`), see that it sends to this Clew, or record for longer"
    exit = Exit.FAILED

    def __init__(self, name: str, window: str) -> None:
        super().__init__(f"{name}: no trace came in during the {window}")


class NotWrittenError(ClewError):
    """A file cannot be written, for example because the disk is full."""

    code: ClassVar[str] = "file_not_written"
    http_status: ClassVar[int] = 507
    grpc_status: ClassVar[str] = "RESOURCE_EXHAUSTED"
    exit = Exit.FAILED

    def __init__(self, path: Path, reason: str, *, full: bool) -> None:
        way = "make room for it, and run the command again: it goes on" if full else "choose another --out"
        super().__init__(f"{path}: {reason}", hint=way)
