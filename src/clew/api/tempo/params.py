"""Parameters of Tempo's HTTP API: integers, durations and points in time as its clients write them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.literals import INT64_MAX, TooLargeError, parse_duration
from clew.query.times import RFC3339, parse_time

S = 10**9
MAX_UINT32 = 2**32 - 1
SECONDS_DIGITS = 10
"""A point in time of more characters is in nanoseconds."""
_INT = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def whole(params: Mapping[str, str], name: str) -> int | None:
    """Return an unsigned 32-bit parameter, `None` where it is absent or empty.

    Raises:
        InvalidRequestError: it is no such number.
    """
    text = params.get(name, "")
    if not text:
        return None
    if not _INT.fullmatch(text) or not 0 <= int(text) <= MAX_UINT32:
        raise InvalidRequestError(name, text[:80], "is no whole number", hint=f"write digits, up to {MAX_UINT32}")
    return int(text)


def duration(params: Mapping[str, str], name: str) -> int | None:
    """Return a duration (`1.5s`, `100ms`, `1h30m`) in nanoseconds, `None` where it is absent.

    Raises:
        InvalidRequestError: it is none.
    """
    text = params.get(name, "")
    if not text:
        return None
    found = _duration(text)
    if found is None or found < 0:
        raise InvalidRequestError(name, text[:80], "is no duration", hint="write one such as 100ms, 1.5s or 1h30m")
    return found


def step(params: Mapping[str, str]) -> int:
    """Return `step` in nanoseconds: seconds as a number, or a duration; 0 where it is absent.

    Raises:
        InvalidRequestError: it is neither, or not above 0.
    """
    text = params.get("step", "")
    if not text:
        return 0
    found = int(float(text) * S) if _NUMBER.fullmatch(text) else _duration(text)
    if found is None or not 0 < found <= INT64_MAX:
        raise InvalidRequestError("step", text[:80], "is no step", hint="write seconds or a duration such as 15s")
    return found


def moment(params: Mapping[str, str], name: str) -> int | None:
    """Return a point in time in nanoseconds: up to 10 digits are seconds, more nanoseconds, a point makes fractions.

    Raises:
        InvalidRequestError: it is no number and not RFC 3339.
    """
    text = params.get(name, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        head, _, tail = text.partition(".")
        number = int(head or 0) * S + int(tail[:9].ljust(9, "0")) if "." in text else int(text)
        if "." not in text and len(text) <= SECONDS_DIGITS:
            number *= S
        if 0 <= number <= INT64_MAX:
            return number
    elif RFC3339.fullmatch(text):
        return parse_time(name, text, 0)
    raise InvalidRequestError(name, text[:80], "is no point in time", hint="write seconds, nanoseconds or RFC 3339")


def window_of(start: int | None, end: int | None, now: int, default_ns: int) -> Window:
    """Return the range of a request in nanoseconds: both ends or neither, then the last `default_ns`.

    Raises:
        InvalidRequestError: one end is missing, or the end does not lie after the start.
    """
    if not start and not end:
        return Window(max(now - default_ns, 0), now)
    if not start or not end:
        name = "start" if not start else "end"
        raise InvalidRequestError(name, "", "is missing", hint="give both start and end, or neither")
    if end <= start:
        raise InvalidRequestError("end", str(end), f"does not lie after start {start}", hint="swap start and end")
    return Window(start, min(end, INT64_MAX))


def logfmt(text: str) -> dict[str, str]:
    """Return the pairs of `service.name=shop error=true http.url="a b"`; a key alone is `true`.

    Raises:
        InvalidRequestError: a quote is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars="")
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escapedquotes = True, "", '"', '"'
    try:
        words = list(lexer)
    except ValueError as error:
        raise InvalidRequestError("tags", text[:80], str(error), hint='write key=value or key="a value"') from None
    pairs = (word.partition("=") for word in words)
    return {key: value if given else "true" for key, given, value in pairs if key}


def _duration(text: str) -> int | None:
    try:
        return parse_duration(text)
    except TooLargeError:
        return None
