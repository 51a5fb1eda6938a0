"""Quoted texts: escapes of strings as in Go, and the two of quoted attribute names."""

from __future__ import annotations

import re

from clew.query.errors import InvalidQueryError

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_BYTE = r"\\(?:x[0-9a-fA-F]{2}|[0-3][0-7]{2})"
_ESCAPE = re.compile(rf"(?:{_BYTE})+|\\(u[0-9a-fA-F]{{4}}|U[0-9a-fA-F]{{8}}|.)", re.DOTALL)
_BYTES = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3}))")
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
    if code is None:
        return _bytes(found[0], start + found.start())
    if code in _SIMPLE:
        return _SIMPLE[code]
    number = _number(code)
    if number is None or number > _LAST or number in _SURROGATES:
        raise _unknown(code, start + found.start())
    return chr(number)


def _number(code: str) -> int | None:
    return int(code[1:], 16) if len(code) > 1 else None


def _bytes(escapes: str, start: int) -> str:
    """Return the text that bytes spell together, as UTF-8."""
    numbers = (int(sixteens, 16) if sixteens else int(eights, 8) for sixteens, eights in _BYTES.findall(escapes))
    try:
        return bytes(numbers).decode()
    except UnicodeDecodeError as error:
        hint = "write the character itself, or its number as in \\u00e9"
        raise InvalidQueryError("these bytes are no text", start=start, end=start + len(escapes), hint=hint) from error


def _unknown(code: str, start: int) -> InvalidQueryError:
    hint = "a backslash is written \\\\; raw text stands in backticks"
    return InvalidQueryError(f"unknown escape \\{code}", start=start, end=start + 1 + len(code), hint=hint)
