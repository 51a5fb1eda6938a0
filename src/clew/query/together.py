"""Pairs of attribute values that tell selected traces from others better together than each alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Floats, Ints
from clew.query.attrpairs import Catalogue, Picked
from clew.query.shares import difference_interval, p_values, q_values

MOST_STRONG = 24
"""Most values that are tried in pairs: those with the largest effects."""
MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Named:
    """One value of one attribute."""

    level: str
    key: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values. A trace has both when it has each on any of its spans."""

    first: Named
    second: Named
    n: int
    """Selected traces with both."""
    base_n: int
    sel_share: float
    base_share: float
    effect: float
    """Difference of the shares."""
    low: float
    """95 % interval of the difference."""
    high: float
    gain: float
    """By how much the effect is larger than that of the better one alone."""
    lift: float | None
    """Ratio of the shares; None where no trace of the baseline has both."""
    p: float
    """Of the weaker of two tests: that the second tells apart those traces that have the first, and the other way
    round."""
    q: float
    """Share of false ones among all pairs that are at least as clear."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many traces have each of some values, and each two of them; square, in the order of the values."""

    selected: Floats
    base: Floats
    n: int
    m: int


def together(catalogue: Catalogue, picked: Picked, rows: Ints, most_false: float) -> list[Pair]:
    """Return the pairs that are clear, the largest gain first.

    Args:
        catalogue: which traces have which values.
        picked: the traces.
        rows: values with an effect of their own, the largest first.
        most_false: share of false ones that is let through (Benjamini-Hochberg over all pairs tried).
    """
    rows = rows[:MOST_STRONG]
    counts = _counts(catalogue, picked, rows)
    left, right = (side for side in np.triu_indices(rows.size, 1))
    other = catalogue.key[rows[left]] != catalogue.key[rows[right]]
    left, right = left[other], right[other]
    if not left.size:
        return []
    p = np.maximum(_added(counts, left, right), _added(counts, right, left))
    q = q_values(p)
    effect = counts.selected / counts.n - counts.base / counts.m
    alone = np.diag(effect)
    gain = effect[left, right] - np.maximum(alone[left], alone[right])
    kept = np.flatnonzero((q < most_false) & (gain > 0))
    kept = kept[np.argsort(-gain[kept], kind="stable")][:MOST_PAIRS]
    names = [_named(catalogue, row) for row in rows.tolist()]
    return _pairs(counts, names, np.stack([left, right, np.arange(left.size)])[:, kept], (gain, p, q))


def _counts(catalogue: Catalogue, picked: Picked, rows: Ints) -> Counts:
    """Count by the product of matrices: a row per value, a column per trace."""
    has = np.zeros((rows.size, len(picked.ids)), np.float32)
    for number, row in enumerate(rows.tolist()):
        has[number, catalogue.traces_of(row)] = 1
    sides = has[:, : picked.selected], has[:, picked.selected :]
    selected, base = ((side @ side.T).astype(np.float64) for side in sides)
    return Counts(selected, base, picked.selected, len(picked.ids) - picked.selected)


def _added(counts: Counts, given: Ints, more: Ints) -> Floats:
    """Return the p-value of each `more` among the traces that have `given`."""
    n, m = np.diag(counts.selected)[given], np.diag(counts.base)[given]
    return p_values(counts.selected[given, more], counts.base[given, more], n, m)


def _pairs(counts: Counts, names: Sequence[Named], found: Ints, told: tuple[Floats, Floats, Floats]) -> list[Pair]:
    left, right, at = found
    a, b = counts.selected[left, right], counts.base[left, right]
    low, high = difference_interval(a, b, counts.n, counts.m)
    share, base_share = a / counts.n, b / counts.m
    return [
        Pair(
            names[left[one]],
            names[right[one]],
            int(a[one]),
            int(b[one]),
            float(share[one]),
            float(base_share[one]),
            float(share[one] - base_share[one]),
            float(low[one]),
            float(high[one]),
            float(told[0][at[one]]),
            float(share[one] / base_share[one]) if b[one] else None,
            float(told[1][at[one]]),
            float(told[2][at[one]]),
        )
        for one in range(at.size)
    ]


def _named(catalogue: Catalogue, row: int) -> Named:
    level, key, kind = catalogue.keys[catalogue.key[row]]
    return Named(level, key, kind, catalogue.values[catalogue.value[row]])
