"""Values of OTLP as text and as plain JSON values, for APIs whose attributes are strings."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_SORTED = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True)
_PLAIN_FLOATS = 1e21
"""Whole numbers below it are written without an exponent."""


def dump(value: Any) -> str:
    """Return compact JSON."""
    return _ENCODER.encode(value)


def text_of(value: Any) -> str:
    """Return the text of an `AnyValue`: that of a scalar, JSON of an array or a map, empty for no value."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        text: str = value.string_value
    elif kind == "int_value":
        text = str(value.int_value)
    elif kind == "double_value":
        text = float_text(value.double_value)
    elif kind == "bytes_value":
        text = base64.b64encode(value.bytes_value).decode()
    else:
        text = "" if kind is None else _SORTED.encode(plain_of(value))
    return text


def float_text(value: float) -> str:
    """Return a float without a needless fraction, as `200` for 200.0."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    whole = value.is_integer() and abs(value) < _PLAIN_FLOATS
    return str(int(value)) if whole else repr(value)


def plain_of(value: Any) -> Any:
    """Return an `AnyValue` as JSON holds it; bytes in base64."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain_of(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return {one.key: plain_of(one.value) for one in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)
