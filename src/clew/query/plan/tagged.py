"""Values of fields of a span as SQL over rows of `spans`, with the joins that other levels need.

A typed value travels as one text, a letter for its type and its spelling behind it (`labels.decode` reads it back); the
empty text is nil. Columns that every span has travel as they are. Of several events or links the first with the key
counts. An unscoped key is looked up on the span, then on its resource.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clew.model import Kind, Status
from clew.query.attributes import exists
from clew.query.filters import Duration
from clew.query.params import Params
from clew.query.plan.found import Cell
from clew.query.plan.labels import decode
from clew.query.predicates import Days
from clew.query.traceql.ast import Attribute, Field, Intrinsic, Level, Name
from clew.store.tables import NO_ROOT_NS

SERVICE = "service.name"
SLIM = frozenset({Name.NAME, Name.KIND, Name.STATUS, Name.DURATION, Name.TRACE_ID})
"""Intrinsics that `span_by_service` has beside the service."""
DURATIONS = frozenset({Name.DURATION, Name.TRACE_DURATION, Name.EVENT_TIME})
WHOLE_TREE = frozenset({Name.CHILD_COUNT, Name.NESTED_LEFT, Name.NESTED_RIGHT, Name.NESTED_PARENT})
"""Intrinsics that need the tree of the trace."""
_TYPES = (("s", "str"), ("i", "int"), ("f", "float"), ("b", "bool"))


@dataclass(frozen=True, slots=True)
class Tagged:
    """SQL of a typed value, and what makes the value of what a row holds."""

    sql: str
    read: Callable[[Any], Cell] = decode
    nil: bool = True
    """Whether the value may be absent, which is then the empty text."""


@dataclass(frozen=True, slots=True)
class Number:
    """SQL of a number of a row and of whether there is one; `scale` makes seconds of nanoseconds."""

    value: str
    has: str
    scale: float = 1.0


def is_service(of: Field) -> bool:
    """Return whether a field is the service of a span, which has a column in every table."""
    return isinstance(of, Attribute) and of.level is Level.RESOURCE and of.key == SERVICE and not of.parent


def needs_tree(of: Field) -> bool:
    """Return whether a value of a field cannot be had from the span, its resource, scope and trace summary alone."""
    return of.parent or (isinstance(of, Intrinsic) and of.name in WHOLE_TREE)


def in_slim(of: Field) -> bool:
    """Return whether `span_by_service` has the field."""
    return is_service(of) or (isinstance(of, Intrinsic) and not of.parent and of.name in SLIM)


class Values:
    """Collects what a read selects, and from where."""

    def __init__(self, params: Params, days: Days) -> None:
        self._params = params
        self._days = days
        self._joined: dict[str, dict[str, str]] = {}

    def joins(self) -> str:
        """Return the JOIN clauses behind `FROM spans`."""
        found = []
        for table, columns in self._joined.items():
            selected = "".join(f", {sql} AS {name}" for sql, name in columns.items())
            found.append(f"ANY LEFT JOIN ({self._dimension(table, selected)}) AS j_{table} USING ({_KEYS[table]})")
        return " ".join(found)

    def tagged(self, of: Field) -> Tagged:
        """Return the typed value of a field."""
        if is_service(of):
            return Tagged("service", str, nil=False)
        if isinstance(of, Intrinsic):
            return self._intrinsic(of.name)
        levels: dict[Level, Callable[[str], str]] = {
            Level.SPAN: self._own,
            Level.RESOURCE: lambda key: self.join("resources", self._own(key)),
            Level.INSTRUMENTATION: lambda key: self.join("scopes", self._own(key)),
            Level.EVENT: lambda key: self._nested("events", key),
            Level.LINK: lambda key: self._nested("links", key),
            Level.ANY: self._unscoped,
        }
        return Tagged(levels[of.level](of.key))

    def number(self, of: Field) -> Number:
        """Return the number that a field holds; no other type counts."""
        if isinstance(of, Intrinsic):
            return self._intrinsic_number(of.name)
        name = self._params.text(of.key)
        own = Number(_NUMBER.format(name=name), _HAS_NUMBER.format(name=name))
        if of.level is Level.SPAN:
            return own
        if of.level in {Level.EVENT, Level.LINK}:
            return self._nested_number("events" if of.level is Level.EVENT else "links", name)
        table = "scopes" if of.level is Level.INSTRUMENTATION else "resources"
        joined = Number(self.join(table, own.value), self.join(table, own.has))
        if of.level is not Level.ANY:
            return joined
        here = exists(of.key, str, self._params, arrays=True)
        return Number(f"if({here}, {own.value}, {joined.value})", f"if({here}, {own.has}, {joined.has})")

    def _intrinsic(self, name: Name) -> Tagged:
        plain = {
            Name.DURATION: Tagged("duration", Duration, nil=False),
            Name.NAME: Tagged("name", str, nil=False),
            Name.STATUS: Tagged("status", Status, nil=False),
            Name.STATUS_MESSAGE: Tagged("status_message", str, nil=False),
            Name.KIND: Tagged("kind", Kind, nil=False),
            Name.SPAN_ID: Tagged("span_id", lambda one: f"{one:016x}", nil=False),
            Name.PARENT_ID: Tagged("parent_id", lambda one: f"{one:016x}" if one else "", nil=False),
            Name.TRACE_ID: Tagged("trace_id", lambda one: one.hex(), nil=False),
            Name.EVENT_NAME: Tagged("if(empty(`events.name`), '', concat('s', `events.name`[1]))"),
            Name.EVENT_TIME: Tagged(f"if(empty(`events.time`), '', concat('d', toString({_EVENT_TIME})))"),
            Name.LINK_TRACE_ID: Tagged("if(empty(`links.trace_id`), '', concat('s', lower(hex(`links.trace_id`[1]))))"),
            Name.LINK_SPAN_ID: Tagged(
                "if(empty(`links.span_id`), '', concat('s', leftPad(lower(hex(`links.span_id`[1])), 16, '0')))"
            ),
        }
        if name in plain:
            return plain[name]
        if name is Name.TRACE_DURATION:
            return Tagged(self.join("trace_index", _TRACE_LENGTH), Duration, nil=False)
        if name in {Name.ROOT_NAME, Name.ROOT_SERVICE}:
            part = _ROOT.format(part="name" if name is Name.ROOT_NAME else "service")
            return Tagged(self.join("trace_index", part), str, nil=False)
        column = "name" if name is Name.SCOPE_NAME else "version"
        return Tagged(self.join("scopes", f"if({column} = '', '', concat('s', {column}))"))

    def _intrinsic_number(self, name: Name) -> Number:
        if name is Name.DURATION:
            return Number("toFloat64(duration)", "1", 1e-9)
        if name is Name.TRACE_DURATION:
            return Number(self.join("trace_index", f"toFloat64({_TRACE_LENGTH})"), "1", 1e-9)
        if name is Name.EVENT_TIME:
            return Number(f"toFloat64({_EVENT_TIME})", "notEmpty(`events.time`)", 1e-9)
        return Number("0.", "0")

    def _own(self, key: str) -> str:
        """Return SQL of an attribute of the level whose maps have their plain names."""
        name = self._params.text(key)
        cases = [f"mapContains(attr_{kind}, {name}), {_spelled(tag, f'attr_{kind}[{name}]')}" for tag, kind in _TYPES]
        cases += [
            f"mapContains(arr_{kind}, {name}), concat('l', toJSONString(arr_{kind}[{name}]))" for _, kind in _TYPES
        ]
        cases.append(f"mapContains(attr_any, {name}), concat('a', attr_any[{name}])")
        return f"multiIf({', '.join(cases)}, '')"

    def _unscoped(self, key: str) -> str:
        own = self._own(key)
        return f"if({own} != '', {own}, {self.join('resources', own)})"

    def _nested(self, level: str, key: str) -> str:
        name = self._params.text(key)
        cases = []
        for tag, kind in (*_TYPES, ("a", "any")):
            maps = f"`{level}.attr_{kind}`"
            first = f"arrayFirst(m -> mapContains(m, {name}), {maps})[{name}]"
            cases.append(f"arrayExists(m -> mapContains(m, {name}), {maps}), {_spelled(tag, first)}")
        return f"multiIf({', '.join(cases)}, '')"

    def _nested_number(self, level: str, name: str) -> Number:
        has = [f"arrayExists(m -> mapContains(m, {name}), `{level}.attr_{kind}`)" for kind in ("int", "float")]
        first = [
            f"toFloat64(arrayFirst(m -> mapContains(m, {name}), `{level}.attr_{kind}`)[{name}])"
            for kind in ("int", "float")
        ]
        return Number(f"if({has[0]}, {first[0]}, {first[1]})", f"({has[0]} OR {has[1]})")

    def join(self, table: str, sql: str) -> str:
        """Return the name under which a value of another table's row (resource, scope, trace index) is there."""
        columns = self._joined.setdefault(table, {})
        return columns.setdefault(sql, f"{table}_{len(columns)}")

    def _dimension(self, table: str, selected: str) -> str:
        days = f"day >= {self._days.first} AND day <= {self._days.last}"
        key = _KEYS[table]
        if table != "trace_index":
            return f"SELECT {key}{selected} FROM {table} WHERE tenant = {{tenant:String}} AND {days}"
        return (
            f"SELECT trace_id{selected} FROM trace_index AS i WHERE tenant = {{tenant:String}} AND trace_id IN "
            f"(SELECT trace_id FROM trace_index WHERE tenant = {{tenant:String}} AND {days}) GROUP BY trace_id"
        )


_KEYS = {"resources": "resource_id", "scopes": "scope_id", "trace_index": "trace_id"}
_NUMBER = "if(mapContains(attr_int, {name}), toFloat64(attr_int[{name}]), attr_float[{name}])"
_HAS_NUMBER = "(mapContains(attr_int, {name}) OR mapContains(attr_float, {name}))"
_EVENT_TIME = "toUnixTimestamp64Nano(`events.time`[1]) - toUnixTimestamp64Nano(start)"
_TRACE_LENGTH = "max(toUnixTimestamp64Nano(i.last)) - min(toUnixTimestamp64Nano(i.first))"
_ROOT = (
    f"if(tupleElement(min(i.root), 'start') = fromUnixTimestamp64Nano({NO_ROOT_NS}, 'UTC'), '', "
    "tupleElement(min(i.root), '{part}'))"
)


def _spelled(tag: str, sql: str) -> str:
    if tag in {"s", "a"}:
        return f"concat('{tag}', {sql})"
    return f"if({sql}, 'b1', 'b0')" if tag == "b" else f"concat('{tag}', toString({sql}))"
