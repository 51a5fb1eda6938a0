"""What is done when little else is: the attribute index of parts that no merge will visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from clew.model import now_ns
from clew.store.create import attribute_index_ddl
from clew.store.engine import Engine, Param
from clew.store.items import INDEX_NAME

_MINMAX_BYTES_PER_MARK = 64
"""The two minmax indexes take 32 bytes a granule; the attribute index of any span takes more than the rest."""


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """A day of `spans` with parts that have no attribute index."""

    partition: str
    parts: int
    rows: int


def has_attribute_index(engine: Engine) -> bool:
    """Return whether `spans` keeps the attribute index."""
    found = engine.query(
        "SELECT count() AS n FROM system.data_skipping_indices "
        "WHERE database = currentDatabase() AND table = 'spans' AND name = {name:String}",
        {"name": INDEX_NAME},
    )
    return bool(found.table["n"][0].as_py())


def parts_without_index(engine_query: Callable[[str, Mapping[str, Param]], pa.Table]) -> list[str]:
    """Return the names of the parts of `spans` that do not have the attribute index (yet).

    Args:
        engine_query: runs a SELECT with parameters.
    """
    found = engine_query(
        "SELECT name FROM system.parts WHERE database = currentDatabase() AND table = 'spans' AND active "
        "AND secondary_indices_uncompressed_bytes <= marks * {bound:UInt64}",
        {"bound": _MINMAX_BYTES_PER_MARK},
    )
    names: list[str] = found.column("name").to_pylist()
    return names


def set_attribute_index(engine: Engine, *, wanted: bool) -> bool:
    """Add or drop the attribute index as configured; returns whether anything changed. Old parts are left to merges."""
    if has_attribute_index(engine) == wanted:
        return False
    if wanted:
        engine.execute(f"ALTER TABLE spans ADD {attribute_index_ddl()} SETTINGS alter_sync = 0, mutations_sync = 0")
    else:
        engine.execute(f"ALTER TABLE spans DROP INDEX {INDEX_NAME} SETTINGS alter_sync = 0, mutations_sync = 0")
    return True


def missing_indexes(engine: Engine, *, older_than_s: int = 3600, now: Callable[[], int] = now_ns) -> list[MissingIndex]:
    """Return the days with parts that were never merged since `older_than_s` and so have no attribute index."""
    found = engine.query(
        "SELECT partition, toUInt64(count()) AS parts, toUInt64(sum(rows)) AS rows FROM system.parts "
        "WHERE database = currentDatabase() AND table = 'spans' AND active AND level = 0 "
        "AND secondary_indices_uncompressed_bytes <= marks * {bound:UInt64} "
        "AND modification_time <= toDateTime({before:Int64}) GROUP BY partition ORDER BY partition DESC",
        {"bound": _MINMAX_BYTES_PER_MARK, "before": now() // 10**9 - older_than_s},
    )
    return [MissingIndex(row["partition"], row["parts"], row["rows"]) for row in found.table.to_pylist()]


def materialize_indexes(
    engine: Engine, *, older_than_s: int = 3600, now: Callable[[], int] = now_ns, wait: bool = False
) -> MissingIndex | None:
    """Build the attribute index of one day that lacks it; call it when idle. Returns the day, or `None`.

    Args:
        engine: whose database.
        older_than_s: younger parts are left to the next merge.
        now: clock.
        wait: return when the index is there, not when the engine has begun.
    """
    if not has_attribute_index(engine) or _busy(engine):
        return None
    missing = missing_indexes(engine, older_than_s=older_than_s, now=now)
    if not missing:
        return None
    engine.execute(
        f"ALTER TABLE spans MATERIALIZE INDEX {INDEX_NAME} IN PARTITION '{missing[0].partition}' "
        f"SETTINGS mutations_sync = {int(wait)}",
        timeout_s=3600.0,
    )
    return missing[0]


def _busy(engine: Engine) -> bool:
    """Whether an earlier mutation of `spans` is still being worked off."""
    found = engine.query(
        "SELECT count() AS n FROM system.mutations "
        "WHERE database = currentDatabase() AND table = 'spans' AND NOT is_done"
    )
    return bool(found.table["n"][0].as_py())
