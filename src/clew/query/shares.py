"""Differences of shares: how sure they are, and how large they may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.derive.numbers import Floats
from clew.query.plan.typed import combined

Z = 1.959963984540054
"""Half the width of a 95 % interval, in standard deviations."""
FEW = 5
"""With fewer expected counts than this the exact test is taken: the usual bound of the approximation."""


def _stats() -> Any:
    """Return scipy's statistics, loaded with the first comparison: they take 40 MiB that most processes never need."""
    from scipy import stats  # noqa: PLC0415

    return stats


def q_values(p: Floats) -> Floats:
    """Return p-values as rates of false discovery (Benjamini and Hochberg)."""
    q: Floats = _stats().false_discovery_control(p) if p.size else p
    return q


def p_values(a: Floats, b: Floats, n: float | Floats, m: float | Floats) -> Floats:
    """Return the two-sided p-value of each pair of counts: exact for few, by normal approximation for many.

    Args:
        a: selected traces with the value.
        b: traces of the baseline with it.
        n: selected traces, of all pairs or of each; where there are none, nothing differs.
        m: traces of the baseline.
    """
    every, others = (np.broadcast_to(np.asarray(one, np.float64), a.shape) for one in (n, m))
    p = np.ones(a.shape)
    some = np.flatnonzero((every > 0) & (others > 0))
    p[some] = _p_values(a[some], b[some], every[some], others[some])
    return p


def _p_values(a: Floats, b: Floats, n: Floats, m: Floats) -> Floats:
    both = a + b
    pooled = both / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-300))
    z = np.abs(a / n - b / m) / spread
    p: Floats = 2 * _stats().norm.sf(z)
    least = np.minimum(both, n + m - both) * np.minimum(n, m) / (n + m)
    few = np.flatnonzero((least < FEW) & (pooled < 1))
    if few.size:
        tables = [one[few].astype(np.int64) for one in (a, both, n, m)]
        _, heads, place = np.unique(combined(tables), return_index=True, return_inverse=True)
        first, all_, chosen, rest = (one[heads] for one in tables)
        law = _stats().hypergeom(chosen + rest, all_, chosen)
        tail = np.minimum(law.cdf(first), law.sf(first - 1))
        p[few] = np.minimum(2 * tail, 1.0)[place]
    p[pooled >= 1] = 1.0
    return np.clip(p, 0.0, 1.0)


def difference_interval(a: Floats, b: Floats, n: int, m: int) -> tuple[Floats, Floats]:
    """Return the 95 % interval of the difference of two shares (Newcombe's, from Wilson's intervals of each)."""
    first, second = wilson(a, n), wilson(b, m)
    share_a, share_b = a / n, b / m
    gap = share_a - share_b
    low = gap - np.sqrt((share_a - first[0]) ** 2 + (second[1] - share_b) ** 2)
    high = gap + np.sqrt((first[1] - share_a) ** 2 + (share_b - second[0]) ** 2)
    return low, high


def wilson(count: Floats, n: int) -> tuple[Floats, Floats]:
    """Return Wilson's 95 % interval of each share."""
    share = count / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return middle - half, middle + half
