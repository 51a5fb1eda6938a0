"""Points in time as requests write them: `now`, `now-1h`, RFC 3339, or digits of the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.literals import INT64_MAX, TooLargeError, parse_duration

HINT = "write now, now-1h, 2026-01-31T12:00:00Z, or the epoch in milliseconds or nanoseconds"
RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))


def parse_time(name: str, text: str, now: int) -> int:
    """Return the nanoseconds of a point in time.

    Args:
        name: of the parameter, for the error.
        text: what the request says. Up to 11 digits are seconds, 14 milliseconds, 17 microseconds, else nanoseconds.
        now: what `now` means.

    Raises:
        InvalidRequestError: it is none of the forms.
    """
    value = text.strip()
    if value.isascii() and value.isdigit():
        number = int(value) if len(value) < 20 else INT64_MAX + 1  # noqa: PLR2004 - digits of 2^63
        number *= next((scale for bound, scale in UNITS if number < bound), 1)
    else:
        number = _relative(value, now) if value.startswith("now") else _rfc3339(value)
    if not 0 <= number <= INT64_MAX:
        raise InvalidRequestError(name, text, "is no point in time", hint=HINT)
    return number


def parse_window(from_: str, to: str, now: int) -> Window:
    """Return the range of a request.

    Raises:
        InvalidRequestError: an end cannot be read, or the range is empty.
    """
    window = Window(parse_time("from", from_, now), parse_time("to", to, now))
    if window.from_ns > window.to_ns:
        raise InvalidRequestError("from", from_, f"lies after to = {to!r}", hint="swap from and to")
    return window


def _relative(value: str, now: int) -> int:
    rest = value[3:]
    if not rest:
        return now
    sign = {"-": -1, "+": 1}.get(rest[0])
    try:
        duration = parse_duration(rest[1:]) if sign and not rest[1:].startswith("-") else None
    except TooLargeError:
        return -1
    return -1 if duration is None or sign is None else now + sign * duration


def _rfc3339(value: str) -> int:
    match = RFC3339.fullmatch(value)
    if match is None:
        return -1
    zone = "+00:00" if match[4] in "Zz" else match[4]
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return -1
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * 10**9 + int((match[3] or "0").ljust(9, "0"))
