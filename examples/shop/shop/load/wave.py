"""The day of a shop: how many people come when."""

from __future__ import annotations

import math

_PEAKS = ((9.5, 2.0, 0.6), (13.0, 1.5, 0.8), (20.0, 2.5, 1.4))
"""Hour, width in hours and height of the morning, lunch and evening."""
_NIGHT = 0.15
_HOURS = 24.0


def wave(phase: float) -> float:
    """Return how busy the shop is at a point of the day, 1 on average.

    Args:
        phase: of the day, 0 is midnight and 0.5 noon; whole days are dropped.
    """
    return _raw(phase % 1.0 * _HOURS) / _MEAN


def busiest() -> float:
    """Return the largest value of `wave`, for thinning."""
    return _MOST / _MEAN


def _raw(hour: float) -> float:
    return _NIGHT + sum(height * math.exp(-((_apart(hour, at) / width) ** 2)) for at, width, height in _PEAKS)


def _apart(one: float, other: float) -> float:
    """Return the hours between two times of day, around midnight where that is shorter."""
    apart = abs(one - other)
    return min(apart, _HOURS - apart)


_SAMPLES = [_raw(step * _HOURS / 1440) for step in range(1440)]
_MEAN = sum(_SAMPLES) / len(_SAMPLES)
_MOST = max(_SAMPLES)
