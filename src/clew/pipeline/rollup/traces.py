"""One row per trace of a segment: its bounds, counts and earliest root."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clew.model import Status
from clew.pipeline.rollup.columns import Columns
from clew.store.groups import Groups, encode, group
from clew.store.tables import NO_ROOT_NS, ROOT, TRACE_INDEX

_DAY_S = 86_400


def trace_index(columns: Columns) -> pa.RecordBatch:
    """Return the rows of `trace_index`, one per tenant, trace and day of bucket."""
    batch = columns.batch
    day = columns.bucket // _DAY_S
    groups = _traces(columns)
    order = np.argsort(groups.codes, kind="stable")
    edges = np.concatenate(([0], np.cumsum(groups.sizes())[:-1]))

    def lowest(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.minimum.reduceat(values[order], edges)

    words = batch.select(["tenant", "trace_id"]).take(pa.array(groups.first))
    errors = groups.sums(columns.plain("status") == Status.ERROR)
    values = {
        "tenant": words.column("tenant"),
        "trace_id": words.column("trace_id"),
        "day": pa.array(day[groups.first].astype(np.int32)).cast(pa.date32()),
        "first": _time(lowest(columns.start), "ns"),
        "last": _time(-lowest(-columns.end()), "ns"),
        "min_bucket": _time(lowest(columns.bucket), "s"),
        "max_bucket": _time(-lowest(-columns.bucket), "s"),
        "spans": pa.array(groups.sizes().astype(np.uint64)),
        "errors": pa.array(errors.astype(np.uint64)),
        "root": _roots(columns, groups),
    }
    return pa.RecordBatch.from_arrays([values[name] for name in TRACE_INDEX.names], schema=TRACE_INDEX)


def _traces(columns: Columns) -> Groups:
    traces = encode(columns.batch.column("trace_id"))
    tenant, day = columns.codes("tenant"), columns.bucket // _DAY_S
    if (tenant == tenant[0]).all() and (day == day[0]).all():
        return traces
    return group(traces.codes.astype(np.int64), tenant, day)


def _roots(columns: Columns, groups: Groups) -> pa.StructArray:
    """Return the root of each trace: of several the earliest, then the lowest id; a late dummy where there is none."""
    batch = columns.batch
    rows = np.flatnonzero(batch.column("parent_id").to_numpy(zero_copy_only=False) == 0)
    span_id = batch.column("span_id").to_numpy(zero_copy_only=False)
    order = rows[np.lexsort((span_id[rows], columns.start[rows], groups.codes[rows]))]
    of = groups.codes[order]
    leads = np.ones(len(of), dtype=bool)
    leads[1:] = of[1:] != of[:-1]
    row = np.full(groups.count, -1, dtype=np.int64)
    row[of[leads]] = order[leads]
    known = row >= 0
    at = pa.array(row, mask=~known)
    words = batch.select(["service", "name"]).take(at)
    return pa.StructArray.from_arrays(
        [
            _time(np.where(known, columns.start[row], NO_ROOT_NS), "ns"),
            pa.array(np.where(known, span_id[row], np.uint64(0))),
            words.column("service").cast(pa.utf8()).fill_null(""),
            words.column("name").cast(pa.utf8()).fill_null(""),
            pa.array(np.where(known, columns.duration[row], np.uint64(0))),
        ],
        fields=list(ROOT),
    )


def _time(values: np.ndarray[tuple[int], np.dtype[np.int64]], unit: str) -> pa.Array:
    return pa.array(values).cast(pa.timestamp(unit, tz="UTC"))
