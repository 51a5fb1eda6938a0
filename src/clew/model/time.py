"""Time as the model counts it: UTC nanoseconds, and the bucket that decides a row's place."""

from __future__ import annotations

import time

BUCKET_S = 600
"""Width of a bucket in seconds; the bucket is the floor of `start`, see `schema.md` section 4."""

FUTURE_S = 600
"""How far ahead of the clock a `start` may lie before the bucket is taken from `received`."""


def now_ns() -> int:
    """Return the wall clock in nanoseconds; the default of every injected clock."""
    return time.time_ns()
