"""Traces that were archived: copies that outlive the retention of their spans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from clew.query.errors import TraceNotFoundError
from clew.query.export import exports, located
from clew.query.params import Params
from clew.query.read import Read


def whole(read: Read, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield (trace id, `TracesData`) of traces by their ids, as `exports` does; archived copies follow at the end.

    A copy counts only where no span of the trace is stored any more.
    """
    found = located(read, ids)
    yield from exports(read, found)
    known = {trace.trace_id for trace in found}
    missing = [one for one in dict.fromkeys(ids) if one not in known]
    if missing:
        yield from archived(read, missing)


def one_trace(read: Read, trace_id: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of a trace, or of its archived copy.

    Raises:
        TraceNotFoundError: there is neither.
    """
    parts = whole(read, [bytes.fromhex(trace_id)])
    first = next(parts, None)
    if first is None:
        raise TraceNotFoundError(trace_id)
    yield first
    yield from parts


def archived(read: Read, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of the newest copy of each trace that has one."""
    params = Params()
    sql = f"""
        SELECT trace_id, body FROM kept_traces
        WHERE tenant = {{tenant:String}} AND (trace_id, archived) IN (
            SELECT trace_id, max(archived) FROM kept_traces
            WHERE tenant = {{tenant:String}} AND trace_id IN {params.ids(ids)} GROUP BY trace_id
        )
        ORDER BY trace_id, part
    """
    table = read.query(sql, params.values)
    bodies = table.column("body").cast(pa.binary())
    yield from zip(table.column("trace_id").to_pylist(), bodies.to_pylist(), strict=True)
