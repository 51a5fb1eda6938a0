"""The shape of a trace: the set of its call paths, whatever their order and number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from clew.derive.forest import Forest
from clew.derive.numbers import Ids, Ints, leaders, mix
from clew.derive.spans import Spans


def stable_hash(text: str) -> int:
    """Return 64 bits that follow from a text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def word_hashes(known: Sequence[str]) -> Ids:
    """Return the hash of each word."""
    return np.array([stable_hash(word) for word in known], np.uint64)


def shapes(spans: Spans, forest: Forest, traces: int) -> tuple[Ids, Ints]:
    """Return per trace the hash of its set of paths, and how many paths there are.

    A path is the service, name and kind of a span and of all spans above it; the same path taken twice counts once.
    """
    own = word_hashes(spans.words["service"])[spans.service]
    own = mix(own ^ mix(word_hashes(spans.words["name"])[spans.name] + spans.kind))
    path = own.copy()
    for rows in forest.levels[1:]:
        path[rows] = mix(path[forest.up[rows]] + np.uint64(1)) ^ own[rows]
    order = np.lexsort((path, spans.trace))
    trace, path = spans.trace[order], path[order]
    fresh = np.ones(order.size, np.bool_)
    fresh[1:] = (trace[1:] != trace[:-1]) | (path[1:] != path[:-1])
    trace, path = trace[fresh], mix(path[fresh])
    sums = np.zeros(traces, np.uint64)
    begins = leaders(trace)
    sums[trace[begins]] = np.add.reduceat(path, begins) if begins.size else path
    return sums, np.bincount(trace, minlength=traces).astype(np.int64)
