"""Calls, errors and durations over a sliding window, per service or operation, from the rollup of spans per minute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from clew.derive.numbers import Ints
from clew.model import Kind
from clew.query.params import Params
from clew.query.read import Read
from clew.store.histogram import quantile_of

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class SlidingQuery:
    """Which spans, at which points, over how long a window before each point. Times are seconds since the epoch."""

    services: Sequence[str]
    kinds: Sequence[Kind]
    by_operation: bool
    points: Sequence[float]
    over_s: int
    """Rounded up to minutes."""
    quantile: float | None = None
    """Also of the durations; without it they are not read."""


@dataclass(frozen=True, slots=True)
class SlidingSeries:
    """One service or operation; entry i belongs to point i. Counts are weighted by upstream sampling."""

    service: str
    operation: str
    rate: list[float]
    """Calls per second."""
    errors: list[float | None]
    """Share of the calls that failed; `None` without calls."""
    duration_ns: list[float | None]
    """The quantile; `None` without calls."""


def sliding(read: Read, query: SlidingQuery) -> list[SlidingSeries]:
    """Return the series, by service and operation; services without spans are left out."""
    minutes = max(-(-query.over_s // MINUTE_S), 1)
    last = [int(point // MINUTE_S) for point in query.points]
    first = min(last) - minutes
    size = max(last) - first
    params = Params()
    low, high = params.seconds(first * MINUTE_S), params.seconds(max(last) * MINUTE_S)
    kinds = params.bind([int(kind) for kind in query.kinds], "Array(UInt8)")
    name = "name" if query.by_operation else "''"
    merged = "sumMap(hist)" if query.quantile is not None else "1"
    sql = f"""
        SELECT service, {name} AS operation, intDiv(toUnixTimestamp(minute), {MINUTE_S}) AS m,
            sum(n_weighted) AS calls, sumIf(n_weighted, status = 2) AS failed, {merged} AS merged
        FROM red_1m
        WHERE tenant = {{tenant:String}} AND minute > {low} AND minute <= {high}
            AND has({params.texts(list(query.services))}, service) AND has({kinds}, kind)
        GROUP BY service, operation, m ORDER BY service, operation, m
    """
    rows = read.query(sql, params.values).to_pylist()
    frame = _Frame(first, size, np.array(last, np.int64) - first, minutes)
    groups = groupby(rows, key=lambda row: (row["service"], row["operation"]))
    return [_series(key, list(own), frame, query.quantile) for key, own in groups]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The minutes that are looked at, counted from the first, and where each point's window ends."""

    first: int
    size: int
    ends: Ints
    minutes: int

    def sums(self, at: Ints, values: list[float]) -> list[float]:
        """Return per point the sum of its window: sums up to each minute, of which two are subtracted."""
        per_minute = np.zeros(self.size + 1)
        np.add.at(per_minute, at, np.array(values, np.float64))
        upto = np.cumsum(per_minute)
        found: list[float] = (upto[self.ends] - upto[np.maximum(self.ends - self.minutes, 0)]).tolist()
        return found


def _series(key: tuple[str, str], rows: list[dict[str, Any]], frame: _Frame, quantile: float | None) -> SlidingSeries:
    at = np.array([row["m"] for row in rows], np.int64) - frame.first
    calls, failed = (frame.sums(at, [row[name] for row in rows]) for name in ("calls", "failed"))
    shares: list[float | None] = [wrong / n if n > 0 else None for n, wrong in zip(calls, failed, strict=True)]
    lengths: list[float | None] = [None] * len(calls)
    if quantile is not None:
        lengths = _quantiles(at, [dict(row["merged"]) for row in rows], frame, quantile)
    return SlidingSeries(*key, [n / (frame.minutes * MINUTE_S) for n in calls], shares, lengths)


def _quantiles(at: Ints, hists: list[dict[int, float]], frame: _Frame, quantile: float) -> list[float | None]:
    known: dict[int, float | None] = {}
    for end in frame.ends.tolist():
        if end not in known:
            merged: dict[int, float] = defaultdict(float)
            for index in np.flatnonzero((at > end - frame.minutes) & (at <= end)).tolist():
                for bucket, n in hists[index].items():
                    merged[bucket] += n
            known[end] = quantile_of(merged, quantile) if merged else None
    return [known[end] for end in frame.ends.tolist()]
