"""Attribute values, resources and scopes of the reference codec."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clew.codec.native import checksum_bytes

Row = dict[str, Any]
Any_ = Mapping[str, Any]

SCALARS = {"string_value": "str", "int_value": "int", "double_value": "float", "bool_value": "bool"}
COLUMNS = [f"attr_{name}" for name in SCALARS.values()] + [f"arr_{name}" for name in SCALARS.values()] + ["attr_any"]
_KINDS = {"str": 1, "int": 2, "float": 3, "bool": 4}


def attribute_columns(attributes: Sequence[Any_], *, arrays: bool = True) -> Row:
    """Return the attribute columns of one row."""
    names = COLUMNS if arrays else [name for name in COLUMNS if not name.startswith("arr_")]
    row: Row = {name: [] for name in names}
    for attribute in attributes:
        column, value = place(attribute.get("value", {}), arrays=arrays)
        row[column].append((attribute.get("key", ""), value))
    return row


def place(value: Any_, *, arrays: bool) -> tuple[str, Any]:
    """Return the column of an AnyValue, and what stands there."""
    for field, name in SCALARS.items():
        if field in value:
            return f"attr_{name}", value[field]
    if arrays and "array_value" in value:
        items = value["array_value"].get("values", [])
        for field, name in SCALARS.items():
            if all(field in item for item in items):
                return f"arr_{name}", [item[field] for item in items]
    return "attr_any", any_json(value)


def any_json(value: Any_) -> str:
    """Return the compact OTLP JSON of an AnyValue."""
    if "array_value" in value:
        items = [any_json(item) for item in value["array_value"].get("values", [])]
        return '{"arrayValue":{' + _values(items) + "}}"
    if "kvlist_value" in value:
        pairs = [
            f'{{"key":{_text(pair.get("key", ""))},"value":{any_json(pair.get("value", {}))}}}'
            for pair in value["kvlist_value"].get("values", [])
        ]
        return '{"kvlistValue":{' + _values(pairs) + "}}"
    for field, (name, text) in _TEXTS.items():
        if field in value:
            return f'{{"{name}":{text(value[field])}}}'
    return "{}"


def _values(items: Sequence[str]) -> str:
    return f'"values":[{",".join(items)}]' if items else ""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _double(value: float) -> str:
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


_TEXTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "string_value": ("stringValue", _text),
    "int_value": ("intValue", lambda value: f'"{value}"'),
    "bool_value": ("boolValue", lambda value: str(value).lower()),
    "double_value": ("doubleValue", _double),
    "bytes_value": ("bytesValue", lambda value: f'"{base64.b64encode(value).decode()}"'),
}


def content_id(attributes: Sequence[Any_], texts: Sequence[str], dropped: int) -> int:
    """Return the stable id: xxh3-64 over the attributes by (key, type, value), the texts, and the dropped count."""
    entries = sorted(_entry(attribute) for attribute in attributes)
    parts = [_sized(key) + bytes([kind]) + _sized(value) for key, kind, value in entries]
    parts += [_sized(text.encode()) for text in texts]
    return checksum_bytes(b"".join(parts) + struct.pack("<I", dropped))


def _entry(attribute: Any_) -> tuple[bytes, int, bytes]:
    column, value = place(attribute.get("value", {}), arrays=True)
    level, _, name = column.partition("_")
    key = attribute.get("key", "").encode()
    if name == "any":
        return key, 9, value.encode()
    if level == "attr":
        return key, _KINDS[name], _scalar(name, value)
    return key, 4 + _KINDS[name], b"".join(_sized(_scalar(name, item)) for item in value)


def _scalar(name: str, value: Any) -> bytes:
    if name == "str":
        return str(value).encode()
    return struct.pack({"int": "<q", "float": "<d", "bool": "<?"}[name], value)


def _sized(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def resource_row(resource: Any_, schema_url: str) -> Row:
    """Return the columns of `RESOURCES` that do not depend on the request."""
    attributes = resource.get("attributes", [])
    dropped = resource.get("dropped_attributes_count", 0)
    return {
        **attribute_columns(attributes),
        "resource_id": content_id(attributes, [schema_url], dropped),
        "service": text_of(attributes, "service.name") or "unknown_service",
        "env": text_of(attributes, "deployment.environment.name", "deployment.environment"),
        "version": text_of(attributes, "service.version"),
        "schema_url": schema_url,
        "dropped": dropped,
    }


def text_of(attributes: Sequence[Any_], *keys: str) -> str:
    """Return the first string attribute of the first of the keys that there is."""
    for key in keys:
        for attribute in attributes:
            if attribute.get("key", "") == key and "string_value" in attribute.get("value", {}):
                return str(attribute["value"]["string_value"])
    return ""
