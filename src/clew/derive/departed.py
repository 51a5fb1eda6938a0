"""Traces of which rows have left memory: a trace that is not among them and began since then is in memory whole.

Asking the store how many rows it has of each trace reads the whole trace index, since ids are random; that grows with
all that is kept, while what is asked about is what came in within the last minutes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Flags, Ids, mix

MARGIN_NS = 600 * 10**9
"""By how much clocks of traced hosts may be ahead, and how long before its root a span may begin."""
NAMES = 1 << 21
"""Most names in one of the two halves; 1 of 70 other traces seems to be named then."""
_BITS = 1 << 25
_BYTE, _BIT, _HALF = np.uint64(3), np.uint64(7), np.uint64(32)


class Departed:
    """Names traces, and forgets the oldest names; may name others, never misses one. Not thread-safe."""

    def __init__(self, since_ns: int, names: int = NAMES) -> None:
        """Begin at a time, in ns, before which rows may be stored that were never in memory."""
        self.since_ns = since_ns
        """Every trace that lost rows after this is named."""
        self._names = names
        self._now = self._before = _empty()
        self._count, self._began_ns = 0, since_ns

    @property
    def horizon_ns(self) -> int:
        """A trace that began at or after this and is not named has lost no row."""
        return self.since_ns + MARGIN_NS

    def add(self, ids: pa.Array, now_ns: int) -> None:
        """Name traces that lose rows at a time."""
        if self._count + len(ids) > self._names:
            self.since_ns = max(self.since_ns, self._began_ns)
            self._before, self._now = self._now, _empty()
            self._count, self._began_ns = 0, now_ns
        for place in _places(ids):
            np.bitwise_or.at(self._now, place >> _BYTE, np.uint8(1) << (place & _BIT).astype(np.uint8))
        self._count += len(ids)

    def has(self, ids: pa.Array) -> Flags:
        """Return which traces are named."""
        places = _places(ids)
        one, other = (_named(half, places) for half in (self._before, self._now))
        return one | other


def _empty() -> npt.NDArray[np.uint8]:
    return np.zeros(_BITS // 8, np.uint8)


def _named(half: npt.NDArray[np.uint8], places: tuple[Ids, Ids]) -> Flags:
    """Return where both bits are set."""
    one, other = (half[place >> _BYTE] >> (place & _BIT).astype(np.uint8) & np.uint8(1) for place in places)
    found: Flags = (one & other) > 0
    return found


def _places(ids: pa.Array) -> tuple[Ids, Ids]:
    """Return the two bits of each trace."""
    if not len(ids):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    words = np.frombuffer(ids.buffers()[1], np.uint64)[2 * ids.offset : 2 * (ids.offset + len(ids))].reshape(-1, 2)
    found = mix(words[:, 0] ^ mix(words[:, 1]))
    most = np.uint64(_BITS - 1)
    return found & most, (found >> _HALF) & most
