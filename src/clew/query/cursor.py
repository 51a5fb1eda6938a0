"""The place where a page of results ends, as opaque text."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from clew.query.errors import InvalidRequestError

PARTS = 4
ID_BYTES = 16


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Results are ordered by trace start, then trace id, both falling; a page begins below a place."""

    start: int
    trace_id: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last place shown, how many were shown up to it, and the end of the range of the first page."""

    place: Place
    shown: int
    to_ns: int

    def text(self) -> str:
        """Return the cursor for a client."""
        plain = f"{self.place.start}.{self.place.trace_id.hex()}.{self.shown}.{self.to_ns}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> Cursor:
    """Return a cursor from its text.

    Raises:
        InvalidRequestError: it is none of ours.
    """
    try:
        parts = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
        start, trace_id, shown, to_ns = parts if len(parts) == PARTS else ("", "", "", "")
        place = Place(int(start), bytes.fromhex(trace_id))
        cursor = Cursor(place, int(shown), int(to_ns))
    except (ValueError, binascii.Error):
        raise _invalid(text) from None
    bounds = (place.start, cursor.shown, cursor.to_ns)
    if len(place.trace_id) != ID_BYTES or not all(0 <= number < 2**63 for number in bounds):
        raise _invalid(text)
    return cursor


def _invalid(text: str) -> InvalidRequestError:
    return InvalidRequestError(
        "cursor", text[:80], "is no cursor", hint="pass the cursor of the page before, unchanged"
    )
