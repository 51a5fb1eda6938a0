"""Spans whose parent is not stored."""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.hits import SAME_SPAN
from clew.query.hydrate import of_traces
from clew.query.index import IndexedTrace
from clew.query.params import Params
from clew.query.read import Read


def orphans(read: Read, traces: Sequence[IndexedTrace]) -> dict[bytes, int]:
    """Return the number of spans without their parent per trace; traces without any are left out."""
    if not traces:
        return {}
    params = Params()
    rows = f"spans WHERE tenant = {{tenant:String}} AND {of_traces(traces, params)}"
    sql = f"""
        SELECT c.trace_id AS trace_id, count() AS missing
        FROM (SELECT {SAME_SPAN}, any(parent_id) AS above FROM {rows} GROUP BY {SAME_SPAN} HAVING above != 0) AS c
        LEFT ANTI JOIN (SELECT DISTINCT trace_id, span_id FROM {rows}) AS p
            ON p.trace_id = c.trace_id AND p.span_id = c.above
        GROUP BY trace_id
    """
    table = read.query(sql, params.values)
    return dict(zip(table.column("trace_id").to_pylist(), table.column("missing").to_pylist(), strict=True))
