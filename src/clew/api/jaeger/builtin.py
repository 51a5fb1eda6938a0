"""The built-in fields of structured filters, level by level, and where Clew has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clew.model import KIND_NAMES, STATUS_NAMES, Kind, Status
from clew.query.filters import Value
from clew.query.plan.spanwise import Column
from clew.query.plan.values import Type
from clew.query.traceql.ast import Attribute, FieldExpr, Intrinsic, Level, Name

LEVELS = {
    "span": Level.SPAN,
    "resource": Level.RESOURCE,
    "scope": Level.INSTRUMENTATION,
    "event": Level.EVENT,
    "link": Level.LINK,
}
NESTED = (Level.EVENT, Level.LINK)


class Domain(StrEnum):
    """What kind of value an operand holds; only equal ones compare."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    DURATION = "duration"
    TIME = "timestamp"


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in field."""

    level: Level
    value: FieldExpr
    domain: Domain = Domain.TEXT
    plain: FieldExpr | None = None
    """What `=` with a constant asks instead, for the sake of tables and indexes."""
    words: dict[str, Value] | None = None
    """The only constants that a field knows, with what they are to Clew."""
    lower: bool = False
    """Whether it holds an id, in lower-case hexadecimal."""

    @property
    def optional(self) -> bool:
        """Whether a span may be without it."""
        return isinstance(self.value, Column) and bool(self.value.there)


_EMPTY = "{} != ''"
_NS = "toUnixTimestamp64Nano({})"
_HEX = "leftPad(lower(hex({})), 16, '0')"
_KINDS: dict[str, Value] = {name: Kind(number) for number, name in KIND_NAMES.items()}
_STATUSES: dict[str, Value] = {name: Status(number) for number, name in STATUS_NAMES.items()}


def _text(level: Level, column: str) -> Builtin:
    """Return a text that is absent where it is empty."""
    return Builtin(level, Column(level=level, column=column, there=_EMPTY))


def _word(column: str, words: dict[str, Value], name: Name) -> Builtin:
    listed = ", ".join(f"'{word}'" for word in words)
    return Builtin(
        Level.SPAN,
        Column(level=Level.SPAN, column=column, form=f"[{listed}][{{}} + 1]"),
        plain=Intrinsic(name),
        words=words,
    )


def _id(level: Level, name: Name) -> Builtin:
    return Builtin(level, Intrinsic(name), plain=Intrinsic(name), lower=True)


_END = "toUnixTimestamp64Nano(start) + toInt64({})"

FIELDS: dict[tuple[str, str], Builtin] = {
    ("span", "traceID"): _id(Level.SPAN, Name.TRACE_ID),
    ("span", "spanID"): _id(Level.SPAN, Name.SPAN_ID),
    ("span", "parentSpanID"): Builtin(
        Level.SPAN, Column(level=Level.SPAN, column="parent_id", form=_HEX, there="{} != 0"), lower=True
    ),
    ("span", "traceState"): _text(Level.SPAN, "trace_state"),
    ("span", "name"): Builtin(Level.SPAN, Intrinsic(Name.NAME), plain=Intrinsic(Name.NAME)),
    ("span", "kind"): _word("kind", _KINDS, Name.KIND),
    ("span", "startTime"): Builtin(
        Level.SPAN, Column(level=Level.SPAN, column="start", type=Type.INT, form=_NS), Domain.TIME
    ),
    ("span", "endTime"): Builtin(
        Level.SPAN, Column(level=Level.SPAN, column="duration", type=Type.INT, form=_END), Domain.TIME
    ),
    ("span", "status"): _word("status", _STATUSES, Name.STATUS),
    ("span", "statusMessage"): _text(Level.SPAN, "status_message"),
    ("span", "duration"): Builtin(
        Level.SPAN, Intrinsic(Name.DURATION), Domain.DURATION, plain=Intrinsic(Name.DURATION)
    ),
    ("resource", "service"): Builtin(
        Level.RESOURCE, Column(level=Level.SPAN, column="service"), plain=Attribute(Level.RESOURCE, "service.name")
    ),
    ("resource", "schemaURL"): _text(Level.RESOURCE, "schema_url"),
    ("scope", "name"): _text(Level.INSTRUMENTATION, "name"),
    ("scope", "version"): _text(Level.INSTRUMENTATION, "version"),
    ("scope", "schemaURL"): _text(Level.INSTRUMENTATION, "schema_url"),
    ("event", "name"): Builtin(Level.EVENT, Intrinsic(Name.EVENT_NAME), plain=Intrinsic(Name.EVENT_NAME)),
    ("event", "time"): Builtin(
        Level.EVENT, Column(level=Level.EVENT, column="time", type=Type.INT, form=_NS), Domain.TIME
    ),
    ("event", "timeSinceStart"): Builtin(Level.EVENT, Intrinsic(Name.EVENT_TIME), Domain.DURATION),
    ("link", "traceID"): _id(Level.LINK, Name.LINK_TRACE_ID),
    ("link", "spanID"): _id(Level.LINK, Name.LINK_SPAN_ID),
    ("link", "traceState"): _text(Level.LINK, "trace_state"),
}
"""By level and name; texts that are empty are absent, all else every span, event or link has."""
