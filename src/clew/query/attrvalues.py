"""Stored attributes as an ordered list for people: key, type and value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TYPE_NAMES = {"str": "string", "int": "int", "float": "float", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; integers are decimal strings, `any` is the OTLP JSON of the value."""

    key: str
    type: str
    value: Any


def attributes(row: Mapping[str, Any], prefix: str = "") -> list[Attribute]:
    """Return the attributes of a row of `spans`, `resources`, `scopes`, `logs` or of one event or link, by key."""
    found: list[Attribute] = []
    for short, name in TYPE_NAMES.items():
        for key, value in row.get(f"{prefix}attr_{short}") or ():
            found.append(Attribute(key, name, scalar(value)))
        for key, values in row.get(f"{prefix}arr_{short}") or ():
            found.append(Attribute(key, f"{name}[]", [scalar(one) for one in values]))
    for key, text in row.get(f"{prefix}attr_any") or ():
        found.append(Attribute(key, "any", json.loads(text)))
    return sorted(found, key=lambda one: one.key)


def scalar(value: Any) -> Any:
    """Return a value that JSON can hold: integers as text, floats that are no number by name."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
