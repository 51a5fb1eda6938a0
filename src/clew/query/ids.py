"""Trace and span ids as text: any number of hex digits, padded on the left."""

from __future__ import annotations

import re

from clew.query.errors import InvalidRequestError

TRACE_DIGITS = 32
SPAN_DIGITS = 16
HEX = re.compile(r"[0-9a-fA-F]+")


def parse_trace_id(text: str) -> str:
    """Return 32 lower-case hex digits for 1 to 32 digits in any case, odd lengths included.

    Raises:
        InvalidRequestError: it is no hex number, too long, or zero.
    """
    return _pad("trace id", text, TRACE_DIGITS)


def parse_span_id(text: str) -> str:
    """Return 16 lower-case hex digits for 1 to 16 digits in any case.

    Raises:
        InvalidRequestError: it is no hex number, too long, or zero.
    """
    return _pad("span id", text, SPAN_DIGITS)


def _pad(name: str, text: str, digits: int) -> str:
    if not HEX.fullmatch(text) or len(text) > digits or not int(text, 16):
        raise InvalidRequestError(name, text[:80], f"is no {name}", hint=f"write 1 to {digits} hex digits, not all 0")
    return text.lower().rjust(digits, "0")
