"""The values of one field that completion offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.api.tempo.lenient import conditions
from clew.api.tempo.names import LEGACY, unquoted
from clew.api.tempo.requests import TagsAsk
from clew.model import KIND_NAMES, STATUS_NAMES
from clew.query.answer import Window
from clew.query.fields import FieldValue, values
from clew.query.filters import Filter
from clew.query.params import Params
from clew.query.predicates import Days, Predicates, split_trace_filters
from clew.query.read import Read
from clew.query.scan import floor_bucket

MOST = 1000
ROWS = 200_000
"""Spans that pass the query and are looked at, newest first."""
SCOPES = {
    "span.": ("span",),
    "resource.": ("resource",),
    "event.": ("event",),
    "link.": ("link",),
    "instrumentation.": ("scope",),
    ".": ("span", "resource", "event", "link", "scope"),
}
KEYWORDS = {"status": sorted(STATUS_NAMES.values()), "kind": sorted(KIND_NAMES.values())}
ROLLED_UP = {"name": ("name", "1"), "rootName": ("name", "is_root"), "rootServiceName": ("service", "is_root")}
COLUMNS = {"name": "name", "statusMessage": "status_message"}
DIMENSIONS = {"resource": ("resources", "resource_id"), "scope": ("scopes", "scope_id")}
NESTED = {"event": "events", "link": "links"}
NESTED_NAMES = {
    "event:name": ("event", "name"),
    "instrumentation:name": ("scope", "name"),
    "instrumentation:version": ("scope", "version"),
}
TYPES = ("str", "int", "float", "bool")
NAMES = {"str": "string", "int": "int", "float": "float", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value with its type: string, int, float, bool or keyword."""

    type: str
    value: str


def tag_values(read: Read, ask: TagsAsk) -> list[TypedValue]:
    """Return values of a field, those of spans that pass the query where it has one that can be understood."""
    name = LEGACY.get(ask.tag, ask.tag)
    filters, _ = split_trace_filters(conditions(read, ask.query))
    if name in KEYWORDS:
        return [TypedValue("keyword", one) for one in KEYWORDS[name]]
    scope = next((one for one in SCOPES if name.startswith(one)), "")
    if not scope and name in ROLLED_UP:
        return _of_spans(read, ask, filters, "", name) if filters and name in COLUMNS else _rolled_up(read, ask, name)
    if not scope and name in COLUMNS:
        return _of_spans(read, ask, filters, "", name)
    if not scope and ":" in name:
        return _nested_names(read, ask, filters, name)
    levels = SCOPES[scope] if scope else SCOPES["."]
    key = unquoted(name[len(scope) :])
    if filters:
        found = [one for level in levels for one in _of_spans(read, ask, filters, level, key)]
        return sorted(set(found), key=lambda one: (one.value, one.type))[:MOST]
    listed = {one for level in levels for one in values(read, level, key, ask.window, "").data.values}
    return [_typed(one) for one in sorted(listed, key=lambda one: (one.value, one.type))[:MOST]]


def _typed(value: FieldValue) -> TypedValue:
    return TypedValue(value.type.removesuffix("[]") if value.type != "any" else "string", value.value)


def _rolled_up(read: Read, ask: TagsAsk, name: str) -> list[TypedValue]:
    column, where = ROLLED_UP[name]
    params = Params()
    low, high = (params.seconds(edge // 10**9) for edge in (ask.window.from_ns, ask.window.to_ns + 60 * 10**9))
    sql = f"""
        SELECT DISTINCT {column} AS value FROM red_1m
        WHERE tenant = {{tenant:String}} AND minute >= {low} AND minute <= {high} AND {where}
        ORDER BY value LIMIT {MOST}
    """
    return [TypedValue("string", one) for one in read.query(sql, params.values).column("value").to_pylist()]


def _of_spans(read: Read, ask: TagsAsk, filters: Sequence[Filter], level: str, key: str) -> list[TypedValue]:
    """Return the values on the newest spans that pass the filters."""
    params = Params()
    source = _source(params, ask.window, filters, level)
    if level:
        name = params.text(key)
        found = ", ".join(
            f"if(mapContains(attr_{one}, {name}), ('{one}', toString(attr_{one}[{name}])), ('', ''))" for one in TYPES
        )
        sql = f"SELECT DISTINCT arrayJoin([{found}]) AS one, one.1 AS type, one.2 AS value FROM {source}"
    else:
        sql = f"SELECT DISTINCT 'str' AS type, {COLUMNS[key]} AS value FROM {source}"
    limited = f"SELECT type, value FROM ({sql}) WHERE type != '' ORDER BY value, type LIMIT {MOST}"
    rows = read.query(limited, params.values).to_pylist()
    return [TypedValue(NAMES[row["type"]], row["value"]) for row in rows if row["value"] or level]


def _source(params: Params, window: Window, filters: Sequence[Filter], level: str) -> str:
    """Return what to read from: rows of a level that belong to the newest spans that pass the filters."""
    low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
    days = Days(params.day(window.from_ns), params.day(window.to_ns))
    where = f"""
        tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high}
            AND start >= {params.time(window.from_ns)} AND start <= {params.time(window.to_ns)}
            AND {Predicates(params, days).conjunction(filters)}
    """
    if level in DIMENSIONS:
        table, column = DIMENSIONS[level]
        ids = f" AND {column} IN (SELECT DISTINCT {column} FROM spans WHERE {where})" if filters else ""
        return f"{table} WHERE tenant = {{tenant:String}} AND day >= {days.first} AND day <= {days.last}{ids}"
    if level not in NESTED:
        return f"(SELECT * FROM spans WHERE {where} ORDER BY bucket DESC LIMIT {ROWS})"
    columns = ("name", *(f"attr_{one}" for one in TYPES)) if level == "event" else [f"attr_{one}" for one in TYPES]
    arrays = [f"`{NESTED[level]}.{one}`" for one in columns]
    spans = f"SELECT {', '.join(arrays)} FROM spans WHERE {where} AND notEmpty({arrays[0]}) ORDER BY bucket DESC"
    named = ", ".join(f"{array} AS {one}" for array, one in zip(arrays, columns, strict=True))
    return f"(SELECT {', '.join(columns)} FROM ({spans} LIMIT {ROWS}) ARRAY JOIN {named})"


def _nested_names(read: Read, ask: TagsAsk, filters: Sequence[Filter], name: str) -> list[TypedValue]:
    """Return names of events or of instrumentation scopes; nothing for what cannot be completed."""
    if name not in NESTED_NAMES:
        return []
    level, column = NESTED_NAMES[name]
    params = Params()
    source = _source(params, ask.window, filters, level)
    sql = f"SELECT DISTINCT {column} AS value FROM {source} ORDER BY value LIMIT {MOST}"
    return [TypedValue("string", one) for one in read.query(sql, params.values).column("value").to_pylist() if one]
