"""Filters on a trace as a whole: root names and duration, from the trace index."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from clew.query.attributes import compare
from clew.query.filters import Filter, Op
from clew.query.index import IndexedTrace
from clew.query.params import Params
from clew.query.read import Read
from clew.store.tables import NO_ROOT_NS

COLUMNS = {"rootServiceName": "root.service", "rootName": "root.name"}
ORDER: dict[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}
"""What each comparison means for plain values."""


def prefilter(filters: Sequence[Filter], params: Params, days: str) -> list[str]:
    """Return conditions on rows with a `trace_id` that no matching trace fails; `decide` must follow.

    The index holds partial rows. The root of a trace is the root of one of them, so a row that passes is enough; a
    duration needs all rows of the trace.
    """
    conditions = []
    for item in filters:
        if item.key == "traceDuration":
            value = params.number(item.value)
            length = "max(toUnixTimestamp64Nano(i.last)) - min(toUnixTimestamp64Nano(i.first))"
            rows, having = "", f" GROUP BY trace_id HAVING {length} {item.op.value} {value}"
        else:
            passes = compare(item, params)(f"i.{COLUMNS[item.key]}")
            rows, having = (f" AND NOT ({passes})" if item.op in {Op.NE, Op.NOT_MATCH} else f" AND {passes}"), ""
        inner = f"SELECT trace_id FROM trace_index AS i WHERE tenant = {{tenant:String}} AND {days}{rows}{having}"
        conditions.append(f"trace_id IN ({inner})")
    return conditions


def decide(read: Read, filters: Sequence[Filter], traces: Sequence[IndexedTrace]) -> list[IndexedTrace]:
    """Return the traces that pass every filter. A trace without a root has empty names."""
    kept = list(traces)
    for item in filters:
        if item.op in {Op.MATCH, Op.NOT_MATCH}:
            kept = _matching(read, item, kept)
        else:
            test = ORDER[item.op]
            kept = [trace for trace in kept if test(_value(trace, item.key), item.value)]
    return kept


def _value(trace: IndexedTrace, key: str) -> str | int:
    if key == "traceDuration":
        return trace.duration
    if not trace.has_root:
        return ""
    return trace.root_service if key == "rootServiceName" else trace.root_name


def _matching(read: Read, item: Filter, traces: Sequence[IndexedTrace]) -> list[IndexedTrace]:
    """Let the engine match, so that one regular expression language holds everywhere."""
    params = Params()
    values = sorted({str(_value(trace, item.key)) for trace in traces})
    passes = compare(item, params)("v")
    table = read.query(f"SELECT arrayFilter(v -> {passes}, {params.texts(values)}) AS hits", params.values)
    hits = set(table.column("hits")[0].as_py())
    return [trace for trace in traces if (str(_value(trace, item.key)) in hits) is (item.op is Op.MATCH)]


def exact(filters: Sequence[Filter], params: Params) -> list[str]:
    """Return conditions on rows with a `trace_id` that decide by themselves, over all traces of the tenant."""
    if not filters:
        return []
    tests = []
    for item in filters:
        if item.key == "traceDuration":
            tests.append(f"length {item.op.value} {params.number(item.value)}")
        else:
            name = f"if(top.start = fromUnixTimestamp64Nano({NO_ROOT_NS}, 'UTC'), '', top.{COLUMNS[item.key][5:]})"
            passes = compare(item, params)(name)
            tests.append(f"NOT ({passes})" if item.op in {Op.NE, Op.NOT_MATCH} else passes)
    inner = (
        "SELECT trace_id, min(i.root) AS top, "
        "max(toUnixTimestamp64Nano(i.last)) - min(toUnixTimestamp64Nano(i.first)) AS length "
        "FROM trace_index AS i WHERE tenant = {tenant:String} GROUP BY trace_id"
    )
    return [f"trace_id IN (SELECT trace_id FROM ({inner}) WHERE {' AND '.join(tests)})"]
