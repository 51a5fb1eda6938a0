"""What the tables hold on disk, by table and by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from clew.store.engine import Engine
from clew.store.tables import TABLES, Keep

_DAILY = [table.name for table in TABLES if table.keep is not Keep.FOREVER]
_RECENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Partition:
    """One day of one table."""

    table: str
    day: date
    rows: int
    bytes: int
    parts: int


@dataclass(frozen=True, slots=True)
class TableUsage:
    """One table on disk."""

    table: str
    rows: int
    bytes: int
    parts: int
    oldest: date | None
    newest: date | None


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """The whole database on disk."""

    bytes: int
    free_bytes: int
    """Free on the volume of the data."""
    total_bytes: int
    """Size of that volume."""
    tables: tuple[TableUsage, ...]
    days_left: float | None
    """Days until the budget is used at the rate of the last days; `None` when there is no full day to judge by."""


def partitions(engine: Engine) -> list[Partition]:
    """Return the days of every table that expires, oldest first."""
    found = engine.query(
        "SELECT table, partition AS day, toUInt64(sum(rows)) AS rows, toUInt64(sum(bytes_on_disk)) AS bytes, "
        "toUInt64(count()) AS parts FROM system.parts WHERE database = currentDatabase() AND active "
        "AND table IN {tables:Array(String)} GROUP BY table, day ORDER BY day, table",
        {"tables": _DAILY},
    )
    return [
        Partition(row["table"], date.fromisoformat(row["day"]), row["rows"], row["bytes"], row["parts"])
        for row in found.table.to_pylist()
    ]


def disk_usage(engine: Engine, *, max_bytes: int | None, today: date) -> DiskUsage:
    """Return what is used, what is free, and how long the rest of the budget lasts.

    Args:
        engine: whose database.
        max_bytes: the disk budget; without one, what is free on the volume is what is left.
        today: the day that is not over yet.
    """
    days = partitions(engine)
    volume = engine.query("SELECT min(free_space) AS free, min(total_space) AS total FROM system.disks").table
    free, total = int(volume["free"][0].as_py()), int(volume["total"][0].as_py())
    used = sum(day.bytes for day in days)
    left = free if max_bytes is None else max(0, min(free, max_bytes - used))
    return DiskUsage(used, free, total, _by_table(days), _days_left(days, left, today))


def _by_table(days: Sequence[Partition]) -> tuple[TableUsage, ...]:
    def one(name: str) -> TableUsage:
        own = [day for day in days if day.table == name]
        return TableUsage(
            name,
            sum(day.rows for day in own),
            sum(day.bytes for day in own),
            sum(day.parts for day in own),
            min((day.day for day in own), default=None),
            max((day.day for day in own), default=None),
        )

    return tuple(one(name) for name in _DAILY)


def _days_left(days: Sequence[Partition], left: int, today: date) -> float | None:
    recent = [day for day in days if today - timedelta(days=_RECENT_DAYS) <= day.day < today]
    full_days = len({day.day for day in recent})
    daily = sum(day.bytes for day in recent) / full_days if full_days else 0.0
    return left / daily if daily else None
