"""The engine that the configuration names, with its tables brought up to date."""

from __future__ import annotations

from clew.config import Config
from clew.model import now_ns
from clew.store import MigrationOptions, MigrationReport, migrate
from clew.store.embedded import EmbeddedEngine
from clew.store.housekeeping import set_attribute_index
from clew.store.http import HttpEngine
from clew.store.open import open_engine
from clew.store.retention import reconcile_ttl

AnyEngine = EmbeddedEngine | HttpEngine

__all__ = ["AnyEngine", "alone_since_ns", "bring_up_to_date", "open_engine"]


def bring_up_to_date(config: Config, engine: AnyEngine, *, wait: bool = False) -> MigrationReport:
    """Create or migrate the tables, then make retention and the attribute index what the configuration says."""
    storage = config.storage
    report = migrate(engine, options=MigrationOptions(attribute_index=storage.attribute_index), wait=wait)
    reconcile_ttl(engine, traces_days=storage.retention_days, red_days=storage.red_retention_days)
    set_attribute_index(engine, wanted=storage.attribute_index)
    return report


def alone_since_ns(engine: AnyEngine) -> int | None:
    """Return since when nobody but this process has written, in ns; None where others may: a server takes from all."""
    return now_ns() if isinstance(engine, EmbeddedEngine) else None
