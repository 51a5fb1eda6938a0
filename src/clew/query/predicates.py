"""Filters to SQL over a row of `spans`: exact, with accelerators beside the exact test, values bound.

Every condition of a conjunction holds on one span; all event conditions hold on one event of it, all link conditions
on one link. Resource and scope conditions become `id IN (subquery)` within the tenant and the days of the buckets
that are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from clew.query.attributes import compare, condition, exists, one_of, somewhere
from clew.query.filters import SCOPE_INTRINSICS, TRACE_INTRINSICS, Filter, FilterScope, Op, value_type
from clew.query.params import Params
from clew.query.regex import alternatives
from clew.store.items import ambiguous, indexed_item

SLIM_INTRINSICS = frozenset({"name", "kind", "status", "duration"})
COLUMNS = {"statusMessage": "status_message"}
PROMOTED = {"http.response.status_code": "http_status"}
"""Integers whose first value stands in a column of their own; floats and lists may be equal to it as well."""
MAX_STATUS = 65_535
NAMELESS = ("", "unknown_service")
"""Services that a span may be shown under without having sent the name."""
MAX_ITEMS = 1000


class UseIndex(Enum):
    """What becomes of the attribute index in a condition."""

    NO = "no"
    """Rows are tested alone."""
    BESIDE = "beside"
    """It narrows the granules, rows are tested too; also where only some parts have it."""
    INSTEAD = "instead"
    """It decides by itself where it can; for direct reads of parts that all have it."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days of the buckets that are read, as SQL dates."""

    first: str
    last: str


def split_trace_filters(filters: Sequence[Filter]) -> tuple[list[Filter], list[Filter]]:
    """Return the filters on a span, and those on its trace as a whole."""
    of_trace = [item for item in filters if item.scope is FilterScope.INTRINSIC and item.key in TRACE_INTRINSICS]
    return [item for item in filters if item not in of_trace], of_trace


def slim_enough(filters: Sequence[Filter]) -> bool:
    """Return whether `span_by_service` answers: one service is asked for, and only columns that it has."""
    return any(service_names(item) for item in filters) and all(
        service_names(item) or (item.scope is FilterScope.INTRINSIC and item.key in SLIM_INTRINSICS) for item in filters
    )


def service_names(item: Filter) -> list[str] | None:
    """Return the services that a filter on `resource.service.name` allows, when the column `service` can decide it."""
    if item.scope is not FilterScope.RESOURCE or item.key != "service.name" or not isinstance(item.value, str):
        return None
    if item.op is Op.EQ and item.value:
        return [item.value]
    plain = alternatives(item.value) if item.op is Op.MATCH else None
    return plain if plain and not set(plain) & set(NAMELESS) else None


def narrowed(item: Filter) -> bool:
    """Return whether the attribute index finds the few spans that a filter may pass."""
    text = item.value if item.scope is FilterScope.SPAN and item.op is Op.EQ else None
    return isinstance(text, str) and indexed_item(item.key, text) is not None


def decided(item: Filter) -> bool:
    """Return whether the attribute index finds exactly the spans that a filter passes."""
    return narrowed(item) and not ambiguous(item.key, str(item.value))


class Predicates:
    """Builds the WHERE condition of one read."""

    def __init__(self, params: Params, days: Days, index: UseIndex = UseIndex.BESIDE) -> None:
        self._params = params
        self._days = days
        self._index = index

    def conjunction(self, filters: Sequence[Filter]) -> str:
        """Return SQL that is 1 where every filter holds; trace intrinsics must have been taken out."""
        parts: list[str] = []
        events: list[Filter] = []
        links: list[Filter] = []
        resources: list[Filter] = []
        scopes: list[Filter] = []
        for item in filters:
            if item.scope is FilterScope.INSTRUMENTATION or item.key in SCOPE_INTRINSICS:
                scopes.append(item)
            elif item.scope is FilterScope.EVENT or item.key == "event:name":
                events.append(item)
            elif item.scope is FilterScope.LINK:
                links.append(item)
            elif item.scope is FilterScope.RESOURCE and not service_names(item):
                resources.append(item)
            else:
                parts.extend(self._one(item))
        if resources:
            parts.append(self._resources([condition(i, _same, self._params, arrays=True) for i in resources]))
        if scopes:
            parts.append(self._scopes([self._of_scope(item) for item in scopes]))
        for level, group in (("events", events), ("links", links)):
            if group:
                parts.append(self._nested(level, group))
        return " AND ".join(parts) or "1"

    def _one(self, item: Filter) -> Iterator[str]:
        names = service_names(item)
        if names:
            yield one_of(names, self._params)("service")
        elif item.scope is FilterScope.INTRINSIC:
            yield self._intrinsic(item)
        elif self._index is UseIndex.INSTEAD and decided(item):
            yield f"has(items, {self._params.text(f'{item.key}={item.value}')})"
        elif item.scope is FilterScope.SPAN:
            exact = condition(item, _same, self._params, arrays=True)
            # What is cheap to test stands first; the costly index expression runs on what is left.
            yield " AND ".join([*somewhere(item, _same, self._params), exact, *self._accelerators(item)])
        elif item.scope is FilterScope.ANYWHERE:
            yield self._anywhere(item)
        else:
            yield self._unscoped(item)

    def _intrinsic(self, item: Filter) -> str:
        column = COLUMNS.get(item.key, item.key)
        passes = compare(item, self._params)(column)
        return f"NOT ({passes})" if item.op in {Op.NE, Op.NOT_MATCH} else passes

    def _accelerators(self, item: Filter) -> Iterator[str]:
        """Yield conditions that are true wherever the exact one is, and that an index or a plain column answers."""
        value = item.value
        whole = value_type(value) == "int" and isinstance(value, int)
        if item.op is Op.EQ and item.key in PROMOTED and whole and 0 < int(value or 0) <= MAX_STATUS:
            key = self._params.text(item.key)
            elsewhere = " OR ".join(f"mapContains({one}, {key})" for one in ("attr_float", "arr_int", "arr_float"))
            yield f"({PROMOTED[item.key]} = {self._params.number(value)} OR {elsewhere})"
        plain = [value] if item.op is Op.EQ else alternatives(str(value)) if item.op is Op.MATCH else None
        if self._index is UseIndex.NO or not plain or not isinstance(value, str) or len(plain) > MAX_ITEMS:
            return
        items = [indexed_item(item.key, str(one)) for one in plain]
        known = [one for one in items if one is not None]
        if len(known) == len(items):
            yield (
                f"has(items, {self._params.text(known[0])})"
                if len(known) == 1
                else (f"hasAny(items, {self._params.texts(known)})")
            )

    def _resources(self, conditions: Sequence[str]) -> str:
        return self._dimension("resource_id", "resources", conditions)

    def _scopes(self, conditions: Sequence[str]) -> str:
        return self._dimension("scope_id", "scopes", conditions)

    def _of_scope(self, item: Filter) -> str:
        if item.scope is not FilterScope.INTRINSIC:
            return condition(item, _same, self._params, arrays=True)
        passes = compare(item, self._params)(f"scopes.{SCOPE_INTRINSICS[item.key]}")
        return f"NOT ({passes})" if item.op in {Op.NE, Op.NOT_MATCH} else passes

    def _dimension(self, column: str, table: str, conditions: Sequence[str]) -> str:
        days = f"day >= {self._days.first} AND day <= {self._days.last}"
        return (
            f"{column} IN (SELECT {column} FROM {table} WHERE tenant = {{tenant:String}} AND {days} AND "
            f"{' AND '.join(conditions)})"
        )

    def _nested(self, level: str, group: Sequence[Filter]) -> str:
        """Return SQL that is 1 where one event (or link) passes every filter of the group."""
        used: dict[str, str] = {}

        def column(name: str) -> str:
            used.setdefault(name, f"{level[0]}_{name}")
            return used[name]

        tests = []
        for item in group:
            if item.key == "event:name" and item.scope is FilterScope.INTRINSIC:
                passes = compare(item, self._params)(column("name"))
                tests.append(f"NOT ({passes})" if item.op in {Op.NE, Op.NOT_MATCH} else passes)
            else:
                tests.append(condition(item, column, self._params, arrays=False))
        variables = ", ".join(used.values())
        columns = ", ".join(f"`{level}.{name}`" for name in used)
        some = f"arrayExists(({variables}) -> {' AND '.join(tests)}, {columns})"
        absent = all(item.value is None and item.op is Op.EQ for item in group)
        return f"({some} OR empty({columns.split(', ')[0]}))" if absent else some

    def _anywhere(self, item: Filter) -> str:
        """Return SQL that is 1 where some level passes."""
        passes = condition(item, _same, self._params, arrays=True)
        nested = [self._nested(level, [item]) for level in ("events", "links")]
        return "(" + " OR ".join([passes, self._resources([passes]), self._scopes([passes]), *nested]) + ")"

    def _unscoped(self, item: Filter) -> str:
        """Return SQL of a filter on `.key`: the first level that has the key decides."""
        params = self._params
        has_span = exists(item.key, _same, params, arrays=True)
        has_resource = self._resources([has_span])
        has_event, has_link = (self._nested(level, [_present(item)]) for level in ("events", "links"))
        if item.value is None:
            has_scope = self._scopes([has_span])
            anywhere = f"({has_span} OR {has_resource} OR {has_event} OR {has_link} OR {has_scope})"
            return anywhere if item.op is Op.NE else f"NOT {anywhere}"
        passes = condition(item, _same, params, arrays=True)
        in_resource = self._resources([passes])
        in_scope = self._scopes([passes])
        in_event, in_link = (self._nested(level, [item]) for level in ("events", "links"))
        later = f"multiIf({has_event}, {in_event}, {has_link}, {in_link}, {in_scope})"
        return f"({passes} OR (NOT {has_span} AND ({in_resource} OR (NOT {has_resource} AND {later}))))"


def _same(name: str) -> str:
    return name


def _present(item: Filter) -> Filter:
    return Filter(item.scope, item.key, Op.NE, None)
