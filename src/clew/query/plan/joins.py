"""What a row of `spans` is joined with for values, not only conditions, of its resource, scope or trace."""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.answer import Window
from clew.query.params import Params
from clew.query.predicates import Days
from clew.store.tables import NO_ROOT_NS

_MISSING = f"top.start = fromUnixTimestamp64Nano({NO_ROOT_NS}, 'UTC')"
_OF_TRACE = {
    "duration": "max(toUnixTimestamp64Nano(i.last)) - min(toUnixTimestamp64Nano(i.first))",
    "root_service": f"if({_MISSING}, '', top.service)",
    "root_name": f"if({_MISSING}, '', top.name)",
}


class Joins:
    """Collects the tables and columns that expressions refer to; `sql` joins those alone."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, str]] = {}

    def resource(self, column: str) -> str:
        """Return a column of the span's resource."""
        return self._take("resources", column, f"r_{column}")

    def scope(self, column: str) -> str:
        """Return a column of the span's instrumentation scope."""
        return self._take("scopes", column, f"c_{column}")

    def trace(self, column: str) -> str:
        """Return a column of the span's trace: `duration`, `root_service` or `root_name`."""
        return self._take("traces", _OF_TRACE[column], f"t_{column}")

    def computed(self, table: str, sql: str) -> str:
        """Return a value that is made once per row of `resources` or `scopes`, not once per span."""
        return self._take(table, sql, f"{table}_{len(self._columns.get(table, {}))}")

    def sql(
        self, params: Params, days: Days, traces: Sequence[bytes] | None = None, window: Window | None = None
    ) -> str:
        """Return the JOIN clauses that follow `FROM spans`.

        Args:
            params: takes the ids of traces.
            days: the days of the buckets that are read.
            traces: the traces that are read, where these are known; otherwise all that have spans on these days.
            window: where spans start, when that is known more closely than by days.
        """
        inside = f"tenant = {{tenant:String}} AND day >= {days.first} AND day <= {days.last}"
        parts = []
        for table, key in (("resources", "resource_id"), ("scopes", "scope_id")):
            if table in self._columns:
                inner = f"SELECT {key}, {self._listed(table)} FROM {table} WHERE {inside} LIMIT 1 BY {key}"
                parts.append(f"ANY LEFT JOIN ({inner}) AS j_{table} USING ({key})")
        if "traces" in self._columns:
            bounds = (
                ""
                if window is None
                else (f" AND first <= {params.time(window.to_ns)} AND last >= {params.time(window.from_ns)}")
            )
            days_of = f"(SELECT trace_id FROM trace_index WHERE {inside}{bounds})"
            some = days_of if traces is None else params.ids(traces)
            parts.append(
                f"ANY LEFT JOIN (SELECT trace_id, min(i.root) AS top, {self._listed('traces')} FROM trace_index AS i "
                f"WHERE tenant = {{tenant:String}} AND trace_id IN {some} GROUP BY trace_id) AS j_traces "
                "USING (trace_id)"
            )
        return " ".join(parts)

    def _take(self, table: str, sql: str, name: str) -> str:
        return self._columns.setdefault(table, {}).setdefault(sql, name)

    def _listed(self, table: str) -> str:
        return ", ".join(f"{sql} AS {name}" for sql, name in self._columns[table].items())
