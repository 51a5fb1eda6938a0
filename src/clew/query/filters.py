"""One condition of a search: a field, an operator and a typed value, as every query language of Clew lowers to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clew.model import KIND_NAMES, STATUS_NAMES, Kind, Status


class FilterScope(StrEnum):
    """Where a field lives."""

    INTRINSIC = "intrinsic"
    RESOURCE = "resource"
    SPAN = "span"
    EVENT = "event"
    LINK = "link"
    INSTRUMENTATION = "instrumentation"
    ANY = "any"
    """Unscoped: the first of span, resource, event, link and instrumentation scope that has the key decides."""
    ANYWHERE = "anywhere"
    """The span, its resource, its instrumentation scope, one of its events or one of its links passes."""


class Op(StrEnum):
    """A comparison; every one except `= nil` is false where the field is absent."""

    EQ = "="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    MATCH = "=~"
    NOT_MATCH = "!~"
    READS = "reads"
    """The attribute's text is equal, whatever its type: `200` is read from a string and from a number."""


class Duration(int):
    """A duration in nanoseconds; compares with plain numbers, prints with a unit."""


Value = str | int | float | bool | Duration | Status | Kind | None
"""`None` is nil. `Duration`, `Status` and `Kind` are integers with a meaning."""

STRING_INTRINSICS = frozenset({"name", "statusMessage", "rootServiceName", "rootName", "event:name"})
SCOPE_INTRINSICS = {"instrumentation:name": "name", "instrumentation:version": "version"}
"""Intrinsics of the instrumentation scope, with their columns; the text of a conjunction has none of them."""
NUMBER_INTRINSICS = frozenset({"duration", "traceDuration"})
INTRINSICS = STRING_INTRINSICS | NUMBER_INTRINSICS | {"kind", "status"}
"""Canonical names of everything that is not an attribute."""

TRACE_INTRINSICS = frozenset({"rootServiceName", "rootName", "traceDuration"})
"""Intrinsics that are the same for all spans of a trace."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`key op value` on one span."""

    scope: FilterScope
    key: str
    op: Op
    value: Value


def value_type(value: Value) -> str:
    """Return the name of a value's type: string, int, float, bool, duration, status, kind or nil."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "bool"),
        (Status, "status"),
        (Kind, "kind"),
        (Duration, "duration"),
        (int, "int"),
        (float, "float"),
        (str, "string"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "nil")


def plain_value(value: Value) -> str | float | bool | None:
    """Return a value for JSON: integers and durations as decimal strings, statuses and kinds by name."""
    if isinstance(value, Status):
        return STATUS_NAMES[value]
    if isinstance(value, Kind):
        return KIND_NAMES[value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    return value
