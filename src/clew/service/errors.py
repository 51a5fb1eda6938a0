"""What can keep Clew from starting, beside the errors of its rooms.

ClewError
+-- ServiceError
    +-- ForeignDirectoryError   the data directory holds something else
    +-- NewerDirectoryError     a newer Clew has written it
    +-- OldDirectoryError       it is too old to be read
    +-- UnusableDirectoryError  it cannot be made or written
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from clew.model.errors import ClewError


class ServiceError(ClewError):
    """Clew cannot start as it is configured."""

    code: ClassVar[str] = "service_failed"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "FAILED_PRECONDITION"


class ForeignDirectoryError(ServiceError):
    """The data directory holds files that are not Clew's."""

    code: ClassVar[str] = "data_dir_foreign"

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path} is not empty and no data directory of Clew (it holds {found})",
            hint="choose an empty or a new directory with --data-dir",
        )
        self.path = path


class NewerDirectoryError(ServiceError):
    """The data directory was written by a newer Clew."""

    code: ClassVar[str] = "data_dir_newer"

    def __init__(self, path: Path, found: int, known: int, version: str) -> None:
        super().__init__(
            f"{path} has format {found}, written by Clew {version}; this Clew knows formats up to {known}",
            hint=f"install Clew {version} or newer, or choose another directory with --data-dir",
        )
        self.path = path
        self.found = found
        self.known = known


class OldDirectoryError(ServiceError):
    """The data directory was written by a Clew too old for this one."""

    code: ClassVar[str] = "data_dir_old"

    def __init__(self, path: Path, found: int, oldest: int, version: str) -> None:
        super().__init__(
            f"{path} has format {found}, written by Clew {version}; this Clew reads formats from {oldest} on",
            hint="export its traces with the Clew that wrote it, or choose another directory with --data-dir",
        )
        self.path = path
        self.found = found
        self.oldest = oldest


class UnusableDirectoryError(ServiceError):
    """The data directory cannot be made, read or written."""

    code: ClassVar[str] = "data_dir_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}", hint="mend its owner and mode, or choose another with --data-dir"
        )
        self.path = path
        self.reason = reason
