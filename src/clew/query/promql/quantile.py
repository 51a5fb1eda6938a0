"""Quantiles of values and of classic histograms, as Prometheus defines them."""

from __future__ import annotations

import math

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.families import LE
from clew.query.promql.vector import Labels, Vector, nameless, renamed


def quantiles(values: Floats, there: Flags, starts: Ints, quantile: Floats) -> Floats:
    """Return the quantile of each group of rows in each column, linear between neighbours.

    Args:
        values: the rows of a group stand together.
        there: which count.
        starts: the first row of each group.
        quantile: one per column; beyond 0 and 1 it is an infinity.
    """
    sizes = np.diff(np.append(starts, len(values)))
    group = np.broadcast_to(np.repeat(np.arange(starts.size), sizes)[:, None], values.shape)
    order = np.lexsort((values, ~there, group), axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    count = np.add.reduceat(there.astype(np.int64), starts, axis=0)
    rank = np.clip(np.nan_to_num(quantile), 0, 1) * np.maximum(count - 1, 0)
    low = np.floor(rank).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ranked, starts[:, None] + one, axis=0) for one in (low, high))
    share = rank - low
    return _beyond(quantile, np.where(share > 0, below * (1 - share) + above * share, below))


def histogram_quantile(quantile: Floats, of: Vector) -> Vector:
    """Return the quantile of each histogram at each point; series without a readable `le` are left out."""
    groups: dict[Labels, list[tuple[float, int]]] = {}
    for at, labels in enumerate(of.labels):
        bound = _bound(dict(labels).get(LE))
        if bound is not None:
            groups.setdefault(tuple(pair for pair in labels if pair[0] != LE), []).append((bound, at))
    shape = (len(groups), quantile.size)
    found = [_quantile(quantile, members, of) for members in groups.values()]
    there = [of.there[[at for _, at in members]].any(axis=0) for members in groups.values()]
    whole = Vector(list(groups), np.array(found).reshape(shape), np.array(there, np.bool_).reshape(shape))
    return renamed(whole, [nameless(labels) for labels in groups])


def _bound(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _beyond(quantile: Floats, found: Floats) -> Floats:
    found = np.where(quantile < 0, -np.inf, np.where(quantile > 1, np.inf, found))
    return np.where(np.isnan(quantile), np.nan, found)


def _quantile(quantile: Floats, members: list[tuple[float, int]], of: Vector) -> Floats:
    members = sorted(members)
    bounds = np.array([bound for bound, _ in members])
    rows = [at for _, at in members]
    if len(members) < 2 or not math.isinf(bounds[-1]):  # noqa: PLR2004 - one bucket and the last
        return np.full(quantile.size, np.nan)
    counts = np.maximum.accumulate(np.where(of.there[rows], np.nan_to_num(of.values[rows]), 0.0), axis=0)
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
    return np.where(total > 0, _beyond(quantile, found), np.nan)
