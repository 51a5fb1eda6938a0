"""Counts the rows of the tables themselves, as no query of the product does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clew.store import EmbeddedEngine
from clew.testing.crash.loss import LossError

_TRACES = (
    "SELECT lower(hex(trace_id)) AS trace, count() AS rows, uniqExact(span_id) AS spans FROM spans GROUP BY trace_id"
)
_TOTALS = {
    "span_by_service": "SELECT count() AS rows FROM span_by_service",
    "trace_index": "SELECT sum(spans) AS rows FROM trace_index",
    "red_1m": "SELECT sum(n) AS rows FROM red_1m",
    "red_service_1m": "SELECT sum(n) AS rows FROM red_service_1m",
}


def check_tables(
    engine_directory: Path, acked: Mapping[str, int], unanswered: Mapping[str, int], *, stored: int
) -> None:
    """Compare every table with what was acknowledged and with the ledger.

    Raises:
        LossError: a table holds a row too few or too many.
    """
    engine = EmbeddedEngine(engine_directory)
    try:
        traces = {row["trace"]: row for row in engine.query(_TRACES).table.to_pylist()}
        totals = {name: int(engine.query(sql).table.to_pylist()[0]["rows"]) for name, sql in _TOTALS.items()}
    finally:
        engine.close()
    allowed = {**unanswered, **acked}
    for trace in acked:
        if trace not in traces:
            raise LossError(f"table spans lacks the acknowledged trace {trace}")
    for trace, row in traces.items():
        if row["rows"] != row["spans"] or row["rows"] != allowed.get(trace):
            raise LossError(
                f"table spans has {row['rows']} rows and {row['spans']} spans of {trace}: {allowed.get(trace)}"
            )
    rows = sum(int(row["rows"]) for row in traces.values())
    wrong = {name: count for name, count in {**totals, "ledger": stored}.items() if count != rows}
    if wrong:
        raise LossError(f"table spans has {rows} rows, but {wrong}")
