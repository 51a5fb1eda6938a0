"""Looks day by day for traces that hold other spans than those they were settled with."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.lot import LIMITS
from clew.model.schema import ID128
from clew.store.engine import Engine

PAGE = 50_000
"""Most traces that are looked up at once."""
_DAYS = "SELECT DISTINCT toUInt16(day) AS day FROM trace_index ORDER BY day"
_MISSED = f"""
    SELECT tenant, trace_id, toUInt32(max(bucket)) AS low FROM (
        SELECT tenant, trace_id, sum(i.spans) AS stored, 0 AS settled, min(i.min_bucket) AS bucket
        FROM trace_index AS i WHERE day = toDate({{day:UInt16}}) GROUP BY tenant, trace_id
        UNION ALL
        SELECT tenant, trace_id, 0 AS stored, max(t.rows) AS settled, toDateTime(0, 'UTC') AS bucket FROM traces AS t
        WHERE day >= toDate({{day:UInt16}}) - 1 AND day <= toDate({{day:UInt16}}) + 1 GROUP BY tenant, trace_id
    )
    GROUP BY tenant, trace_id
    HAVING sum(stored) > 0 AND sum(stored) != max(settled)
        AND (tenant, low, trace_id) > ({{tenant:String}}, {{low:UInt32}}, {{after:FixedString(16)}})
    ORDER BY tenant, low, trace_id LIMIT {PAGE}
"""
"""In the order of time, so that the spans of a page lie together."""
_FIRST = ("", 0, bytes(16))


class Sweep:
    """One pass over all days, the newest first, a page at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._days: list[int] | None = None
        self._after = _FIRST

    @property
    def left(self) -> int:
        """Days that are still to be looked into; 1 before it is known how many."""
        return 1 if self._days is None else len(self._days)

    def next(self, skip: pa.Array) -> Iterator[tuple[str, pa.Array]]:
        """Yield the next traces that may have been missed, by tenant; none once all days are done.

        Args:
            skip: traces that are settled by another way.
        """
        if self._days is None:
            self._days = self._engine.query(_DAYS, limits=LIMITS).table.column("day").to_pylist()
        if not self._days:
            return
        tenant, low, after = self._after
        params = {"day": self._days[-1], "tenant": tenant, "low": low, "after": after}
        found = self._engine.query(_MISSED, params, limits=LIMITS).table
        rest = found.filter(pc.invert(pc.is_in(found.column("trace_id"), skip.cast(ID128))))
        for one in rest.column("tenant").unique().to_pylist():
            yield one, rest.filter(pc.equal(rest.column("tenant"), one)).column("trace_id").combine_chunks()
        if found.num_rows == PAGE:
            last = found.slice(PAGE - 1).to_pylist()[0]
            self._after = (str(last["tenant"]), last["low"], last["trace_id"])
        else:
            self._days.pop()
            self._after = _FIRST
