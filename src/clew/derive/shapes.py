"""The shape of a trace: the set of its call paths, whatever their order and number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from clew.derive.forest import Forest
from clew.derive.numbers import Ids, Ints, mix, pair_hash
from clew.derive.spans import Spans
from clew.store.groups import encode


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
    rows = encode(pa.array(pair_hash(spans.trace, path))).first
    sums = np.zeros(traces, np.uint64)
    np.add.at(sums, spans.trace[rows], mix(path[rows]))
    return sums, np.bincount(spans.trace[rows], minlength=traces).astype(np.int64)
