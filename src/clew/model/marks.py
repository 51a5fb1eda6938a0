"""What Clew did to a row before it was stored; kept beside the data, never as an attribute of the user's span."""

from __future__ import annotations

from enum import IntFlag


class Mark(IntFlag):
    """Bits of the column `marks`."""

    TRUNCATED = 1
    """A value was shortened by a configured limit."""
    REDACTED = 2
    """A value was removed or masked by a redaction rule."""
    CLAMPED = 4
    """`bucket` was taken from `received`, since `start` lies outside the accepted range."""
    NEGATIVE_DURATION = 8
    """The sent end lies before the start: `duration` is 0 and `end_raw` holds the sent end (0 included)."""
    EVENTS_CUT = 16
    """Events beyond the configured limit were left out."""
    LINKS_CUT = 32
    """Links beyond the configured limit were left out."""
    LATE = 64
    """The row came after its trace was settled."""
    INVALID_UTF8 = 128
    """Bytes that are no UTF-8 were replaced by U+FFFD."""
