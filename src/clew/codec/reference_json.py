"""OTLP JSON to the plain objects of the reference codec, field by field as the protobuf descriptors say."""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from clew.codec.errors import MalformedError

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_IDS = {"trace_id", "span_id", "parent_span_id"}
_SKIPPED = {"entity_refs", "key_strindex", "string_value_strindex"}
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_RANGES = {
    FieldDescriptor.TYPE_ENUM: (-(2**31), 2**31),
    FieldDescriptor.TYPE_UINT32: (0, 2**32),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64),
}


def from_json(value: Any, kind: Descriptor) -> dict[str, Any]:
    """Return the message that a JSON object stands for.

    Raises:
        MalformedError: a known field has a value of another type.
    """
    if not isinstance(value, dict):
        raise MalformedError(f"expected an object for {kind.name}")
    out: dict[str, Any] = {}
    for name, item in value.items():
        field = next((f for f in kind.fields if f.json_name == name and f.name not in _SKIPPED), None)
        if field is None or item is None:
            continue
        if field.containing_oneof is not None:
            out.clear()
        out[field.name] = _field(item, field)
    return out


def _field(value: Any, field: FieldDescriptor) -> Any:
    if not field.is_repeated:
        return _one(value, field)
    if not isinstance(value, list):
        raise MalformedError(f"expected an array for {field.json_name}")
    return [_one(item, field) for item in value if item is not None]


def _one(value: Any, field: FieldDescriptor) -> Any:
    kind = field.type
    if field.message_type is not None:
        return from_json(value, field.message_type)
    if kind == FieldDescriptor.TYPE_BOOL and isinstance(value, bool):
        return value
    if kind == FieldDescriptor.TYPE_STRING and isinstance(value, str):
        return value
    if kind == FieldDescriptor.TYPE_BYTES and isinstance(value, str):
        return _id(value) if field.name in _IDS else _base64(value)
    if kind == FieldDescriptor.TYPE_DOUBLE:
        return _double(value)
    if kind in _RANGES:
        return _integer(value, field)
    raise MalformedError(f"a value of another type for {field.json_name}")


def _id(value: str) -> bytes:
    if re.fullmatch(r"([0-9a-fA-F]{2})*", value, re.ASCII):
        return bytes.fromhex(value)
    return b"\0"


def _base64(value: str) -> bytes:
    text = value.replace("-", "+").replace("_", "/")
    if "=" not in text:
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("bytesValue is no base64") from error


def _double(value: Any) -> float:
    if isinstance(value, str):
        if value in _WORDS:
            return _WORDS[value]
        if _NUMBER.match(value):
            return float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise MalformedError("expected a number")


def _integer(value: Any, field: FieldDescriptor) -> int:
    least, beyond = _RANGES[field.type]
    quotable = field.type != FieldDescriptor.TYPE_ENUM
    if isinstance(value, str) and quotable and _NUMBER.match(value):
        value = int(value) if re.fullmatch(r"-?[0-9]+", value) else float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value < beyond:
        return value
    raise MalformedError(f"expected a whole number for {field.json_name}")
