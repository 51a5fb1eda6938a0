"""Errors of the journal.

JournalError (ClewError)
+-- JournalFullError          retryable: the processor is behind
+-- JournalDiskFullError      retryable: the volume has no room, or a write failed
+-- JournalStoppedError       retryable: this process is going down
+-- GroupRefusedError         permanent: the batch is not of the model's schema
+-- JournalSchemaNewerError   written by a newer Clew
+-- JournalDamagedError       the counters cannot be read
"""

from __future__ import annotations

from pathlib import Path

from clew.model.errors import ClewError


class JournalError(ClewError):
    """Anything that the journal answers with."""

    code = "journal"


class JournalFullError(JournalError):
    """The journal has reached its size limit, since storing is slower than receiving."""

    code = "journal_full"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
    hint = "Send again later; if it lasts, `clew status` says what holds the processor up, or raise journal.max_bytes."

    def __init__(self, used: int, limit: int) -> None:
        super().__init__(f"the journal holds {used} of {limit} bytes")
        self.used = used
        self.limit = limit


class JournalDiskFullError(JournalError):
    """The volume has no room for the group, or the write failed; nothing of the group was kept."""

    code = "journal_disk_full"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
    hint = "Free space on the volume of the data directory, or lower storage.max_bytes; senders will send again."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write to {path}: {reason}")
        self.path = path
        self.reason = reason


class JournalStoppedError(JournalError):
    """The journal no longer takes groups, since the process is stopping."""

    code = "journal_stopped"
    http_status = 503
    grpc_status = "UNAVAILABLE"
    retryable = True
    hint = "Send again; the process is going down or has not started yet."


class GroupRefusedError(JournalError):
    """A batch does not have the schema of the model."""

    code = "journal_group_refused"


class JournalSchemaNewerError(JournalError):
    """A file was written by a newer version of Clew."""

    code = "journal_schema_newer"

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has clew.schema {found}, this version knows up to {known}",
            hint="Start the newer version of Clew, or let it drain the journal before going back.",
        )
        self.path = path
        self.found = found
        self.known = known


class JournalDamagedError(JournalError):
    """The file of counters cannot be read, so numbers already used for tokens are unknown."""

    code = "journal_damaged"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be read: {reason}",
            hint=(
                f"Restore it, or delete {path.name} and `uuid` beside it: the counters then start at zero, and "
                "segments that were stored but not yet removed are stored a second time."
            ),
        )
        self.path = path
