"""`compare`: how often each value of every attribute occurs among selected spans and among the others, over time.

All levels take part: span, resource, scope, event and link attributes, and the intrinsics that are no ids and no
durations. A span counts once for a value, however many of its events have it; a span that was sent twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from clew.derive.numbers import Floats
from clew.query.errors import InvalidRequestError
from clew.query.params import Params
from clew.query.plan.exemplars import carried_labels, pick
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.found import Cell
from clew.query.plan.frame import Frame, framed
from clew.query.plan.joins import Joins
from clew.query.plan.labels import decode
from clew.query.plan.lists import flat
from clew.query.plan.question import Picked, Question
from clew.query.plan.series import Exemplar, Labels, Source
from clew.query.plan.sources import time_range
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldExpr,
    FieldOp,
    Level,
    MetricsCall,
    MetricsFn,
    Name,
    Unary,
    UnaryOp,
)
from clew.query.traceql.lower import is_logical
from clew.query.traceql.text import print_expression as text

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
        for sql, params in _statements(asked, part):
            statements.append(sql)
            _read(read.query(sql, params.values).combine_chunks(), part, asked.grid.count, sides)
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


def exemplify(read: Read, asked: Question, frame: Frame, most: int) -> Frame:
    """Return the frame with exemplars: half of them selected, half of the rest, behind the totals of `name`."""
    call = asked.call
    if most <= 0 or asked.where is None or call.selection is None:
        return frame
    found: list[list[Exemplar]] = [[] for _ in frame.labels]
    rows = {labels[META]: row for row, labels in enumerate(frame.labels) if Name.NAME.value in labels}
    for side, test in zip(SIDES, (_others(call.selection.where), call.selection.where), strict=True):
        row = rows.get(f"{side}_total")
        if row is None or test is None:
            continue
        part = replace(asked, where=Binary(FieldOp.AND, asked.where, test), call=MetricsCall(MetricsFn.COUNT))
        spans = [one for one in pick(read, part, -(-most // len(SIDES))) if side == SIDES[0] or _inside(call, one)]
        carried = carried_labels(read, [(one.trace_id, one.span_id, one.start_ns) for one in spans])
        for one, labels in zip(spans, carried, strict=True):
            value = float(frame.values[row, one.step])
            found[row].append(Exemplar(one.trace_id, one.span_id, one.start_ns // 10**6, value, labels))
    return replace(frame, exemplars=found)


def _others(selection: FieldExpr) -> FieldExpr | None:
    """Return what the spans pass that a selection leaves; what is no condition by its form has no such opposite."""
    return Unary(UnaryOp.NOT, selection) if is_logical(selection) else None


def _inside(call: MetricsCall, one: Picked) -> bool:
    return one.start_ns > call.start_ns and (not call.end_ns or one.start_ns <= call.end_ns)


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
    columns = (table.column(name).to_pylist() for name in ("k", "sel", "value"))
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
    several: bool = False
    """Whether a span has values of one key more than once: its pairs say by the empty text that it has any."""
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
    yield _Part(_nested("events"), several=True)
    yield _Part(_nested("links"), several=True)
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
    """Return SQL of the pairs of all events or links of a row, and of each key once with the empty text."""
    arrays = []
    for tag, kind in _TYPES:
        pairs = f"arrayMap((k, v) -> (concat('{group[0]}', k), {_spelled(tag, 'v')}), mapKeys(m), mapValues(m))"
        arrays.append(f"arrayFlatten(arrayMap(m -> {pairs}, `{group}.attr_{kind}`))")
    if group == "events":
        arrays.append(f"arrayMap(n -> ('n{Name.EVENT_NAME.value}', concat('s', n)), `events.name`)")
    pairs = f"arrayDistinct(arrayConcat({', '.join(arrays)}))"
    return f"arrayConcat({pairs} AS some, arrayMap(k -> (k, ''), arrayDistinct(some.1)))"


def _statements(asked: Question, part: _Part) -> Iterator[tuple[str, Params]]:
    """Yield SQL with rows of a key, a side and a value, and of all spans of a side that have a key, without a value.

    The bulk is read more than once: few values of many are wanted, and only those are counted over time.
    """
    params = Params()
    pairs = _source(asked, part, params)
    most = asked.call.top_n
    lists = "sel, groupArray(step) AS steps, groupArray(times) AS counts"
    if part.several:
        yield (
            f"""
            SELECT k, if(v = '', NULL, toString(v)) AS value, {lists} FROM (
                SELECT k, v, sel, step, count() AS times FROM ({pairs}) GROUP BY k, v, sel, step
            ) GROUP BY k, v, sel ORDER BY sum(times) DESC, v LIMIT {most} BY k, sel, v = ''
        """,
            params,
        )
        return
    if not part.plain:
        count = "sum(n)" if part.around else "count()"
        yield (
            f"""
            SELECT k, if(whole, NULL, toString(v)) AS value, {lists} FROM (
                SELECT k, v, sel, step, toUInt8(grouping(v)) AS whole, {count} AS times FROM ({pairs})
                GROUP BY GROUPING SETS ((k, v, sel, step), (k, sel, step))
            ) GROUP BY k, v, sel, whole ORDER BY sum(times) DESC, v LIMIT {most} BY k, sel, whole
        """,
            params,
        )
        return
    top = f"""
        SELECT k, v FROM ({pairs}) GROUP BY k, v, sel ORDER BY count() DESC, v LIMIT {most} BY k, sel
    """
    yield (
        f"""
        SELECT k, toNullable(v) AS value, {lists} FROM (
            SELECT k, v, sel, step, count() AS times FROM ({pairs}) WHERE (k, v) IN ({top}) GROUP BY k, v, sel, step
        ) GROUP BY k, v, sel
    """,
        params,
    )
    yield (
        f"""
        SELECT k, CAST(NULL, 'Nullable(String)') AS value, {lists} FROM (
            SELECT k, sel, step, count() AS times FROM ({pairs}) GROUP BY k, sel, step
        ) GROUP BY k, sel
    """,
        params,
    )


def _source(asked: Question, part: _Part, params: Params) -> str:
    """Return SQL with a row per span and pair."""
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
    if part.around:
        shared = _around(base, where, fields, params, asked)
        return f"SELECT kv.1 AS k, kv.2 AS v, sel, step, n FROM ({shared}) ARRAY JOIN pairs AS kv"
    joins = fields.joins.sql(params, days, window=grid.window)
    if part.plain:
        rows = f"{fields.prologue} SELECT {base}, attr_str FROM spans {joins} WHERE {where}"
        return f"SELECT k, v, sel, step FROM ({rows}) ARRAY JOIN mapKeys(attr_str) AS k, mapValues(attr_str) AS v"
    rows = f"{fields.prologue} SELECT {base}, {part.pairs} AS pairs FROM spans {joins} WHERE {where}"
    return f"SELECT kv.1 AS k, kv.2 AS v, sel, step FROM ({rows}) ARRAY JOIN pairs AS kv"


def _around(base: str, where: str, fields: FieldSql, params: Params, asked: Question) -> str:
    """Return SQL of spans counted by what they share, with the pairs of that."""
    window = asked.grid.window
    days = Days(params.day(window.from_ns), params.day(window.to_ns))
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
    joins = fields.joins.sql(params, days, window=window)
    inner = f"{fields.prologue} SELECT *, {rooted}, {base} FROM spans {joins} WHERE {where}"
    counted = f"SELECT {shared}, count() AS n FROM ({inner}) GROUP BY {shared}"
    levels = (outer.computed("resources", _pairs("r")), outer.computed("scopes", _pairs("c")))
    made = f"arrayConcat({pairs}, {', '.join(levels)}) AS pairs"
    return f"SELECT sel, step, n, {made} FROM ({counted}) AS s {outer.sql(params, days)}"
