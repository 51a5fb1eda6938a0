"""What a TraceQL search asks for and returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.query.answer import Window
from clew.query.filters import Value

Cell = Value | list[str] | list[int] | list[float] | list[bool]
"""The value of a field: typed as in a query; arrays as lists; None is nil."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How much of which traces a search returns."""

    window: Window
    """Traces that overlap it qualify, and are evaluated whole."""
    limit: int = 20
    """Most traces of a page."""
    spans_per_spanset: int = 3
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span of a spanset."""

    span_id: int
    service: str
    name: str
    kind: int
    status: int
    start_ns: int
    duration_ns: int
    attributes: dict[str, Cell] = field(default_factory=dict)
    """Fields of conditions and of `select`, by their text in the query (`resource.service.name`, `event:name`);
    absent ones are left out. Answers of other systems' APIs rename them."""


@dataclass(frozen=True, slots=True)
class Spanset:
    """Spans that matched together."""

    matched: int
    """All of them; `spans` holds the first by start."""
    spans: list[FoundSpan]
    attributes: dict[str, Cell] = field(default_factory=dict)
    """`by(...)` values and aggregates such as `count()`; a missing group value is None."""


@dataclass(frozen=True, slots=True)
class ServiceStats:
    """One service's part of a trace."""

    service: str
    spans: int
    errors: int


@dataclass(frozen=True, slots=True)
class FoundTrace:
    """A trace with its matching spansets; times and counts are those of the whole trace."""

    trace_id: bytes
    start_ns: int
    duration_ns: int
    root_service: str | None
    """None where no root was received."""
    root_name: str | None
    spans: int
    errors: int
    services: list[ServiceStats]
    spansets: list[Spanset]
    duplicates: int = 0
    gaps: tuple[str, ...] = ()
    """What is not known about its structure."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search."""

    traces: list[FoundTrace]
    cursor: str | None
