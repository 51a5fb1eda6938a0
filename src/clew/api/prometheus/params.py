"""Parameters as Prometheus' clients write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.literals import INT64_MAX, TooLargeError, parse_duration
from clew.query.times import RFC3339, parse_time

S = 10**9
MOST_POINTS = 11_000
MOST_DIGITS = 18
LATEST_S = 4_000_000_000
SERIES_NS = 24 * 3600 * S
"""How far lists without a start look back."""


class Given:
    """The parameters of one request."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: str, default: str | None = None) -> str:
        """Return the last value of a parameter.

        Raises:
            InvalidRequestError: it is missing and has no default.
        """
        found = self.every(name)
        if not found and default is None:
            raise InvalidRequestError(name, "", "is missing", hint=f"give {name}")
        return found[-1] if found else default or ""

    def count(self, name: str) -> int:
        """Return a whole number, 0 when it is not given.

        Raises:
            InvalidRequestError: it is none.
        """
        text = self.text(name, "") or "0"
        if not text.isdecimal() or len(text) > MOST_DIGITS:
            raise InvalidRequestError(name, text[:80], "is no whole number", hint=f"write {name}=1000")
        return int(text)

    def moment(self, name: str, default: int) -> int:
        """Return a point in time in nanoseconds: seconds with fractions, or RFC 3339.

        Raises:
            InvalidRequestError: it is neither.
        """
        text = self.text(name, "")
        if not text:
            return default
        if RFC3339.fullmatch(text):
            return parse_time(name, text, 0)
        seconds = _float(text)
        if seconds is None or not 0 <= seconds <= LATEST_S:
            raise InvalidRequestError(name, text[:80], "is no point in time", hint="write seconds or RFC 3339")
        return int(seconds * S)


def times_of(given: Given, now: int) -> npt.NDArray[np.float64]:
    """Return the points of a range query in seconds.

    Raises:
        InvalidRequestError: the range is empty, the step is none, or there are more than 11,000 points.
    """
    start, end = given.moment("start", now), given.moment("end", now)
    step = _step(given.text("step"))
    if end < start:
        raise InvalidRequestError("end", str(end // S), "lies before start", hint="swap start and end")
    count = (end - start) // step + 1
    if count > MOST_POINTS:
        raise InvalidRequestError("step", given.text("step"), "gives too many points", hint=f"at most {MOST_POINTS}")
    points: Any = (start + np.arange(count) * step) / S
    return np.asarray(points, np.float64)


def window_of(given: Given, now: int) -> Window:
    """Return the range of a list, by default the last day."""
    end = given.moment("end", now)
    return Window(min(given.moment("start", max(end - SERIES_NS, 0)), end), end)


def _step(text: str) -> int:
    seconds = _float(text)
    try:
        step = int(seconds * S) if seconds is not None and seconds < LATEST_S else parse_duration(text)
    except TooLargeError:
        step = None
    if step is None or not 0 < step <= INT64_MAX:
        raise InvalidRequestError("step", text[:80], "is no step", hint="write seconds or a duration such as 15s")
    return step


def _float(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if found == found else None  # noqa: PLR0124 - NaN
