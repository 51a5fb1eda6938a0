"""One metrics function over the spans of a pipeline, and the spans that are shown behind its points."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.plan.grid import Grid
from clew.query.plan.series import Labels
from clew.query.traceql.ast import FieldExpr, MetricsCall, Pipeline


@dataclass(frozen=True, slots=True)
class Question:
    """One function and what bounds it."""

    pipeline: Pipeline
    where: FieldExpr | None
    """The condition on one span that the pipeline is; `None` where whole traces decide."""
    call: MetricsCall
    grid: Grid
    weighted: bool
    """Whether a span counts as many as it stands for."""
    max_series: int


@dataclass(frozen=True, slots=True)
class Picked:
    """One span that may stand behind a point."""

    trace_id: bytes
    span_id: int
    start_ns: int
    step: int
    labels: Labels
    """Of its group."""
    number: float | None
    """The value of its bin, for quantiles and histograms."""
