"""Functions over the points of a subquery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.quantile import quantiles
from clew.query.promql.vector import Vector, bounded, unnamed, wrong

MOST_WORK = 64_000_000
"""How many points all windows together may have."""
BLOCK = 1_000_000
"""How many of them are held at once."""


def _sum(values: Floats, there: Flags) -> Floats:
    found: Floats = np.where(there, values, 0.0).sum(axis=-1)
    return found


def _avg(values: Floats, there: Flags) -> Floats:
    found: Floats = _sum(values, there) / there.sum(axis=-1)
    return found


def _stdvar(values: Floats, there: Flags) -> Floats:
    return _avg((values - _avg(values, there)[..., None]) ** 2, there)


def _picked(values: Floats, at: Ints) -> Floats:
    found: Floats = np.take_along_axis(values, at[..., None], axis=-1)[..., 0]
    return found


_REDUCE: dict[str, Callable[[Floats, Flags], Floats]] = {
    "sum": _sum,
    "avg": _avg,
    "min": lambda values, there: np.fmin.reduce(np.where(there, values, np.nan), axis=-1),
    "max": lambda values, there: np.fmax.reduce(np.where(there, values, np.nan), axis=-1),
    "count": lambda _, there: there.sum(axis=-1).astype(np.float64),
    "present": lambda values, _: np.ones(values.shape[:-1]),
    "stdvar": _stdvar,
    "stddev": lambda values, there: np.sqrt(_stdvar(values, there)),
    "first": lambda values, there: _picked(values, there.argmax(axis=-1)),
    "last": lambda values, there: _picked(values, there.shape[-1] - 1 - there[..., ::-1].argmax(axis=-1)),
}


@dataclass(frozen=True, slots=True)
class Slices:
    """Which points belong to which window: those in (moment - range, moment], in seconds."""

    times: Ints
    """When the points are, ascending."""
    moments: Ints
    """When the windows end."""
    range_s: float


def over_time(name: str, of: Vector, by: Slices, quantile: Floats | None) -> Vector:
    """Return what a function makes of the points of each window.

    Args:
        name: of the function, without `_over_time`.
        of: the points.
        by: the windows.
        quantile: of `quantile`, per window.
    """
    low = np.searchsorted(by.times, by.moments - by.range_s, side="right")
    size = np.searchsorted(by.times, by.moments, side="right") - low
    width = max(int(size.max()), 1)
    bounded(len(of.labels), by.moments.size)
    if len(of.labels) * by.moments.size * width > MOST_WORK:
        raise wrong("a subquery has too many points in too many windows: take longer steps or fewer series")
    index = np.minimum(low[:, None] + np.arange(width), by.times.size - 1)
    inside = np.arange(width) < size[:, None]
    block = max(BLOCK // index.size, 1)
    blocks = [of.take(np.arange(at, min(at + block, len(of.labels)))) for at in range(0, len(of.labels), block)]
    found = [_reduced(name, one.values[:, index], one.there[:, index] & inside, quantile) for one in blocks]
    running = np.pad(np.cumsum(of.there, axis=1), ((0, 0), (1, 0)))
    there: Flags = running[:, low + size] > running[:, low]
    values = np.concatenate([np.zeros((0, by.moments.size)), *found])
    whole = Vector(of.labels, values, there)
    return whole if name in {"first", "last"} else unnamed(whole)


def _reduced(name: str, values: Floats, there: Flags, quantile: Floats | None) -> Floats:
    if quantile is None:
        return _REDUCE[name](values, there)
    width, columns = values.shape[-1], np.tile(quantile, len(values))
    flat = quantiles(values.reshape(-1, width).T, there.reshape(-1, width).T, np.zeros(1, np.int64), columns)
    return flat.reshape(values.shape[:-1])
