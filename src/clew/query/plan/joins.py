"""What a row of `spans` is joined with when values of its resource, scope or trace are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.params import Params
from clew.query.predicates import Days
from clew.store.tables import NO_ROOT_NS

_ATTRIBUTES = tuple(f"{shape}_{kind}" for shape in ("attr", "arr") for kind in ("str", "int", "float", "bool"))
_MAPS = (*_ATTRIBUTES, "attr_any")


class Joins:
    """Collects the tables that expressions refer to; `sql` joins those alone."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def resource(self, column: str) -> str:
        """Return a column of the span's resource."""
        self._used.add("resources")
        return f"r_{column}"

    def scope(self, column: str) -> str:
        """Return a column of the span's instrumentation scope."""
        self._used.add("scopes")
        return f"c_{column}"

    def trace(self, column: str) -> str:
        """Return a column of the span's trace: `duration`, `root_service` or `root_name`."""
        self._used.add("traces")
        return f"t_{column}"

    def sql(self, params: Params, days: Days, traces: Sequence[bytes] | None = None) -> str:
        """Return the JOIN clauses that follow `FROM spans`.

        Args:
            params: takes the ids of traces.
            days: the days of the buckets that are read.
            traces: the traces that are read, where these are known; all of the tenant otherwise.
        """
        parts = []
        inside = f"tenant = {{tenant:String}} AND day >= {days.first} AND day <= {days.last}"
        for table, key, letter, columns in (
            ("resources", "resource_id", "r", _MAPS),
            ("scopes", "scope_id", "c", ("name", "version", *_MAPS)),
        ):
            if table in self._used:
                listed = ", ".join(f"{one} AS {letter}_{one}" for one in columns)
                inner = f"SELECT {key}, {listed} FROM {table} WHERE {inside} LIMIT 1 BY {key}"
                parts.append(f"ANY LEFT JOIN ({inner}) AS {letter} USING ({key})")
        if "traces" in self._used:
            some = "" if traces is None else f" AND trace_id IN {params.ids(traces)}"
            missing = f"top.start = fromUnixTimestamp64Nano({NO_ROOT_NS}, 'UTC')"
            parts.append(
                "ANY LEFT JOIN (SELECT trace_id, min(i.root) AS top, "
                f"if({missing}, '', top.service) AS t_root_service, if({missing}, '', top.name) AS t_root_name, "
                "max(toUnixTimestamp64Nano(i.last)) - min(toUnixTimestamp64Nano(i.first)) AS t_duration "
                f"FROM trace_index AS i WHERE tenant = {{tenant:String}}{some} GROUP BY trace_id) AS t USING (trace_id)"
            )
        return " ".join(parts)
