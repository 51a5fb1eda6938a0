"""An answer and what it leaves out: the `meta` of every read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are in all; a lower bound unless `exact`."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Truncated:
    """Why an answer is not whole."""

    reason: str
    limit: int
    hint: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """How an estimate was made: counts of a random part, scaled up."""

    rate: float
    """The share that was counted."""
    ci: tuple[float, float]
    """95 % interval of the total."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A trace whose structure is not known for sure; relations that are not known do not match."""

    trace_id: str
    reasons: tuple[str, ...]
    """Of `no_root`, `missing_parent`, `shared_id`."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a read has cost."""

    rows: int = 0
    bytes: int = 0
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """A closed range of time in UTC nanoseconds."""

    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Meta:
    """What an answer counts, cuts and costs."""

    total: Total | None = None
    returned: int = 0
    truncated: Truncated | None = None
    sampled: Sampled | None = None
    scanned: Scanned = field(default_factory=Scanned)
    window: Window | None = None
    fresh_ns: int | None = None
    duplicates: int = 0
    gen: str = ""
    incomplete: tuple[Incomplete, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """Data and its meta."""

    data: T
    meta: Meta
