"""Round steps for time series."""

from __future__ import annotations

MS = 10**6
S = 10**9
ROUND_NS = tuple(
    n * unit
    for unit, counts in (
        (MS, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
        (S, (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)),
        (86_400 * S, (1, 2, 7, 14, 28, 91, 365, 3650, 36_500)),
    )
    for n in counts
)
MAX_STEPS = 11_000
"""Most steps of one series."""


def round_step(from_ns: int, to_ns: int, most: int, *, least_ns: int = MS) -> int:
    """Return the smallest round step with which at most `most` steps cover a range, in nanoseconds."""
    fitting = (step for step in ROUND_NS if step >= least_ns and to_ns // step - from_ns // step < most)
    return next(fitting, ROUND_NS[-1] * most)
