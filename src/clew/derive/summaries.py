"""The rows of `traces` and `shapes`: one trace in a few columns, and the traces of one shape in an hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clew.derive.batches import batch, counts, words
from clew.derive.edges import sparse
from clew.derive.forest import Forest, critical_path, tops
from clew.derive.lot import Lot
from clew.derive.numbers import Flags, Floats, Ids, Ints, distinct_values
from clew.derive.origins import first_origins
from clew.derive.parents import ORPHAN
from clew.derive.shapes import shapes
from clew.derive.spans import Spans
from clew.model import Status
from clew.store.groups import group
from clew.store.tables import BY_NAME

_HOUR_S = 3600
_DAY_S = 86_400
_NS = 10**9
_LATEST_S = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Overview:
    """What holds for each trace as a whole, by number of the trace."""

    top: Ints
    """Row that the trace begins with."""
    rooted: Flags
    """Whether that is a root."""
    start: Ints
    end: Ints
    spans: Ints
    errors: Ints
    shape: Ids
    paths: Ints
    origin: Ints
    """Row where the first error began, -1 for none."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """What is known of the traces beside their spans; the traces as they are now come first among all numbers."""

    lot: Lot
    rows: Ints
    received: Ints
    late: Ints


def overview(spans: Spans, forest: Forest, begun: Flags, traces: int) -> Overview:
    """Return what holds for each trace.

    Args:
        spans: distinct spans.
        forest: their trees.
        begun: which rows are origins of errors.
        traces: how many traces there are; each has a span.
    """
    top, rooted = tops(spans, forest, traces)
    start = np.full(traces, np.iinfo(np.int64).max)
    end = np.zeros(traces, np.int64)
    np.minimum.at(start, spans.trace, spans.start)
    np.maximum.at(end, spans.trace, spans.start + spans.duration)
    failed = spans.trace[spans.status == Status.ERROR]
    return Overview(
        top,
        rooted,
        start,
        end,
        np.bincount(spans.trace, minlength=traces),
        np.bincount(failed, minlength=traces),
        *shapes(spans, forest, traces),
        first_origins(spans, begun, traces),
    )


def trace_rows(tenant: str, spans: Spans, forest: Forest, whole: Overview, stamps: Stamps) -> pa.RecordBatch:
    """Return the rows of `traces`: one for each wanted trace as it is now."""
    lot, count = stamps.lot, stamps.lot.size
    root, has_root = whole.top[:count], whole.rooted[:count]
    origin = whole.origin[:count]
    failed_at = np.maximum(origin, 0)
    now = np.flatnonzero(spans.trace < count)
    failed = now[spans.status[now] == Status.ERROR]
    path, path_ns = critical_path(spans, forest, whole.top)
    on_path = spans.trace[path] < count
    path, path_ns = path[on_path], path_ns[on_path]
    depth = np.zeros(count, np.int64)
    np.maximum.at(depth, spans.trace[now], forest.depth[now] + 1)
    tops_now = forest.levels[0][spans.trace[forest.levels[0]] < count]
    orphan = forest.up[tops_now] == ORPHAN
    services, names = spans.words["service"], ["", *spans.words["name"]]
    marked = ["", *services]

    def per_service(rows: Ints, values: Ints | None = None) -> pa.MapArray:
        return counts(spans.trace[rows], spans.service[rows], services, values, count)

    return batch(
        BY_NAME["traces"].schema,
        {
            "tenant": words(np.zeros(count, np.int64), [tenant]),
            "trace_id": lot.ids,
            "day": np.where(lot.day > 0, lot.day, lot.low // _DAY_S),
            "rows": stamps.rows,
            "received": stamps.received,
            "start": whole.start[:count],
            "duration": (whole.end - whole.start)[:count],
            "min_bucket": lot.low,
            "max_bucket": lot.high,
            "has_root": has_root,
            "root_span": np.where(has_root, spans.span[root], np.uint64(0)),
            "root_service": words(np.where(has_root, spans.service[root] + 1, 0), marked),
            "root_name": words(np.where(has_root, spans.name[root] + 1, 0), names),
            "root_duration": np.where(has_root, spans.duration[root], 0),
            "spans": whole.spans[:count],
            "errors": whole.errors[:count],
            "roots": np.bincount(spans.trace[tops_now[~orphan]], minlength=count),
            "orphans": np.bincount(spans.trace[tops_now[orphan]], minlength=count),
            "late": stamps.late,
            "depth": depth,
            "origin_span": np.where(origin >= 0, spans.span[failed_at], np.uint64(0)),
            "origin_service": words(np.where(origin >= 0, spans.service[failed_at] + 1, 0), marked),
            "origin_name": words(np.where(origin >= 0, spans.name[failed_at] + 1, 0), names),
            "services": per_service(now),
            "failed": per_service(failed),
            "critical": per_service(path, path_ns),
            "shape": whole.shape[:count],
            "weight": spans.weight[root].astype(np.float32),
        },
    )


def shape_rows(
    tenant: str, spans: Spans, whole: Overview, *, sign: Floats, known: pa.Array, base: Ints
) -> pa.RecordBatch:
    """Return the rows of `shapes`.

    Args:
        tenant: whose.
        spans: distinct spans.
        whole: what holds for each trace.
        sign: per trace, 1 to add it and -1 to take it out.
        known: trace ids.
        base: place of each trace in `known`.
    """
    hour = np.clip(whole.start // _NS // _HOUR_S * _HOUR_S, 0, _LATEST_S)
    groups = group(hour, whole.shape.view(np.int64))
    at = groups.first
    duration = whole.end - whole.start
    top = whole.top[at]
    rooted = whole.rooted[at]
    return batch(
        BY_NAME["shapes"].schema,
        {
            "tenant": words(np.zeros(at.size, np.int64), [tenant]),
            "hour": hour[at],
            "shape": whole.shape[at],
            "root_service": words(np.where(rooted, spans.service[top] + 1, 0), ["", *spans.words["service"]]),
            "root_name": words(np.where(rooted, spans.name[top] + 1, 0), ["", *spans.words["name"]]),
            "services": _services(spans, at),
            "paths": whole.paths[at],
            "n": groups.sums(sign).astype(np.int64),
            "errors": groups.sums(sign * (whole.errors > 0)).astype(np.int64),
            "spans": groups.sums(sign * whole.spans).astype(np.int64),
            "duration_sum": groups.sums(sign * duration),
            "hist": sparse(groups, np.arange(sign.size), duration, sign),
            "example": known.take(pa.array(base[at])),
        },
    )


def _services(spans: Spans, traces: Ints) -> pa.ListArray:
    """Return the sorted services of some traces."""
    rows = np.flatnonzero(np.isin(spans.trace, traces))
    place = np.zeros(int(spans.trace.max()) + 1, np.int64)
    place[traces] = np.arange(traces.size)
    services = spans.words["service"]
    ordered = sorted(range(len(services)), key=services.__getitem__)
    rank = np.zeros(len(services), np.int64)
    rank[ordered] = np.arange(len(services))
    cells = distinct_values(place[spans.trace[rows]] * len(services) + rank[spans.service[rows]])
    sizes = np.bincount(cells // len(services), minlength=traces.size)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    names = pa.array([services[one] for one in ordered], pa.utf8()).take(pa.array(cells % len(services)))
    return pa.ListArray.from_arrays(pa.array(offsets), names)
