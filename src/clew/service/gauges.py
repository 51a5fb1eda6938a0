"""Sets the gauges that mirror the state of components, just before the metrics are rendered."""

from __future__ import annotations

from clew.derive import Settler
from clew.journal import Journal, Ledger
from clew.service.disk import DiskWatch
from clew.telemetry import Metrics

_STATES = ("received", "stored", "pending", "sampled_out", "rejected", "lost")


def mirror(metrics: Metrics, journal: Journal, disk: DiskWatch, settler: Settler) -> None:
    """Refresh the gauges at each rendering."""

    def refresh() -> None:
        stats = journal.stats()
        _ledger(metrics, "spans", stats.spans)
        _ledger(metrics, "logs", stats.logs)
        metrics.journal_bytes.set(stats.bytes)
        metrics.journal_max_bytes.set(stats.max_bytes)
        metrics.journal_segments.set(stats.segments)
        metrics.journal_quarantined.set(stats.quarantined)
        metrics.journal_oldest_offset.set(stats.oldest_segment)
        metrics.journal_lag.set(stats.oldest_age_s)
        settling = settler.stats()
        metrics.settle_pending.set(settling.pending)
        metrics.settle_lag.set(settling.lag_s)
        stored = disk.known()
        metrics.store_up.set(stored.up)
        metrics.store_free_bytes.set(disk.free_bytes())
        for table, size in stored.bytes_by_table.items():
            metrics.store_bytes.labels(table).set(size)
        for table, parts in stored.parts_by_table.items():
            metrics.store_parts.labels(table).set(parts)

    metrics.on_render(refresh)


def _ledger(metrics: Metrics, signal: str, ledger: Ledger) -> None:
    for state in _STATES:
        metrics.ledger.labels(signal, state).set(getattr(ledger, state))
    for reason, rows in ledger.lost_by.items():
        metrics.ledger_lost.labels(signal, reason).set(rows)
