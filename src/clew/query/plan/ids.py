"""Ids of traces and spans in conditions: hexadecimal text with or without leading zeros, compared as the raw column."""

from __future__ import annotations

import re

from clew.query.filters import Value
from clew.query.params import Params
from clew.query.traceql.ast import FieldOp, Name

_HEX = re.compile(r"[0-9a-fA-F]+")
_BYTES = {
    Name.TRACE_ID: 16,
    Name.LINK_TRACE_ID: 16,
    Name.SPAN_ID: 8,
    Name.PARENT_ID: 8,
    Name.LINK_SPAN_ID: 8,
}


def id_test(name: Name, op: FieldOp, value: Value, column: str, params: Params) -> str | None:
    """Return SQL of `id = "hex"` or `id != "hex"`, or `None` when it is no such comparison."""
    size = _BYTES.get(name)
    if size is None or op not in {FieldOp.EQ, FieldOp.NE} or not isinstance(value, str):
        return None
    differs = "1" if op is FieldOp.NE else "0"
    if name is Name.PARENT_ID and not value:
        return f"{column} {'!=' if op is FieldOp.NE else '='} 0"
    digits = value.lstrip("0")
    if not _HEX.fullmatch(value) or len(digits) > size * 2:
        return differs
    number = int(digits or "0", 16)
    if name is Name.PARENT_ID and not number:
        return differs
    raw = params.bind(number.to_bytes(16, "big"), "FixedString(16)") if size == 16 else params.bind(number, "UInt64")  # noqa: PLR2004
    return f"{column} {'!=' if op is FieldOp.NE else '='} {raw}"
