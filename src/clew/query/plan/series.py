"""What a TraceQL metrics query asks for and returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.query.answer import Window
from clew.query.plan.found import Cell

Labels = dict[str, Cell]
"""What a series is of, in the order of the query."""


@dataclass(frozen=True, slots=True)
class MetricsAsk:
    """Which points of time a metrics query has."""

    window: Window
    step_ns: int
    """Width of the right-closed buckets (t - step, t]; a point stands at the end of its bucket."""
    instant: bool = False
    """One bucket, the whole window but its first nanosecond; its point stands at the end."""
    exemplars: int = 100
    """Most exemplars in all; 0 for none."""
    max_series: int = 1000


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A span behind a point."""

    trace_id: bytes
    span_id: int
    time_ms: int
    value: float
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """Points over time under one set of labels."""

    labels: Labels
    """By their text in the query; an ungrouped series has `__name__`."""
    values: list[float | None]
    """One per point of `SeriesAnswer.times_ms`; None where there is none."""
    exemplars: list[Exemplar] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """What one function of a metrics query was answered from."""

    table: str
    why: str
    sql: str


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """All series of a query, ordered by number of labels, then keys, then values."""

    times_ms: list[int]
    series: list[Series]
    sources: list[Source] = field(default_factory=list)
    """Where the points were read from, one per function of the query."""
