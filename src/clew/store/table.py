"""How one table is kept: the words in which every table is described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa


class Keep(StrEnum):
    """Which retention a table follows."""

    TRACES = "traces"
    RED = "red"
    FOREVER = "forever"


def schema_of(*columns: tuple[str, pa.DataType]) -> pa.Schema:
    """Return a schema of columns that are always there."""
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])


HIST = pa.map_(pa.int16(), pa.float64())
"""Sparse histogram of durations, see `clew.store.histogram`; counts are weighted."""

TIME_CODEC = "Delta(8), ZSTD(1)"
SECONDS_CODEC = "Delta(4), ZSTD(1)"
ALWAYS_COMPACT = 1 << 50
"""All columns of a part in one file: a look-up by key reads one place per trace, not one per trace and column."""


@dataclass(frozen=True, slots=True)
class Table:
    """How one table is kept; `clew.store.ddl` writes it out."""

    name: str
    schema: pa.Schema
    order: str
    partition: str = ""
    primary: str = ""
    """PRIMARY KEY where it is shorter than the order."""
    day: str = ""
    """Expression of the day that TTL counts from; the partition is the same day."""
    keep: Keep = Keep.TRACES
    spare_days: int = 0
    """How many days longer than its retention: what others refer to outlives them."""
    engine: str = "MergeTree"
    aggregates: Mapping[str, str] = field(default_factory=dict)
    codecs: Mapping[str, str] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()
    settings: Mapping[str, str | int] = field(default_factory=dict)
