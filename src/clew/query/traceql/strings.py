"""Quoted texts: escapes of strings as in Go, and the two of quoted attribute names."""

from __future__ import annotations

import re

from clew.query.errors import InvalidQueryError

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def unquote(literal: str, start: int) -> str:
    """Return the text of a double-quoted string that begins at `start` of the query."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    return _ESCAPE.sub(lambda found: _escaped(found, start + 1), body)


def unquote_key(text: str, start: int) -> str:
    """Return an attribute's name without the quotes of its quoted pieces; `start` is its place in the query."""
    if '"' not in text:
        return text
    return _QUOTED.sub(lambda found: _plain(found[1], start + found.start() + 1), text)


def _plain(body: str, start: int) -> str:
    def escaped(found: re.Match[str]) -> str:
        if found[1] in {'"', "\\"}:
            return found[1]
        raise _unknown(found[1], start + found.start())

    return re.sub(r"\\(.)", escaped, body, flags=re.DOTALL)


def _escaped(found: re.Match[str], start: int) -> str:
    code = found[1]
    if code in _SIMPLE:
        return _SIMPLE[code]
    number = _number(code)
    if number is None or number > _LAST or number in _SURROGATES:
        raise _unknown(code, start + found.start())
    return chr(number)


def _number(code: str) -> int | None:
    if len(code) == 1:
        return None
    return int(code, 8) if code[0].isdigit() else int(code[1:], 16)


def _unknown(code: str, start: int) -> InvalidQueryError:
    hint = "a backslash is written \\\\; raw text stands in backticks"
    return InvalidQueryError(f"unknown escape \\{code}", start=start, end=start + 1 + len(code), hint=hint)
