"""One metrics function over the spans of one filter."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.plan.grid import Grid
from clew.query.traceql.ast import FieldExpr, MetricsCall


@dataclass(frozen=True, slots=True)
class Question:
    """One function and what bounds it."""

    where: FieldExpr
    call: MetricsCall
    grid: Grid
    weighted: bool
    """Whether a span counts as many as it stands for."""
    max_series: int
