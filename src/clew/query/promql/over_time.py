"""Functions over the points of a subquery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.quantile import quantiles
from clew.query.promql.vector import Vector, bounded, unnamed


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
    bounded(len(of.labels), by.moments.size * width)
    at = np.arange(width)
    index = np.minimum(low[:, None] + at, by.times.size - 1)
    values: Floats = of.values[:, index]
    there: Flags = np.logical_and(of.there[:, index], at < size[:, None])
    if quantile is None:
        found = _REDUCE[name](values, there)
    else:
        columns = np.tile(quantile, len(of.labels))
        flat = quantiles(values.reshape(-1, width).T, there.reshape(-1, width).T, np.zeros(1, np.int64), columns)
        found = flat.reshape(values.shape[:-1])
    whole = Vector(of.labels, found, np.any(there, axis=-1))
    return whole if name in {"first", "last"} else unnamed(whole)
