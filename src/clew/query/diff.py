"""What differs between two traces: their trees matched from the top down, with times of each pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from clew.model import KIND_NAMES
from clew.query.answer import Answer, Meta, Total, Truncated
from clew.query.read import Read
from clew.query.summary import self_times
from clew.query.trace import Trace, load

SAME, SLOWER, FASTER, ADDED, MISSING = "same", "slower", "faster", "added", "missing"
NOTICED = 0.1
"""Share by which a duration must differ to count as slower or faster."""
NOTICED_OF_TRACE = 0.002
"""Share of the longer trace by which it must differ as well."""
MAX_TABLE = 4_000_000
"""Most cells of the table that aligns two lists of children; longer lists are matched in the order of each label."""
MAX_ROWS = 200_000
TOP = 50
Label = tuple[str, str, int]
"""Service, name and kind."""


@dataclass(frozen=True, slots=True)
class Operation:
    """All spans of one operation: how much of the difference it explains."""

    service: str
    name: str
    kind: str
    spans_a: int
    spans_b: int
    self_a_ns: int
    self_b_ns: int
    delta_ns: int
    """Self time in B minus that in A."""
    share: float | None
    """Of the difference between the traces' self times; None where there is none."""


@dataclass(slots=True)
class Rows:
    """The merged tree in pre-order, one entry per span or pair of spans."""

    a: list[int | None] = field(default_factory=list)
    """Row in A's pre-order; None where the span is only in B."""
    b: list[int | None] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    service: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    change: list[str] = field(default_factory=list)
    delta_ns: list[int] = field(default_factory=list)
    """Duration in B minus that in A; of a span that one side lacks, its whole duration with that sign."""
    self_delta_ns: list[int] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    """How sure the pair is: 1 where the label is unique among the children on both sides; 0 without a partner."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the traces."""

    trace_id: str
    start_ns: int
    duration_ns: int
    spans: int
    errors: int


@dataclass(frozen=True, slots=True)
class Diff:
    """How B differs from A."""

    a: Side
    b: Side
    matched: int
    added: int
    missing: int
    slower: int
    faster: int
    confidence: float
    """Mean over the matched pairs."""
    operations: list[Operation]
    """Largest difference of self time first."""
    rows: Rows


def diff(read: Read, a: str, b: str) -> Answer[Diff]:
    """Return what differs; a span or a time that only B has is added or slower.

    Raises:
        TraceNotFoundError: one of the traces is not stored.
    """
    one, other = load(read, a), load(read, b)
    rows = _Matcher(one, other).run()
    counts = Counter(rows.change)
    pairs = [sure for sure in rows.confidence if sure > 0]
    data = Diff(
        _side(one),
        _side(other),
        len(pairs),
        counts[ADDED],
        counts[MISSING],
        counts[SLOWER],
        counts[FASTER],
        sum(pairs) / len(pairs) if pairs else 0.0,
        _operations(one, other),
        _cut(rows),
    )
    every = len(rows.a)
    cut = Truncated("more rows than are listed", MAX_ROWS, "compare parts of the traces") if every > MAX_ROWS else None
    meta = Meta(
        total=Total(every, exact=True),
        returned=min(every, MAX_ROWS),
        truncated=cut,
        scanned=read.scanned,
        duplicates=one.duplicates + other.duplicates,
        gen=f"{one.gen}-{other.gen}",
    )
    return Answer(data, meta)


def _side(trace: Trace) -> Side:
    errors = int((trace.status == 2).sum())  # noqa: PLR2004 - Status.ERROR
    return Side(trace.trace_id, trace.t0, int((trace.start + trace.duration).max()), int(trace.spans.sum()), errors)


def _cut(rows: Rows) -> Rows:
    return Rows(*(getattr(rows, name)[:MAX_ROWS] for name in Rows.__slots__))


class _Half:
    """One trace, ready for matching."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.own = self_times(trace)
        codes = np.stack([trace.service, trace.name, trace.kind.astype(np.int64)])
        self.label: list[Label] = [
            (trace.services[service], trace.names[name], kind) for service, name, kind in codes.T.tolist()
        ]
        self.children: list[list[int]] = [[] for _ in range(trace.rows)]
        self.tops: list[int] = []
        for row, above in enumerate(trace.tree.parent.tolist()):
            (self.children[above] if above >= 0 else self.tops).append(row)


class _Matcher:
    """Walks both trees at once."""

    def __init__(self, a: Trace, b: Trace) -> None:
        self.a, self.b = _Half(a), _Half(b)
        self.rows = Rows()
        longest = max(int((one.start + one.duration).max()) for one in (a, b))
        self.least = NOTICED_OF_TRACE * longest

    def run(self) -> Rows:
        """Return the merged tree."""
        waiting: list[tuple[int | None, int | None, int, float]] = self._align(self.a.tops, self.b.tops, 0, 1.0)[::-1]
        while waiting:
            a, b, depth, sure = waiting.pop()
            self._add(a, b, depth, sure)
            below_a = self.a.children[a] if a is not None else []
            below_b = self.b.children[b] if b is not None else []
            waiting += self._align(below_a, below_b, depth + 1, sure)[::-1]
        return self.rows

    def _align(
        self, a: Sequence[int], b: Sequence[int], depth: int, above: float
    ) -> list[tuple[int | None, int | None, int, float]]:
        """Return children in order, in pairs where their labels are matched."""
        if not a or not b:
            return [*((row, None, depth, 0.0) for row in a), *((None, row, depth, 0.0) for row in b)]
        labels_a, labels_b = [self.a.label[row] for row in a], [self.b.label[row] for row in b]
        pairs = longest_common(labels_a, labels_b) if len(a) * len(b) <= MAX_TABLE else _by_label(labels_a, labels_b)
        counts_a, counts_b = Counter(labels_a), Counter(labels_b)
        found: list[tuple[int | None, int | None, int, float]] = []
        next_a = next_b = 0
        for i, j in [*pairs, (len(a), len(b))]:
            found += [(row, None, depth, 0.0) for row in a[next_a:i]]
            found += [(None, row, depth, 0.0) for row in b[next_b:j]]
            if i < len(a):
                label = labels_a[i]
                found.append((a[i], b[j], depth, min(above, 1 / max(counts_a[label], counts_b[label]))))
            next_a, next_b = i + 1, j + 1
        return found

    def _add(self, a: int | None, b: int | None, depth: int, sure: float) -> None:
        half, row = (self.b, b) if a is None else (self.a, a)
        assert row is not None  # noqa: S101 - every entry has a side
        rows = self.rows
        before = int(self.a.trace.duration[a]) if a is not None else 0
        after = int(self.b.trace.duration[b]) if b is not None else 0
        own_before = int(self.a.own[a]) if a is not None else 0
        own_after = int(self.b.own[b]) if b is not None else 0
        rows.a.append(a)
        rows.b.append(b)
        rows.depth.append(depth)
        rows.service.append(half.label[row][0])
        rows.name.append(half.label[row][1])
        rows.change.append(ADDED if a is None else MISSING if b is None else self._change(before, after))
        rows.delta_ns.append(after - before)
        rows.self_delta_ns.append(own_after - own_before)
        rows.confidence.append(sure)

    def _change(self, before: int, after: int) -> str:
        if abs(after - before) <= max(NOTICED * max(before, after), self.least):
            return SAME
        return SLOWER if after > before else FASTER


def longest_common(a: Sequence[Label], b: Sequence[Label]) -> list[tuple[int, int]]:
    """Return the places of a longest common subsequence, ascending."""
    known: dict[Label, int] = {}
    x = np.array([known.setdefault(label, len(known)) for label in a])
    y = np.array([known.setdefault(label, len(known)) for label in b])
    table = np.zeros((x.size + 1, y.size + 1), np.int32)
    for i in range(x.size - 1, -1, -1):
        best = np.maximum(table[i + 1, :-1], np.where(y == x[i], table[i + 1, 1:] + 1, 0))
        table[i, :-1] = np.maximum.accumulate(best[::-1])[::-1]
    pairs, i, j = [], 0, 0
    while i < x.size and j < y.size:
        if x[i] == y[j] and table[i, j] == table[i + 1, j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1, j] >= table[i, j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _by_label(a: Sequence[Label], b: Sequence[Label]) -> list[tuple[int, int]]:
    """Return pairs of equal labels that do not cross: each label of A takes the next equal one of B."""
    places: dict[Label, list[int]] = {}
    for place in range(len(b) - 1, -1, -1):
        places.setdefault(b[place], []).append(place)
    pairs, least = [], 0
    for i, label in enumerate(a):
        free = places.get(label, [])
        while free and free[-1] < least:
            free.pop()
        if free:
            pairs.append((i, free.pop()))
            least = pairs[-1][1] + 1
    return pairs


def _operations(a: Trace, b: Trace) -> list[Operation]:
    """Return the operations by how much their self time differs."""
    found: dict[Label, list[int]] = {}
    for side, trace in enumerate((a, b)):
        real = np.flatnonzero(trace.spans)
        own = self_times(trace)
        key = (trace.service * len(trace.names) + trace.name) * 8 + trace.kind
        keys, inverse = np.unique(key[real], return_inverse=True)
        sums = np.zeros(keys.size, np.int64)
        np.add.at(sums, inverse, own[real])
        for one, count, total in zip(keys.tolist(), np.bincount(inverse).tolist(), sums.tolist(), strict=True):
            place, kind = divmod(one, 8)
            service, name = divmod(place, len(trace.names))
            entry = found.setdefault((trace.services[service], trace.names[name], kind), [0, 0, 0, 0])
            entry[side] += count
            entry[2 + side] += total
    whole = sum(entry[3] - entry[2] for entry in found.values())
    rows = [
        Operation(
            service,
            name,
            KIND_NAMES.get(kind, str(kind)),
            spans_a,
            spans_b,
            self_a,
            self_b,
            self_b - self_a,
            (self_b - self_a) / whole if whole else None,
        )
        for (service, name, kind), (spans_a, spans_b, self_a, self_b) in found.items()
    ]
    rows.sort(key=lambda one: (-abs(one.delta_ns), one.service, one.name))
    return rows[:TOP]
