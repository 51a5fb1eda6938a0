"""Numbers, durations and strings of a query: text to value and back, to the character the same as in the browser."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from clew.model import KIND_NAMES, STATUS_NAMES, Kind, Status
from clew.query.filters import Duration, Value, value_type

INT64_MAX = 2**63 - 1
MAX_NUMBER = 1000
"""Longest spelling of a number in characters."""
INT = re.compile(r"-?[0-9]+")
FLOAT = re.compile(r"-?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?")
DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d|w|y)")
UNIT_NS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 24 * 3600 * 10**9,
    "w": 7 * 24 * 3600 * 10**9,
    "y": 365 * 24 * 3600 * 10**9,
}
WORDS: dict[str, Value] = {
    "true": True,
    "false": False,
    "nil": None,
    **{name: Status(number) for number, name in STATUS_NAMES.items()},
    **{name: Kind(number) for number, name in KIND_NAMES.items()},
}
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_UNESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


class TooLargeError(ValueError):
    """A number does not fit its type."""


def parse_duration(text: str) -> Duration | None:
    """Return the duration that `text` spells (`1h2m`, `1.5s`, `10ms`), or `None`; below 1 ns is cut off."""
    body = text.removeprefix("-")
    total = at = 0
    while at < len(body):
        part = DURATION_PART.match(body, at)
        if part is None or not (part[1] or part[2]):
            return None
        unit, fraction = UNIT_NS[part[3]], part[2] or ""
        total += int(part[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        at = part.end()
    if not body:
        return None
    if total > INT64_MAX:
        raise TooLargeError
    return Duration(-total if body is not text and text.startswith("-") else total)


def parse_bare(text: str) -> tuple[bool, Value]:
    """Return whether an unquoted token is a value, and the value.

    Raises:
        TooLargeError: it is a number beyond 64 bits.
    """
    if text in WORDS:
        return True, WORDS[text]
    if len(text) > MAX_NUMBER:
        raise TooLargeError
    if INT.fullmatch(text):
        number = int(text)
        if not -INT64_MAX - 1 <= number <= INT64_MAX:
            raise TooLargeError
        return True, number
    if FLOAT.fullmatch(text):
        real = float(text)
        if math.isinf(real):
            raise TooLargeError
        return True, real
    duration = parse_duration(text)
    return duration is not None, duration


def print_duration(ns: int) -> str:
    """Return the one spelling of a duration: `1h2m`, `1m30s`, `1.5s`, `10ms`, `3us`, `7ns`."""
    sign, rest = ("-", -ns) if ns < 0 else ("", ns)
    for unit in ("ns", "us", "ms"):
        if rest < UNIT_NS[unit] * 1000:
            return f"{sign}{_fraction(rest, UNIT_NS[unit])}{unit}"
    hours, rest = divmod(rest, UNIT_NS["h"])
    minutes, rest = divmod(rest, UNIT_NS["m"])
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "")
    return sign + "".join(parts) + (f"{_fraction(rest, UNIT_NS['s'])}s" if rest else "")


def _fraction(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")


def print_float(value: float) -> str:
    """Return a float as `String(x)` of ECMAScript prints it, with `.0` where that would read as an integer."""
    if value == 0:
        return "0.0"
    mantissa, _, exponent = f"{abs(value)!r}e".partition("e")
    digits, _, decimals = mantissa.partition(".")
    decimals = "" if decimals == "0" else decimals
    point = len(digits) + int(exponent.rstrip("e") or 0)
    stripped = (digits + decimals).lstrip("0")
    point -= len(digits + decimals) - len(stripped)
    text = stripped.rstrip("0")
    return ("-" if value < 0 else "") + _layout(text, point)


def _layout(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:  # noqa: PLR2004 - the bounds of Number::toString
        return digits + "0" * (point - count) + ".0"
    if 0 < point <= 21:  # noqa: PLR2004
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:  # noqa: PLR2004
        return f"0.{'0' * -point}{digits}"
    head = digits[0] + (f".{digits[1:]}" if count > 1 else "")
    return f"{head}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def print_string(value: str) -> str:
    """Return text in double quotes with the four escapes."""
    return '"' + "".join(_UNESCAPES.get(char, char) for char in value) + '"'


def print_value(value: Value) -> str:
    """Return the canonical spelling of a value."""
    printers: dict[str, Callable[[Any], str]] = {
        "nil": lambda _: "nil",
        "string": print_string,
        "float": print_float,
        "bool": lambda flag: "true" if flag else "false",
        "status": STATUS_NAMES.__getitem__,
        "kind": KIND_NAMES.__getitem__,
        "duration": print_duration,
        "int": lambda number: str(int(number)),
    }
    return printers[value_type(value)](value)
