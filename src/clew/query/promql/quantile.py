"""`histogram_quantile` over classic histograms: linear within a bucket, as Prometheus defines it."""

from __future__ import annotations

import math

import numpy as np

from clew.derive.numbers import Floats
from clew.query.promql.families import LE
from clew.query.promql.windows import Labels, Vector


def histogram_quantile(quantile: Floats, of: Vector) -> Vector:
    """Return the quantile of each histogram at each point; series without a readable `le` are left out."""
    groups: dict[Labels, list[tuple[float, int]]] = {}
    for at, labels in enumerate(of.labels):
        bound = _bound(dict(labels).get(LE))
        if bound is not None:
            groups.setdefault(tuple(pair for pair in labels if pair[0] != LE), []).append((bound, at))
    rows = [_quantile(quantile, members, of.values) for members in groups.values()]
    return Vector(list(groups), np.array(rows).reshape(len(groups), quantile.size))


def _bound(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _quantile(quantile: Floats, members: list[tuple[float, int]], values: Floats) -> Floats:
    members = sorted(members)
    bounds = np.array([bound for bound, _ in members])
    if len(members) < 2 or not math.isinf(bounds[-1]):  # noqa: PLR2004 - one bucket and the last
        return np.full(quantile.size, np.nan)
    counts = np.maximum.accumulate(np.nan_to_num(values[[at for _, at in members]]), axis=0)
    total = counts[-1]
    rank = quantile * total
    place = np.minimum((counts < rank[None, :]).sum(axis=0), bounds.size - 1)
    points = np.arange(quantile.size)
    below = np.where(place > 0, counts[np.maximum(place - 1, 0), points], 0.0)
    low = np.where(place > 0, bounds[np.maximum(place - 1, 0)], np.minimum(bounds[0], 0.0))
    inside = counts[place, points] - below
    within = np.where(inside > 0, (rank - below) / np.where(inside > 0, inside, 1), 1.0)
    found = low + (bounds[place] - low) * within
    found = np.where(place == bounds.size - 1, bounds[-2], found)
    found = np.where(quantile < 0, -np.inf, np.where(quantile > 1, np.inf, found))
    return np.where(total > 0, found, np.nan)
