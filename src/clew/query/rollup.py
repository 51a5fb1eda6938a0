"""Where rates and durations are read from: the per-minute rollups, or the slim spans of a short window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clew.query.answer import Window
from clew.query.params import Params
from clew.query.scan import floor_bucket
from clew.store.histogram import index_expression, quantile_of

MINUTE_NS = 60 * 10**9
SHORT_NS = 15 * MINUTE_NS
"""Windows up to this long are read from spans, exact to the nanosecond."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table and the expressions of counts over it."""

    table: str
    where: str
    count: str
    errors: str
    hist: str
    time: str
    """Sum of the durations in nanoseconds."""
    latest: str
    """Nanoseconds of the newest start."""
    offset: str
    """Nanoseconds of a row's start, for steps; right-closed minutes count as their last nanosecond."""


def source(window: Window, params: Params, *, by_operation: bool, raw: bool | None = None) -> Source:
    """Return where to read a window from; `raw` decides between spans and rollups, absent: by its length."""
    if raw if raw is not None else window.to_ns - window.from_ns <= SHORT_NS:
        return _raw(window, params)
    low, high = (params.seconds(edge // 10**9) for edge in (window.from_ns, window.to_ns + MINUTE_NS - 1))
    plain = not by_operation
    return Source(
        "red_service_1m" if plain else "red_1m",
        f"minute > {low} AND minute <= {high}",
        "sum(n)",
        "sum(red_service_1m.errors)" if plain else "sumIf(n, status = 2)",
        "sumMap(hist)",
        "sum(duration_sum)",
        "max(toInt64(toUnixTimestamp(minute)) * 1000000000)",
        "toInt64(toUnixTimestamp(minute)) * 1000000000",
    )


def _raw(window: Window, params: Params) -> Source:
    low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
    where = (
        f"bucket >= {low} AND bucket <= {high} "
        f"AND start >= {params.time(window.from_ns)} AND start <= {params.time(window.to_ns)}"
    )
    return Source(
        "span_by_service",
        where,
        "count()",
        "countIf(status = 2)",
        f"sumMap(map({index_expression('duration')}, toFloat64(1)))",
        "sum(toFloat64(duration))",
        "max(toUnixTimestamp64Nano(start))",
        "toUnixTimestamp64Nano(start)",
    )


def quantile(row: Mapping[str, Any], wanted: float) -> float | None:
    """Return a quantile of durations in nanoseconds from a row's `merged` histogram, `None` where it is empty."""
    merged = dict(row["merged"])
    return quantile_of(merged, wanted) if merged else None
