"""Which spans of a trace pass a query, or hold a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clew.query.answer import Answer
from clew.query.filters import Filter
from clew.query.index import NS_PER_S
from clew.query.params import Params
from clew.query.patterns import check_patterns
from clew.query.predicates import Days, Predicates, split_trace_filters
from clew.query.read import Read
from clew.query.trace import Trace, load, trace_meta, where_trace
from clew.query.tracefilters import decide

LAST_DAY_NS = 65_535 * 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Matches:
    """Rows in pre-order."""

    rows: list[int]


def match(read: Read, trace_id: str, filters: Sequence[Filter] | None, text: str) -> Answer[Matches]:
    """Return the rows of a trace that pass filters, or hold a text where there are none."""
    check_patterns(read, filters or [])
    trace = load(read, trace_id)
    params = Params()
    condition, indexed = where_trace(read, trace_id, params)
    of_span, of_trace = split_trace_filters(filters or [])
    low, high = (indexed.min_bucket * NS_PER_S, indexed.max_bucket * NS_PER_S) if indexed else (0, LAST_DAY_NS)
    if of_trace and not (indexed and decide(read, of_trace, [indexed])):
        rows: list[int] = []
    else:
        days = Days(params.day(low), params.day(high))
        passes = holds(text, params) if filters is None else Predicates(params, days).conjunction(of_span)
        sql = f"""
            SELECT span_id, kind, toUnixTimestamp64Nano(start) AS start FROM spans
            WHERE tenant = {{tenant:String}} AND {condition} AND {passes}
        """
        table = read.query(sql, params.values)
        keys = zip(*(table.column(name).to_pylist() for name in ("span_id", "kind", "start")), strict=True)
        rows = rows_of(trace, set(keys))
    return Answer(Matches(rows), trace_meta(read, trace, len(rows)))


def holds(text: str, params: Params) -> str:
    """Return SQL that is true where a text stands in a name, a message, an event or an attribute value, in any case."""
    bound = params.text(text)

    def has(value: str) -> str:
        return f"positionCaseInsensitiveUTF8({value}, {bound}) > 0"

    numbers = [f"arrayExists(v -> toString(v) = {bound}, mapValues(attr_{kind}))" for kind in ("int", "float")]
    tests = [has(column) for column in ("name", "service", "status_message")]
    tests += [f"arrayExists(v -> {has('v')}, mapValues({column}))" for column in ("attr_str", "attr_any")]
    tests.append(f"arrayExists(vs -> arrayExists(v -> {has('v')}, vs), mapValues(arr_str))")
    tests.append(f"arrayExists(v -> {has('v')}, `events.name`)")
    for column in ("events.attr_str", "links.attr_str"):
        tests.append(f"arrayExists(m -> arrayExists(v -> {has('v')}, mapValues(m)), `{column}`)")
    return "(" + " OR ".join([*tests, *numbers]) + ")"


def rows_of(trace: Trace, keys: set[tuple[int, int, int]]) -> list[int]:
    """Return the rows of spans by id, kind and start."""
    ids = np.array(sorted({span for span, _, _ in keys}), np.uint64)
    rows = np.flatnonzero(np.isin(trace.span_id, ids) & trace.spans).tolist()
    return [
        row for row in rows if (int(trace.span_id[row]), int(trace.kind[row]), trace.t0 + int(trace.start[row])) in keys
    ]
