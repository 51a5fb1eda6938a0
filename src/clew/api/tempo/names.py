"""Names of fields as Tempo's answers write them, and values as its typed labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from clew.model import KIND_NAMES, STATUS_NAMES, Kind, Status
from clew.query.filters import Duration
from clew.query.plan.found import Cell

LEGACY = {
    "span:duration": "duration",
    "span:name": "name",
    "span:status": "status",
    "span:statusMessage": "statusMessage",
    "span:kind": "kind",
    "trace:rootName": "rootName",
    "trace:rootService": "rootServiceName",
    "trace:duration": "traceDuration",
}
"""Intrinsics that have an older name use it; the others keep the scoped one."""
SCOPES = ("span.", "resource.", "event.", "link.", "instrumentation.", ".")
NEVER_ATTRIBUTES = frozenset(
    {"duration", "name", "traceDuration", "rootName", "rootServiceName", "trace:id", "span:id"}
)
"""Fields of a search that its rows show in fields of their own."""
NIL = "nil"
_UNITS = ((10**9, "s"), (10**6, "ms"), (10**3, "\u00b5s"))


def label_name(field: str) -> str:
    """Return the label of a field in series: older names of intrinsics, attributes as in the query."""
    return LEGACY.get(field, field)


def attribute_name(field: str) -> str:
    """Return the key of a field in search rows: as a label, attributes without their scope and quotes."""
    if field in LEGACY:
        return LEGACY[field]
    scope = next((one for one in SCOPES if field.startswith(one)), "")
    return unquoted(field[len(scope) :]) if scope else field


def unquoted(name: str) -> str:
    """Return a name without the quotes around it or parts of it."""
    if '"' not in name:
        return name
    out: list[str] = []
    chars = iter(name)
    for char in chars:
        if char == "\\":
            out.append(next(chars, ""))
        elif char != '"':
            out.append(char)
    return "".join(out)


def any_value(value: Cell) -> AnyValue:
    """Return a typed value; durations, statuses and kinds are text, a missing one is the text `nil`."""
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(one) for one in value]))
    named = next((text for kind, text in _TEXTS if isinstance(value, kind)), None)
    if named is not None:
        return AnyValue(string_value=named(value))
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    return AnyValue(double_value=value) if isinstance(value, float) else AnyValue(string_value=value or "")


def json_value(value: Cell) -> dict[str, Any]:
    """Return the same as protobuf JSON."""
    if isinstance(value, list):
        return {"arrayValue": {"values": [json_value(one) for one in value]} if value else {}}
    named = next((text for kind, text in _TEXTS if isinstance(value, kind)), None)
    if named is not None:
        return {"stringValue": named(value)}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": json_number(value)} if isinstance(value, float) else {"stringValue": value or ""}


def json_number(value: float) -> float | str:
    """Return a number, or the text that stands for it where JSON has none."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def json_pairs(fields: Mapping[str, Cell]) -> list[dict[str, Any]]:
    """Return labels as protobuf JSON."""
    return [{"key": key, "value": json_value(value)} for key, value in fields.items()]


def pairs(fields: Mapping[str, Cell]) -> list[KeyValue]:
    """Return labels in the order given."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in fields.items()]


def go_duration(ns: int) -> str:
    """Return a duration as Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `100ms`, `0s`."""
    if ns == 0:
        return "0s"
    sign, rest = ("-", -ns) if ns < 0 else ("", ns)
    if rest < _UNITS[0][0]:
        unit, name = next(((size, name) for size, name in _UNITS if rest >= size), (1, "ns"))
        return f"{sign}{_decimal(rest, unit)}{name}"
    minutes, seconds = divmod(rest, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{head}{_decimal(seconds, 10**9)}s"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).rjust(int(math.log10(unit)), '0')}".rstrip("0")


_TEXTS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (type(None), lambda _: NIL),
    (Status, STATUS_NAMES.__getitem__),
    (Kind, KIND_NAMES.__getitem__),
    (Duration, go_duration),
)
"""Types whose values are shown as text."""
