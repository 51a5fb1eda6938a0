"""Small tools over integer columns: mixing, joining by two keys, ranges of a sorted column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.uint64]
Small = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NONE = -1


def mix(values: Ids) -> Ids:
    """Return each value scrambled without collisions (the finalizer of splitmix64)."""
    values = values ^ (values >> np.uint64(30))
    values = values * np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values = values * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def pair_hash(group: Ints, value: Ids) -> Ids:
    """Return a hash of two columns."""
    return mix(value ^ mix(group.astype(np.uint64) + np.uint64(1)))


@dataclass(frozen=True, slots=True)
class Joined:
    """Where each row finds the row that it names."""

    row: Ints
    """`NONE` where there is no such row."""
    repeated: Ints
    """Rows that others equal (or whose hash does, which is as rare as it is harmless), ascending."""


def join(group: Ints, value: Ids, wanted: Ids) -> Joined:
    """Return for each row a row of its own group whose value is the wanted one; a hash narrows, the columns decide."""
    rows = value.size
    base = mix(group.astype(np.uint64) + np.uint64(1))
    # equal hashes get equal numbers, counted up as they first occur: where none repeats, the number is the row
    codes = pa.array(np.concatenate([mix(value ^ base), mix(wanted ^ base)])).dictionary_encode().indices.to_numpy()
    own, found = codes[:rows], codes[rows:].astype(np.int64)
    known = int(own.max(initial=-1)) + 1
    repeated = np.zeros(0, np.int64)
    row = np.where(found < known, found, NONE)
    if known < rows:
        first = np.empty(known, np.int64)
        first[own[::-1]] = np.arange(rows - 1, -1, -1)
        row = np.where(row >= 0, first[row], NONE)
        repeated = np.flatnonzero(np.bincount(own, minlength=known)[own] > 1)
    same = (group[row] == group) & (value[row] == wanted)
    return Joined(np.where(same, row, NONE), repeated)


class Pairs:
    """Finds rows by (group, value); a hash narrows, the columns decide."""

    def __init__(self, group: Ints, value: Ids) -> None:
        self._group, self._value = group, value
        hashes = pair_hash(group, value)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def find(self, group: Ints, value: Ids) -> Ints:
        """Return the first row with each pair, `NONE` where there is none."""
        if not self._hashes.size:
            return np.full(group.size, NONE, np.int64)
        wanted = pair_hash(group, value)
        place = np.minimum(np.searchsorted(self._hashes, wanted), self._hashes.size - 1)
        row = self._order[place]
        same = (self._group[row] == group) & (self._value[row] == value)
        return np.where(same, row, NONE).astype(np.int64)


def spread(first: Ints, counts: Ints) -> Ints:
    """Return `first[i] .. first[i] + counts[i] - 1` of each range, one behind the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    found: Ints = np.arange(total) + np.repeat(first - (ends - counts), counts)
    return found


def distinct_values(values: Ints) -> Ints:
    """Return the different values, ascending; `unique` of numpy takes many times longer for millions."""
    ordered = np.sort(values)
    return ordered[leaders(ordered)]


def leaders(sorted_group: Ints | Ids) -> Ints:
    """Return where each run of equal values begins."""
    fresh = np.ones(sorted_group.size, np.bool_)
    fresh[1:] = sorted_group[1:] != sorted_group[:-1]
    return np.flatnonzero(fresh)
