"""Constants of structured filters: text, and a type that is declared or that of the field opposite."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from clew.api.jaeger.builtin import Builtin, Domain
from clew.api.jaeger.errors import BadFilterError
from clew.api.jaeger.tags import NO_SERVICE
from clew.query.errors import InvalidRequestError
from clew.query.filters import Duration, Value
from clew.query.literals import FLOAT, INT, INT64_MAX, TooLargeError, parse_duration
from clew.query.times import RFC3339, parse_time

SHOWN = 80
TYPES = {"string": Domain.TEXT, "int": Domain.NUMBER, "double": Domain.NUMBER, "bool": Domain.BOOL}
_MAX_NUMBER = 400
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_UNITS = re.compile(r"[dwy]")
"""Units of durations that Jaeger does not have."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a filter."""

    at: str
    """Where it stands."""
    text: str
    type: str
    """Declared; empty leaves it open."""

    @property
    def domain(self) -> Domain | None:
        """What kind of value it holds, `None` where its type is open."""
        return TYPES.get(self.type)


def quoted(text: str) -> str:
    """Return text for a message, in quotes and not too long."""
    return f'"{text[:SHOWN]}{"..." if len(text) > SHOWN else ""}"'


def known_type(name: str, at: str) -> str:
    """Return a type that constants may declare.

    Raises:
        BadFilterError: there is no such type.
    """
    if name and name not in TYPES:
        raise BadFilterError(f"{at}.type", f"unknown type {quoted(name)}; types are {', '.join(TYPES)}, or none")
    return name


def typed(text: str, kind: str, at: str) -> str | int | float | bool:
    """Return a constant as the type that is declared for it.

    Raises:
        BadFilterError: the text is none of that type.
    """
    found = _READERS[kind](text)
    if found is None:
        raise BadFilterError(at, f"{quoted(text)} is no {kind}")
    return found


def of_field(text: str, field: Builtin, at: str) -> Value:
    """Return a constant as what a field holds.

    Raises:
        BadFilterError: the field cannot hold it.
    """
    if field.words is not None:
        if text not in field.words:
            raise BadFilterError(at, f"{quoted(text)} is none of {', '.join(field.words)}")
        return field.words[text]
    if field.domain is Domain.DURATION:
        return _duration(text, at)
    if field.domain is Domain.TIME:
        return _time(text, at)
    if text == NO_SERVICE:
        return "unknown_service"
    return text.lower() if field.lower else text


def _duration(text: str, at: str) -> Value:
    bare = text[1:] if text[:1] in {"-", "+"} else text
    try:
        found = Duration(0) if bare == "0" else None if _UNITS.search(bare) or bare[:1] == "-" else parse_duration(bare)
    except TooLargeError:
        found = None
    if found is None:
        raise BadFilterError(at, f'{quoted(text)} is no duration; write for example "1.5s" or "50us"')
    return Duration(-found) if text.startswith("-") else found


def _time(text: str, at: str) -> Value:
    try:
        if RFC3339.fullmatch(text):
            return parse_time(at, text, 0)
    except InvalidRequestError:
        pass
    raise BadFilterError(at, f'{quoted(text)} is no time; write RFC 3339, for example "2026-01-31T12:00:00.5Z"')


def _int(text: str) -> int | None:
    body = text.removeprefix("+")
    if len(body) > _MAX_NUMBER or not INT.fullmatch(body) or not body.isascii():
        return None
    found = int(body)
    return found if -INT64_MAX - 1 <= found <= INT64_MAX else None


def _float(text: str) -> float | None:
    body = text.removeprefix("+")
    if len(body) > _MAX_NUMBER or not body.isascii() or not (INT.fullmatch(body) or FLOAT.fullmatch(body)):
        return None
    found = float(body)
    return found if abs(found) != float("inf") else None


def _bool(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None


_READERS: dict[str, Callable[[str], str | int | float | bool | None]] = {
    "string": str,
    "int": _int,
    "double": _float,
    "bool": _bool,
}
