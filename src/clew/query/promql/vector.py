"""Series over points of time, and what every operation needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.errors import InvalidQueryError
from clew.query.promql.families import NAME

Labels = tuple[tuple[str, str], ...]
"""Names with values, sorted; no value is empty."""

MOST_CELLS = 8_000_000
"""How many numbers one step of an evaluation may hold."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Series: `values[i, k]` belongs to `labels[i]` at point k, if `there[i, k]`; a value may be NaN."""

    labels: list[Labels]
    values: Floats
    there: Flags

    def take(self, rows: Sequence[int] | Ints) -> Vector:
        """Return some of the series."""
        at = np.asarray(rows, np.int64)
        return Vector([self.labels[one] for one in at], self.values[at], self.there[at])


Answer = Vector | Floats
"""A vector, or a number per point of time."""


def nameless(labels: Labels) -> Labels:
    """Return labels without the name of the metric."""
    return tuple(pair for pair in labels if pair[0] != NAME)


def part(labels: Labels, wanted: frozenset[str], *, without: bool) -> Labels:
    """Return the wanted labels, or all but them and the name."""
    if without:
        return tuple(pair for pair in labels if pair[0] not in wanted and pair[0] != NAME)
    return tuple(pair for pair in labels if pair[0] in wanted)


def numbered(keys: Sequence[Labels]) -> tuple[list[Labels], Ints]:
    """Return the distinct keys in order of appearance, and the number of each."""
    seen: dict[Labels, int] = {}
    codes = [seen.setdefault(key, len(seen)) for key in keys]
    return list(seen), np.array(codes, np.int64)


def merged(of: Vector, keys: Sequence[Labels], why: str) -> Vector:
    """Return one series per key; those with the same key must not meet at any point.

    Raises:
        InvalidQueryError: they do, which `why` tells.
    """
    names, codes = numbered(keys)
    if len(names) == len(keys):
        return Vector(names, of.values, of.there)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(names)))
    there = of.there[order]
    if (np.add.reduceat(there.astype(np.int32), starts, axis=0) > 1).any():
        raise wrong(why)
    lowest = np.where(there, of.values[order], -np.inf)
    return Vector(names, np.maximum.reduceat(lowest, starts, axis=0), np.logical_or.reduceat(there, starts, axis=0))


def renamed(of: Vector, labels: Sequence[Labels]) -> Vector:
    """Return series under other labels.

    Raises:
        InvalidQueryError: two series have the same labels at the same time.
    """
    return merged(of, labels, "two series have the same labels: keep one that tells them apart, or aggregate them")


def unnamed(of: Vector) -> Vector:
    """Return series without the name of their metric."""
    return renamed(of, [nameless(labels) for labels in of.labels])


def bounded(series: int, points: int) -> None:
    """Refuse what would not fit into memory.

    Raises:
        InvalidQueryError: there are too many series for the number of points.
    """
    if series * points > MOST_CELLS:
        hint = "shorten the range, take a longer step, group by fewer labels, or add matchers"
        raise InvalidQueryError(f"{series:,} series at {points:,} points are too much", start=0, end=0, hint=hint)


def wrong(why: str) -> InvalidQueryError:
    """Return the error of what has no meaning."""
    return InvalidQueryError(why, start=0, end=0, hint="docs/reference/promql.md says what is supported")
