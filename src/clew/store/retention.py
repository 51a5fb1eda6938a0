"""Retention: by age through TTL, by size through the disk budget; whole days go, never single rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from clew.store.create import ttl_expression
from clew.store.engine import Engine
from clew.store.tables import BY_NAME, TABLES, Keep, Table
from clew.store.usage import partitions


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the disk budget cost."""

    days: tuple[date, ...] = ()
    bytes: int = 0
    spans: int = 0
    logs: int = 0


def reconcile_ttl(engine: Engine, *, traces_days: int, red_days: int) -> tuple[str, ...]:
    """Make every table's TTL what the configuration says; returns the tables that were changed.

    The rows stay where they are: only the dates of the existing parts are counted again, in the background.
    """
    days = {Keep.TRACES: traces_days, Keep.RED: red_days}
    changed = []
    for table in TABLES:
        if table.keep is Keep.FOREVER or _has_ttl(engine, table, days[table.keep]):
            continue
        engine.execute(
            f"ALTER TABLE {table.name} MODIFY TTL {ttl_expression(table, days[table.keep])} "
            "SETTINGS materialize_ttl_after_modify = 0"
        )
        engine.execute(f"ALTER TABLE {table.name} MATERIALIZE TTL SETTINGS mutations_sync = 0")
        changed.append(table.name)
    return tuple(changed)


def _has_ttl(engine: Engine, table: Table, days: int) -> bool:
    found = engine.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        {"name": table.name},
    )
    return f" TTL {ttl_expression(table, days)} " in found.table["engine_full"][0].as_py()


def enforce_disk_budget(engine: Engine, max_bytes: int) -> Dropped:
    """Drop the oldest day of all tables until the rest fits; the newest day always stays.

    A day goes from every table at once, so no span is left without its resource and no trace without its spans.
    """
    left = partitions(engine)
    newest = max((part.day for part in left), default=None)
    dropped = Dropped()
    while left and left[0].day != newest and sum(part.bytes for part in left) > max_bytes:
        day = left[0].day
        going = [part for part in left if part.day == day]
        for part in going:
            drop_day(engine, part.table, day)
        rows = {part.table: part.rows for part in going}
        dropped = Dropped(
            (*dropped.days, day),
            dropped.bytes + sum(part.bytes for part in going),
            dropped.spans + rows.get("spans", 0),
            dropped.logs + rows.get("logs", 0),
        )
        left = left[len(going) :]
    return dropped


def drop_day(engine: Engine, table: str, day: date) -> None:
    """Drop one day of one table."""
    engine.execute(f"ALTER TABLE {BY_NAME[table].name} DROP PARTITION '{day.isoformat()}'")
