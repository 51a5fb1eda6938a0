"""Which chores the housekeeper has, and how often."""

from __future__ import annotations

import os

import structlog

from clew.config import Config
from clew.journal import Journal
from clew.service.engine import AnyEngine
from clew.service.housekeeping import Chore, Housekeeper
from clew.store.housekeeping import materialize_indexes
from clew.store.retention import enforce_disk_budget
from clew.telemetry import Metrics

_log = structlog.get_logger(__name__)
_BUDGET_S = 60.0
_INDEX_S = 900.0
_SHARE = 0.8
"""Of the volume, when no budget is set."""


def housekeeper(config: Config, engine: AnyEngine, journal: Journal, metrics: Metrics) -> Housekeeper:
    """Return the housekeeper of a node."""

    def budget() -> None:
        dropped = enforce_disk_budget(engine, _max_bytes(config))
        if dropped.days:
            metrics.store_dropped_partitions.labels("spans").inc(len(dropped.days))
            days = [day.isoformat() for day in dropped.days]
            _log.warning("the oldest days went to keep storage.max_bytes", days=days, spans=dropped.spans)

    def indexes() -> None:
        if config.storage.attribute_index:
            materialize_indexes(engine)

    chores = [
        Chore("disk budget", _BUDGET_S, budget),
        Chore("indexes", _INDEX_S, indexes, only_idle=True),
    ]
    return Housekeeper(chores, idle=lambda: journal.stats().segments <= 1)


def _max_bytes(config: Config) -> int:
    """Return the budget: as configured, or a share of the volume."""
    if config.storage.max_bytes is not None:
        return config.storage.max_bytes
    volume = os.statvfs(config.data_dir)
    return int(volume.f_blocks * volume.f_frsize * _SHARE)
