"""Rollup rows of a batch, made plainly with numpy and pyarrow, for benchmarks of the store alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bench.dataset import SPANS_PER_TRACE

from clew.store.histogram import histogram_index
from clew.store.tables import HIST, RED_1M, RED_SERVICE_1M, ROOT, SPAN_BY_SERVICE, TRACE_INDEX


def slim(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows of `span_by_service`."""
    return batch.select(SPAN_BY_SERVICE.names)


def trace_index(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return one row per trace; the batch holds whole traces of ten spans each, the root first."""
    step = SPANS_PER_TRACE
    traces = batch.num_rows // step
    roots = batch.take(pa.array(np.arange(0, batch.num_rows, step)))
    start = batch["start"].cast(pa.int64()).to_numpy().reshape(traces, step)
    end = start + batch["duration"].to_numpy().astype(np.int64).reshape(traces, step)
    status = batch["status"].to_numpy().reshape(traces, step)
    bucket = batch["bucket"].cast(pa.int64()).to_numpy().reshape(traces, step)
    root = pa.StructArray.from_arrays(
        [roots["start"], roots["span_id"], roots["service"].cast(pa.utf8()), roots["name"].cast(pa.utf8()),
         roots["duration"]],
        fields=list(ROOT),
    )  # fmt: skip
    columns = [
        roots["tenant"],
        roots["trace_id"],
        pa.array(bucket[:, 0] // 86_400, pa.int32()).cast(pa.date32()),
        pa.array(start.min(axis=1)).cast(TRACE_INDEX.field("first").type),
        pa.array(end.max(axis=1)).cast(TRACE_INDEX.field("last").type),
        pa.array(bucket.min(axis=1)).cast(TRACE_INDEX.field("min_bucket").type),
        pa.array(bucket.max(axis=1)).cast(TRACE_INDEX.field("max_bucket").type),
        pa.array(np.full(traces, step, np.uint64)),
        pa.array((status == 2).sum(axis=1).astype(np.uint64)),
        root,
    ]
    return pa.record_batch(columns, schema=TRACE_INDEX)


def _minutes(batch: pa.RecordBatch) -> np.ndarray:
    start = batch["start"].cast(pa.int64()).to_numpy()
    return (start - 1) // (60 * 10**9) * 60 + 60


def _histograms(keys: list[str], table: pa.Table) -> tuple[pa.Table, pa.Array]:
    """Return one row per group of `keys` with its sums, and the histograms in the same order."""
    cells = table.group_by([*keys, "index"]).aggregate([("one", "sum")]).sort_by([(key, "ascending") for key in keys])
    sums = table.group_by(keys).aggregate(
        [("one", "sum"), ("error", "sum"), ("duration", "sum"), ("index", "count_distinct")]
    )
    sums = sums.sort_by([(key, "ascending") for key in keys])
    offsets = np.concatenate([[0], np.cumsum(sums["index_count_distinct"].to_numpy())]).astype(np.int32)
    hist = pa.MapArray.from_arrays(
        pa.array(offsets),
        cells["index"].combine_chunks().cast(pa.int16()),
        cells["one_sum"].combine_chunks().cast(pa.float64()),
    )
    return sums, hist.cast(HIST)


def red(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the rows of `red_1m` and of `red_service_1m`."""
    table = pa.table(
        {
            "tenant": batch["tenant"].cast(pa.utf8()),
            "minute": _minutes(batch),
            "service": batch["service"].cast(pa.utf8()),
            "name": batch["name"].cast(pa.utf8()),
            "kind": batch["kind"],
            "status": batch["status"],
            "is_root": pc.equal(batch["parent_id"], 0),
            "duration": batch["duration"],
            "index": histogram_index(batch["duration"].to_numpy()),
            "one": np.ones(batch.num_rows, np.uint64),
            "error": pc.equal(batch["status"], 2).cast(pa.uint64()),
        }
    )
    by_name, names_hist = _histograms(["tenant", "minute", "service", "name", "kind", "status", "is_root"], table)
    by_service, services_hist = _histograms(["tenant", "minute", "service"], table)
    full = {**{name: by_name[name] for name in RED_1M.names[:7]}, **_sums(by_name), "hist": names_hist}
    short = {
        **{name: by_service[name] for name in RED_SERVICE_1M.names[:3]},
        **_sums(by_service),
        "hist": services_hist,
    }
    return _as(full, RED_1M), _as(short, RED_SERVICE_1M)


def _sums(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {
        "n": table["one_sum"],
        "n_weighted": table["one_sum"],
        "errors": table["error_sum"],
        "errors_weighted": table["error_sum"],
        "duration_sum": table["duration_sum"],
    }


def _as(columns: dict[str, pa.ChunkedArray], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [columns[field.name].cast(field.type) for field in schema]
    return pa.table(arrays, schema=schema).combine_chunks().to_batches()[0]
