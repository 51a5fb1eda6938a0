"""Delete one trace from every table that holds it by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clew.model import Scope
from clew.store.engine import Engine
from clew.store.errors import EngineUnavailableError

TRACE_TABLES = ("kept_traces", "spans", "logs", "span_by_service", "traces", "trace_index")
"""Tables with a trace id; `trace_index` goes last, so that an interrupted call still finds the trace."""

EXAMPLE_TABLES = ("exceptions", "shapes")
"""Tables that name a trace as an example."""

REMAINS = (
    "counts and durations of its spans in the per-minute figures (red_1m, red_service_1m)",
    "message templates of its errors, without their numbers and ids (exceptions)",
    "attribute keys and values in the catalogue (attr_keys, attr_values)",
    "resources and scopes that its spans refer to, shared with other spans",
    "backups made before",
)
"""What a deletion leaves, in words for the person who asked."""

_TIMEOUT_S = 600.0
_WHERE = "tenant = {tenant:String} AND trace_id = {trace_id:FixedString(16)}"


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion removed, and what it leaves."""

    rows: Mapping[str, int]
    """Rows removed, by table."""
    remains: tuple[str, ...] = REMAINS

    @property
    def spans(self) -> int:
        """Spans removed."""
        return self.rows["spans"]


def delete_trace(engine: Engine, scope: Scope, trace_id: bytes) -> Deleted:
    """Delete a trace: no read sees it when this returns, and the engine then rewrites its parts without the rows.

    Spans of the trace that are still in the journal come later: delete again after they are stored.

    Raises:
        EngineUnavailableError: rows were still there afterwards; the same call may be made again.
    """
    params: dict[str, str | bytes] = {"tenant": scope.tenant, "trace_id": trace_id}
    rows: dict[str, int] = {}
    for table in EXAMPLE_TABLES:
        _forget_example(engine, table, params)
    for table in TRACE_TABLES:
        days = _days(engine, table, params)
        rows[table] = sum(days.values())
        if not days:
            continue
        engine.execute(
            f"DELETE FROM {table} WHERE {_WHERE} SETTINGS lightweight_deletes_sync = 2", params, timeout_s=_TIMEOUT_S
        )
        if _days(engine, table, params):
            raise EngineUnavailableError(f"rows of the trace are still in {table}", hint="Delete the trace again.")
        for day in days:
            engine.execute(f"ALTER TABLE {table} APPLY DELETED MASK IN PARTITION '{day}' SETTINGS mutations_sync = 0")
    return Deleted(rows)


def _forget_example(engine: Engine, table: str, params: Mapping[str, str | bytes]) -> None:
    """Let no row name the trace as its example."""
    where = "tenant = {tenant:String} AND example = {trace_id:FixedString(16)}"
    if engine.query(f"SELECT count() AS n FROM {table} WHERE {where}", params).table["n"][0].as_py():
        engine.execute(
            f"ALTER TABLE {table} UPDATE example = toFixedString('', 16) WHERE {where} SETTINGS mutations_sync = 2",
            params,
            timeout_s=_TIMEOUT_S,
        )


def _days(engine: Engine, table: str, params: Mapping[str, str | bytes]) -> dict[str, int]:
    found = engine.query(
        f"SELECT _partition_value.1 AS day, toUInt64(count()) AS n FROM {table} WHERE {_WHERE} "
        "GROUP BY day ORDER BY day",
        params,
    )
    return {str(row["day"]): row["n"] for row in found.table.to_pylist()}
