"""`compare`: how often each value of every attribute occurs among selected spans and among the others, over time.

All levels take part: span, resource, scope, event and link attributes, and the intrinsics that are no ids and no
durations. A span counts once for a value, however many of its events have it; a span that was sent twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from clew.query.errors import InvalidRequestError
from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.found import Cell
from clew.query.plan.frame import Floats, Frame, framed
from clew.query.plan.joins import Joins
from clew.query.plan.labels import decode
from clew.query.plan.lists import flat
from clew.query.plan.question import Question
from clew.query.plan.series import Labels, Source
from clew.query.plan.sources import time_range
from clew.query.plan.texts import text
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.traceql.ast import Attribute, Level, Name

META = "__meta_type"
SIDES = ("baseline", "selection")
MOST_SERIES = 50_000
"""Most series of one comparison."""
MOST_VALUES = 1000
"""Most values of an attribute and side."""
_TYPES = (("s", "str"), ("i", "int"), ("f", "float"), ("b", "bool"))
_LEVELS = {
    "s": Level.SPAN,
    "r": Level.RESOURCE,
    "e": Level.EVENT,
    "l": Level.LINK,
    "c": Level.INSTRUMENTATION,
}
"""First letter of a key; `n` is an intrinsic."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Series, how many there are in all, and where they come from."""

    frame: Frame
    series: int
    source: Source


def compare(read: Read, asked: Question) -> Compared:
    """Return two kinds of series per attribute and side: one per frequent value, and one of all spans that have it.

    Raises:
        InvalidRequestError: more values are asked for than can be shown.
    """
    if not 0 < asked.call.top_n <= MOST_VALUES:
        hint = f"ask for 1 to {MOST_VALUES} values"
        raise InvalidRequestError("compare", str(asked.call.top_n), "is no number of values", hint=hint)
    sides: dict[tuple[int, str], _Side] = {}
    statements: list[str] = []
    for part in _parts():
        params = Params()
        statements.append(_statement(asked, part, params))
        _read(read.query(statements[-1], params.values).combine_chunks(), part, asked.grid.count, sides)
    labels: list[Labels] = []
    values: list[Floats] = []
    for (side, attribute), one in sides.items():
        shown = sorted(one.values, key=lambda entry: (-entry[1].sum(), _spelling(entry[0])))[: asked.call.top_n]
        labels += [{META: SIDES[side], attribute: value} for value, _ in shown]
        values += [counts for _, counts in shown]
        labels.append({META: f"{SIDES[side]}_total", attribute: "nil"})
        values.append(one.total)
    frame = framed("compare", labels, np.array(values).reshape(len(values), asked.grid.count))
    cut = Frame(frame.name, frame.labels[:MOST_SERIES], frame.values[:MOST_SERIES])
    why = "attributes of every level are counted on the spans"
    return Compared(cut, len(frame.labels), Source("spans", why, ";\n".join(statements)))


@dataclass(slots=True)
class _Side:
    """One attribute among the spans of one side, counts over the points."""

    total: Floats
    values: list[tuple[Cell, Floats]] = field(default_factory=list)


def _read(table: pa.Table, part: _Part, count: int, sides: dict[tuple[int, str], _Side]) -> None:
    """Add the rows of one statement; an attribute whose values have several types comes in several of them."""
    steps, row = flat(table, "steps")
    at = row * count + steps.astype(np.int64)
    counts = np.bincount(at, flat(table, "counts")[0].astype(np.float64), minlength=table.num_rows * count)
    columns = (table.column(name).to_pylist() for name in ("k", "sel", "v"))
    for key, side, value, points in zip(*columns, counts.astype(np.float64).reshape(-1, count), strict=True):
        one = sides.setdefault((side, part.label(key)), _Side(np.zeros(count)))
        if value is None:
            one.total = one.total + points
        else:
            one.values.append((value if part.plain else decode(value), points))


def _spelling(value: Cell) -> tuple[str, str]:
    return (type(value).__name__, str(value))


@dataclass(frozen=True, slots=True)
class _Part:
    """Some attributes, read by one statement."""

    pairs: str = ""
    """SQL of an array of (level and key, typed value) of one span."""
    plain: bool = False
    """Strings of spans, the bulk of all, are read without their type and level."""
    around: bool = False
    """What many spans share: intrinsics, resource and scope. Spans are counted first, then the pairs are made."""

    def label(self, key: str) -> str:
        """Return the label of an attribute."""
        if self.plain:
            return text(Attribute(Level.SPAN, key))
        return key[1:] if key[0] == "n" else text(Attribute(_LEVELS[key[0]], key[1:]))


def _parts() -> Iterator[_Part]:
    yield _Part(plain=True)
    yield _Part(_pairs("s", _TYPES[1:]))
    yield _Part(_nested("events"))
    yield _Part(_nested("links"))
    yield _Part(around=True)


def _spelled(tag: str, sql: str) -> str:
    return f"if({sql}, 'b1', 'b0')" if tag == "b" else f"concat('{tag}', toString({sql}))"


def _pairs(level: str, types: tuple[tuple[str, str], ...] = _TYPES) -> str:
    """Return SQL of the pairs in the maps of a row, arrays among them."""
    maps = [(f"attr_{kind}", _spelled(tag, "v")) for tag, kind in types]
    maps += [(f"arr_{kind}", f"concat('{tag.upper()}', toJSONString(v))") for tag, kind in _TYPES]
    made = (f"arrayMap((k, v) -> (concat('{level}', k), {sql}), mapKeys({one}), mapValues({one}))" for one, sql in maps)
    return f"arrayConcat({', '.join(made)})"


def _nested(group: str) -> str:
    arrays = []
    for tag, kind in _TYPES:
        pairs = f"arrayMap((k, v) -> (concat('{group[0]}', k), {_spelled(tag, 'v')}), mapKeys(m), mapValues(m))"
        arrays.append(f"arrayFlatten(arrayMap(m -> {pairs}, `{group}.attr_{kind}`))")
    if group == "events":
        arrays.append(f"arrayMap(n -> ('n{Name.EVENT_NAME.value}', concat('s', n)), `events.name`)")
    return f"arrayDistinct(arrayConcat({', '.join(arrays)}))"


def _statement(asked: Question, part: _Part, params: Params) -> str:
    """Return SQL with one row per key, side and value, and one without a value for all spans that have the key."""
    call, grid = asked.call, asked.grid
    assert call.selection is not None  # noqa: S101 - the parser gives compare one
    assert asked.where is not None  # noqa: S101 - refused before
    days = Days(params.day(grid.window.from_ns), params.day(grid.window.to_ns))
    fields = FieldSql(params, days, UseIndex.BESIDE)
    selected = [fields.condition(call.selection.where)]
    selected += [f"start > {params.time(call.start_ns)}"] if call.start_ns else []
    selected += [f"start <= {params.time(call.end_ns)}"] if call.end_ns else []
    base = f"toUInt8({' AND '.join(selected)}) AS sel, {grid.index('toUnixTimestamp64Nano(start)')} AS step"
    where = f"tenant = {{tenant:String}} AND {time_range(grid, params)} AND {fields.condition(asked.where)}"
    count = "count()"
    if part.around:
        shared = _around(base, where, fields, params, days)
        count = "sum(n)"
        source = f"SELECT kv.1 AS k, kv.2 AS v, sel, step, n FROM ({shared}) ARRAY JOIN pairs AS kv"
    else:
        taken, pairs_of, spread = ("kv.1 AS k, kv.2 AS v", f"{part.pairs} AS pairs", "pairs AS kv")
        if part.plain:
            taken, pairs_of, spread = ("k, v", "attr_str", "mapKeys(attr_str) AS k, mapValues(attr_str) AS v")
        joins = fields.joins.sql(params, days)
        wanted = f"{base}, {pairs_of}"
        rows = f"{fields.prologue} SELECT {wanted} FROM spans {joins} WHERE {where}"
        source = f"SELECT {taken}, sel, step FROM ({rows}) ARRAY JOIN {spread}"
    return f"""
        SELECT k, sel, one.2 AS v, one.3 AS steps, one.4 AS counts FROM (
            SELECT k, sel, arrayPushFront(
                groupArraySorted({call.top_n})((-toInt64(total), toNullable(toString(v)), all_steps, all_counts)),
                (toInt64(0), NULL, sumMap(all_steps, all_counts).1, sumMap(all_steps, all_counts).2)
            ) AS found
            FROM (
                SELECT k, v, sel, groupArray(step) AS all_steps, groupArray(times) AS all_counts, sum(times) AS total
                FROM (SELECT k, v, sel, step, {count} AS times FROM ({source}) GROUP BY k, v, sel, step)
                GROUP BY k, v, sel
            ) GROUP BY k, sel
        ) ARRAY JOIN found AS one
    """


def _around(base: str, where: str, fields: FieldSql, params: Params, days: Days) -> str:
    """Return SQL of spans counted by what they share, with the pairs of that."""
    roots = ("root_name", "root_service")
    rooted = ", ".join(f"{fields.joins.trace(one)} AS {one}" for one in roots)
    outer = Joins()
    own = {
        Name.NAME: "concat('s', name)",
        Name.KIND: "concat('k', toString(kind))",
        Name.STATUS: "concat('t', toString(status))",
        Name.STATUS_MESSAGE: "concat('s', status_message)",
        Name.ROOT_NAME: "concat('s', root_name)",
        Name.ROOT_SERVICE: "concat('s', root_service)",
        Name.SCOPE_NAME: outer.computed("scopes", "concat('s', name)"),
        Name.SCOPE_VERSION: outer.computed("scopes", "concat('s', version)"),
    }
    named = ", ".join(f"('n{key.value}', {sql})" for key, sql in own.items())
    pairs = f"arrayFilter(p -> p.2 != 's', [{named}])"
    shared = f"name, kind, status, status_message, resource_id, scope_id, {', '.join(roots)}, sel, step"
    inner = f"{fields.prologue} SELECT *, {rooted}, {base} FROM spans {fields.joins.sql(params, days)} WHERE {where}"
    counted = f"SELECT {shared}, count() AS n FROM ({inner}) GROUP BY {shared}"
    levels = (outer.computed("resources", _pairs("r")), outer.computed("scopes", _pairs("c")))
    made = f"arrayConcat({pairs}, {', '.join(levels)}) AS pairs"
    return f"SELECT sel, step, n, {made} FROM ({counted}) AS s {outer.sql(params, days)}"
