"""What the exit code of every sub-command means."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; listed in docs/reference/cli.md."""

    OK = 0
    """Done."""
    FAILED = 1
    """Clew answered with an error, or the work could not be done."""
    USAGE = 2
    """Wrong arguments, or a configuration that cannot be used."""
    NOT_READY = 3
    """Clew is not reachable, or not everything was ready in time."""
    NOT_FOUND = 4
    """There is no such trace, or no such quarantined segment."""
    DENIED = 5
    """A token is missing, unknown, or not allowed to do this."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
