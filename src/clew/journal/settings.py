"""What the journal computes from the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Sizes and intervals of a journal; the same names as the section `journal` of the configuration."""

    max_bytes: int = 4 << 30
    """Size at which groups are refused."""
    segment_max_rows: int = 100_000
    """Rows at which a segment is sealed; a single group is never split."""
    segment_max_bytes: int = 128 << 20
    """Bytes at which a segment is sealed."""
    interval_s: float = 1.3
    """Age at which a segment with `busy_rows` is sealed."""
    idle_interval_s: float = 2.0
    """Age at which any segment is sealed while somebody reads."""
    unread_interval_s: float = 8.0
    """The same while nobody has asked anything for `read_lasts_s`: an insert costs as much for one row as for many."""
    read_lasts_s: float = 20.0
    busy_rows: int = 5_000
    """Rows that are worth an insert of their own; with fewer the segment waits for one of the two above."""
    compression: str = "none"
    """`lz4` for slow disks."""
    reserve_bytes: int = 512 << 20
    """Free space on the volume below which groups are refused."""
    counters_reserve_bytes: int = 1 << 20
    """Space kept aside so that counters can be written on a full disk."""
