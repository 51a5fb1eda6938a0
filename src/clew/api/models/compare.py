"""Comparisons: two traces, and some traces with others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clew.api.models.base import MAX_QUERY, Model, Ns, RequestModel, TraceId
from clew.api.models.search import QUERY, TIME

Hex = Field(
    pattern="^[0-9a-fA-F]{1,32}$", description="1 to 32 hex digits", examples=["4bf92f3577b34da6a3ce929d0e0e4736"]
)


class DiffRequest(RequestModel):
    """Two traces."""

    a: str = Hex
    b: str = Hex


class DiffSide(Model):
    """One of the traces."""

    trace_id: TraceId
    start_ns: Ns
    duration_ns: int
    spans: int
    errors: int


class DiffOperation(Model):
    """All spans of one operation."""

    service: str
    name: str
    kind: str
    spans_a: int
    spans_b: int
    self_a_ns: int
    self_b_ns: int
    delta_ns: int = Field(description="self time in B minus that in A")
    share: float | None = Field(description="of the difference of all self times; null where there is none")


class DiffRows(Model):
    """The merged tree in pre-order, as columns with one entry per span or pair of spans."""

    a: list[int | None] = Field(description="row in A's pre-order; null where the span is only in B")
    b: list[int | None]
    depth: list[int]
    service: list[str]
    name: list[str]
    change: list[Literal["same", "slower", "faster", "added", "missing"]] = Field(description="from A to B")
    delta_ns: list[int] = Field(description="duration in B minus that in A; where one side lacks it, all of it")
    self_delta_ns: list[int]
    confidence: list[float] = Field(description="of the pair: 1 where its label is unique among siblings; 0 without")


class Diff(Model):
    """How trace B differs from trace A."""

    a: DiffSide
    b: DiffSide
    matched: int
    added: int
    missing: int
    slower: int
    faster: int
    confidence: float = Field(description="mean over the matched pairs")
    operations: list[DiffOperation] = Field(description="largest difference of self time first")
    rows: DiffRows


class Selection(RequestModel):
    """Traces by a query or by their ids."""

    q: str | None = Field(None, max_length=MAX_QUERY, description=QUERY)
    ids: list[str] = Field(default_factory=list, max_length=10_000, description="trace ids, instead of a query")


class ExplainRequest(RequestModel):
    """Which traces to explain, and against which."""

    sel: Selection
    base: Selection | None = Field(None, description="absent: all other traces of the range")
    from_: str = Field("now-1h", alias="from", max_length=64, description=TIME)
    to: str = Field("now", max_length=64, description=TIME)


class NamedValue(Model):
    """One value of one attribute."""

    level: Literal["intrinsic", "resource", "span", "event"]
    key: str
    type: str
    value: str


class Difference(NamedValue):
    """One value of one attribute; a trace has it when any of its spans has it."""

    value: str = Field(description="a number with many values is given as a range between powers of two")
    n: int = Field(description="selected traces with it")
    base_n: int
    sel_share: float
    base_share: float
    effect: float = Field(description="difference of the shares")
    low: float = Field(description="95 % interval of the effect")
    high: float
    lift: float | None = Field(description="ratio of the shares; null where no trace of the baseline has it")
    p: float
    q: float = Field(description="share of false ones among the differences at least as clear (Benjamini-Hochberg)")
    coverage: float = Field(description="share of the selected traces that have the key")
    base_coverage: float


class PairDifference(Model):
    """Two values that tell more together than each alone; a trace has both when it has each on any of its spans."""

    first: NamedValue
    second: NamedValue
    n: int = Field(description="selected traces with both")
    base_n: int
    sel_share: float
    base_share: float
    effect: float = Field(description="difference of the shares")
    low: float = Field(description="95 % interval of the effect")
    high: float
    gain: float = Field(description="by how much the effect is larger than that of the better one alone")
    lift: float | None = Field(description="ratio of the shares; null where no trace of the baseline has both")
    p: float = Field(description="that the second tells nothing about traces that have the first, or the reverse")
    q: float = Field(description="share of false ones among the pairs at least as clear (Benjamini-Hochberg)")


class HiddenKey(Model):
    """A key that was left out."""

    level: str
    key: str
    values: int
    reason: str


class Explained(Model):
    """What is different about the selected traces, clearest first."""

    selected: int = Field(description="traces compared")
    baseline: int
    selected_total: int = Field(description="traces that qualify; more than `selected` when a random part was taken")
    baseline_total: int
    keys: int
    tested: int = Field(description="values compared")
    found: int = Field(description="of these, with q below 0.05")
    differences: list[Difference]
    hidden: list[HiddenKey]
    pairs: list[PairDifference] = Field(
        description="of the 24 values with the largest effects those two that tell more together, q below 0.05"
    )
