"""What keeps derived data from being written.

ClewError
+-- OutboxError   the directory for results cannot be written or read
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from clew.model.errors import ClewError


class OutboxError(ClewError):
    """The results of settling cannot be kept while they are inserted."""

    code: ClassVar[str] = "derive_outbox"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    retryable: ClassVar[bool] = True

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}", hint="free space on the volume of data_dir, or mend its owner and mode")
        self.path = path
