"""The journal between receiving and storing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clew.config.section import Bytes, Section


class JournalConfig(Section):
    """How much the journal holds and when a segment is sealed."""

    max_bytes: Annotated[Bytes, Field(ge=16 << 20)] = 4 << 30
    """Size at which the journal refuses; receivers then answer with the retryable error."""
    segment_max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    """Rows at which a segment is sealed."""
    segment_max_bytes: Annotated[Bytes, Field(ge=1 << 20)] = 128 << 20
    """Bytes at which a segment is sealed."""
    interval_s: Annotated[float, Field(gt=0, le=60)] = 1.3
    """Age at which a segment that is worth an insert of its own is sealed."""
    idle_interval_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """The same at low rates: the longest time until a span can be searched while somebody searches."""
    unread_interval_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """The same at low rates while nobody has searched or asked for the status for 20 seconds. A question ends it,
    and waits for what has waited longer than `idle_interval_s`."""
    compression: Literal["none", "lz4"] = "none"
    """Compression of segments; `lz4` is for slow disks."""
    reserve_bytes: Bytes = 512 << 20
    """Free space on the volume below which the journal refuses."""
