from __future__ import annotations

import numpy as np
import pyarrow as pa

from clew.derive.departed import MARGIN_NS, Departed
from clew.model.schema import ID128


def ids(first: int, count: int) -> pa.Array:
    """Return trace ids that count up."""
    return pa.array([number.to_bytes(16, "big") for number in range(first, first + count)], ID128)


def test_a_name_is_never_missed_and_others_seldom_seem_named() -> None:
    """What was named is found, also in a part of an array; of ten thousand others fewer than a hundredth is."""
    departed = Departed(0)
    departed.add(ids(0, 50_000), 1)
    departed.add(ids(60_000, 10).slice(3, 4), 2)
    assert departed.has(ids(0, 50_000)).all()
    assert departed.has(ids(50_000, 20_000).slice(10_003, 4)).all()
    assert departed.has(ids(100_000, 10_000)).mean() < 0.01
    assert departed.has(ids(0, 0)).size == 0


def test_the_oldest_names_are_forgotten_and_the_time_moves_on() -> None:
    """At any time every trace named since `since_ns` is found."""
    departed = Departed(5, names=100)
    named: list[tuple[int, int]] = []
    for now in range(10, 60):
        departed.add(ids(now * 1000, 30), now)
        named.append((now, now * 1000))
        for at, first in named:
            assert at < departed.since_ns or departed.has(ids(first, 30)).all()
    assert departed.since_ns > 50
    assert departed.horizon_ns == departed.since_ns + MARGIN_NS
    assert not np.any(departed.has(ids(10_000, 30)))
