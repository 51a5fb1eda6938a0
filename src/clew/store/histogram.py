"""The histogram of durations: one definition for the rollups that fill it and the queries that read it.

Buckets grow by a quarter of a power of two. Bucket `i` holds durations in (2^((i-1)/4), 2^(i/4)] ns, so its index is
`ceil(log2(duration) * 4)` and its geometric middle is at most 9.1 % from any duration in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PER_OCTAVE = 4
"""Buckets per power of two."""

ZERO_INDEX = -1
"""The bucket of duration 0; 1 ns has index 0, 2^64 ns has 256."""

ROUNDING = 1e-12
"""Share of a rank that sums of weights may be off by."""


def histogram_index(durations: npt.NDArray[np.uint64]) -> npt.NDArray[np.int16]:
    """Return the bucket of each duration in nanoseconds."""
    values = np.maximum(durations, np.uint64(1)).astype(np.float64)
    index: npt.NDArray[np.int16] = np.ceil(np.log2(values) * PER_OCTAVE).astype(np.int16)
    index[durations == 0] = ZERO_INDEX
    return index


def bucket_middle(index: int) -> float:
    """Return the duration in nanoseconds that stands for a bucket: the geometric middle of its bounds."""
    if index == ZERO_INDEX:
        return 0.0
    return float(2.0 ** ((index - 0.5) / PER_OCTAVE))


def bucket_upper(index: int) -> float:
    """Return the largest duration in nanoseconds that a bucket holds."""
    return 0.0 if index == ZERO_INDEX else float(2.0 ** (index / PER_OCTAVE))


def index_expression(duration: str) -> str:
    """Return the SQL of the bucket of a duration column."""
    return f"if({duration} = 0, {ZERO_INDEX}, toInt16(ceil(log2({duration}) * {PER_OCTAVE})))"


def quantile_expression(hist: str, quantile: str) -> str:
    """Return the SQL of a quantile in nanoseconds (0 when empty), from a merged `Map(Int16, Float64)`.

    Args:
        hist: expression of the map, for example an alias of `sumMap(hist)`.
        quantile: number or placeholder between 0 and 1.
    """
    keys = f"arraySort(mapKeys({hist}))"
    counts = f"arrayMap(k -> {hist}[k], {keys})"
    rank = f"{quantile} * arraySum(mapValues({hist}))"
    position = f"arrayFirstIndex(c -> c >= {rank}, arrayCumSum({counts}))"
    index = f"{keys}[greatest({position}, 1)]"
    middle = f"exp2(({index} - 0.5) / {PER_OCTAVE})"
    return f"multiIf(empty({hist}), 0., {index} = {ZERO_INDEX}, 0., {middle})"


def quantile_of(hist: dict[int, float], quantile: float) -> float:
    """Return the same quantile from a map already read."""
    if not hist:
        return 0.0
    rank = quantile * math.fsum(hist.values())
    seen = 0.0
    index = ZERO_INDEX
    for index in sorted(hist):
        seen += hist[index]
        if seen >= rank:
            break
    return bucket_middle(index)


def quantiles_of(
    hists: pa.Array, groups: npt.NDArray[np.int64], count: int, quantiles: Sequence[float]
) -> list[list[float | None]]:
    """Return for each quantile the value of every group of histograms added up, `None` where it is empty.

    Args:
        hists: maps from bucket to weight, their keys in any order.
        groups: number of the group of each, from 0.
        count: how many groups there are.
        quantiles: numbers between 0 and 1.
    """
    offsets = hists.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    row = np.repeat(groups, np.diff(offsets))
    keys = hists.keys.to_numpy(zero_copy_only=False)[first:last].astype(np.int64)
    order, picked = ranked(row, keys, hists.items.to_numpy(zero_copy_only=False)[first:last], count, quantiles)
    keys = keys[order]
    middles = np.where(keys == ZERO_INDEX, 0.0, np.exp2((keys - 0.5) / PER_OCTAVE))
    return [[float(middles[at]) if at >= 0 else None for at in positions.tolist()] for positions in picked]


def ranked(
    groups: npt.NDArray[np.int64],
    keys: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    count: int,
    quantiles: Sequence[float],
) -> tuple[npt.NDArray[np.intp], list[npt.NDArray[np.int64]]]:
    """Return the order of rows by group and key, and for each quantile the place in it of the key with its rank.

    Args:
        groups: number of the group of each row, from 0.
        keys: what rows are ranked by; a key may occur more than once in a group.
        weights: how much each row counts.
        count: how many groups there are; one without rows has place -1.
        quantiles: numbers between 0 and 1.
    """
    sizes = np.bincount(groups, minlength=count)
    starts = np.cumsum(sizes) - sizes
    order = np.lexsort((keys, groups))
    running = np.concatenate([[0.0], np.cumsum(weights[order])])
    below, whole = running[starts], running[starts + sizes] - running[starts]
    found = []
    for quantile in quantiles:
        at = np.searchsorted(running[1:], below + whole * quantile * (1 - ROUNDING))
        at = np.minimum(np.maximum(at, starts), starts + sizes - 1)
        found.append(np.where(sizes > 0, at, -1))
    return order, found
