"""The summary of a trace: what a page paints first."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clew.derive.numbers import Ints
from clew.model import KIND_NAMES, STATUS_NAMES, Status
from clew.query.answer import Answer
from clew.query.read import Read
from clew.query.trace import ERROR_ORIGIN, Trace, load, trace_meta

SLOTS = 12
OPEN_MS = 15_000
"""A trace is open while its newest span is younger than this: SDKs send every five seconds, each service for itself."""


@dataclass(frozen=True, slots=True)
class SpanRef:
    """A span, named."""

    span_id: str
    service: str
    name: str
    kind: str
    status: str
    start_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class TraceService:
    """One service's part."""

    service: str
    slot: int
    spans: int
    errors: int
    self_ns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts, bounds and state of a trace."""

    trace_id: str
    start_ns: int
    duration_ns: int
    root: SpanRef | None
    spans: int
    errors: int
    depth: int
    services: list[TraceService]
    roots: int
    missing_parents: int
    state: Literal["open", "complete", "partial"]
    gen: str
    duplicates: int
    suggested_span: str | None


def summary(read: Read, trace_id: str, now: int) -> Answer[Summary]:
    """Return the summary of a trace."""
    trace = load(read, trace_id)
    spans = int(trace.spans.sum())
    return Answer(_summary(trace, now), trace_meta(read, trace, spans))


def _summary(trace: Trace, now: int) -> Summary:
    real = trace.spans
    roots = np.flatnonzero(real & (trace.tree.parent < 0))
    ghosts = int((~real).sum())
    root = int(min(roots, key=lambda row: (trace.start[row], trace.span_id[row]))) if roots.size else None
    begun = np.flatnonzero(trace.flags & ERROR_ORIGIN)
    suggested = int(begun[np.argmin(trace.start[begun])]) if begun.size else None
    young = now // 10**6 - trace.received_ms < OPEN_MS
    return Summary(
        trace.trace_id,
        trace.t0,
        int((trace.start + trace.duration).max()),
        None if root is None else span_ref(trace, root),
        int(real.sum()),
        int((trace.status == Status.ERROR).sum()),
        int(trace.tree.depth.max()) + 1,
        _services(trace),
        int(roots.size),
        ghosts,
        "open" if young else "partial" if ghosts or root is None else "complete",
        trace.gen,
        trace.duplicates,
        None if suggested is None else f"{trace.span_id[suggested]:016x}",
    )


def span_ref(trace: Trace, row: int) -> SpanRef:
    """Return the names and times of a row."""
    return SpanRef(
        f"{trace.span_id[row]:016x}",
        trace.services[trace.service[row]],
        trace.names[trace.name[row]],
        KIND_NAMES[int(trace.kind[row])],
        STATUS_NAMES[int(trace.status[row])],
        trace.t0 + int(trace.start[row]),
        int(trace.duration[row]),
    )


def _services(trace: Trace) -> list[TraceService]:
    real = trace.spans
    size = len(trace.services)
    spans = np.bincount(trace.service[real], minlength=size)
    errors = np.bincount(trace.service[real & (trace.status == Status.ERROR)], minlength=size)
    own = np.zeros(size, np.int64)
    np.add.at(own, trace.service[real], self_times(trace)[real])
    present = [index for index in range(size) if spans[index]]
    return [
        TraceService(trace.services[i], slot(trace.services[i]), int(spans[i]), int(errors[i]), int(own[i]))
        for i in sorted(present, key=lambda index: (-spans[index], trace.services[index]))
    ]


def slot(service: str) -> int:
    """Return the colour slot of a service, the same on every page."""
    return zlib.crc32(service.encode()) % SLOTS


def self_times(trace: Trace) -> Ints:
    """Return per row the time that no child covers, in nanoseconds."""
    end = trace.start + trace.duration
    child = np.flatnonzero(trace.tree.parent >= 0)
    above = trace.tree.parent[child]
    low = np.clip(trace.start[child], trace.start[above], end[above])
    high = np.clip(end[child], trace.start[above], end[above])
    order = np.lexsort((low, above))
    above, low, high = above[order], low[order], high[order]
    before = _running_max(above, high, low)
    covered = np.zeros(trace.rows, np.int64)
    np.add.at(covered, above, np.maximum(high - np.maximum(low, before), 0))
    return trace.duration - covered


def _running_max(group: Ints, high: Ints, low: Ints) -> Ints:
    """Return per entry the largest `high` of the entries before it in its group, or its `low` where there is none."""
    if not group.size:
        return low
    ranks, rank = np.unique(high, return_inverse=True)
    size = ranks.size
    highest = np.maximum.accumulate(np.unique(group, return_inverse=True)[1] * size + rank) % size
    before = np.empty_like(low)
    before[0] = low[0]
    same = group[1:] == group[:-1]
    before[1:] = np.where(same, ranks[highest[:-1]], low[1:])
    return before
