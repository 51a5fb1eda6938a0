"""Literals of PromQL: text to value."""

from __future__ import annotations

import itertools
import re

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")
_ORDER = ("y", "w", "d", "h", "m", "s", "ms")
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(?s:(.)))"
)
_SURROGATES = (0xD800, 0xDFFF)
"""Halves of characters, which are none by themselves."""
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def number(text: str) -> float:
    """Return a number: decimal, hexadecimal, `Inf` or `NaN`."""
    return float(int(text, 16)) if text[:2].lower() == "0x" else float(text)


def duration(text: str) -> float:
    """Return a duration such as `1h30m`, or plain seconds.

    Raises:
        ValueError: a unit stands twice or after a smaller one.
    """
    parts = _PART.findall(text)
    if not parts:
        return number(text)
    places = [_ORDER.index(unit) for _, unit in parts]
    if any(later <= earlier for earlier, later in itertools.pairwise(places)):
        raise ValueError(text)
    return sum(int(digits) * _UNITS_S[unit] for digits, unit in parts)


def string(text: str) -> str:
    """Return what a quoted text stands for; between backquotes nothing is escaped.

    Raises:
        ValueError: it has an escape that does not exist.
    """
    return text[1:-1] if text.startswith("`") else _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    plain, two, four, eight, octal, unknown = found.groups()
    if unknown is not None:
        raise ValueError(found[0])
    if plain is not None:
        return _PLAIN.get(plain, plain)
    code = int(octal, 8) if octal else int(two or four or eight, 16)
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        raise ValueError(found[0])
    return chr(code)
