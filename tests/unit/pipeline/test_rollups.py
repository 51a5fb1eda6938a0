from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clew.model import SPANS
from clew.pipeline.rollup import Columns, red_tables, span_by_service, trace_index
from clew.store.groups import group
from clew.store.histogram import histogram_index
from clew.store.tables import NO_ROOT_NS, RED_1M, RED_SERVICE_1M, SPAN_BY_SERVICE, TRACE_INDEX
from clew.testing.groups import GroupSource


@pytest.fixture(scope="module")
def batches() -> list[pa.RecordBatch]:
    """Give batches with dictionaries of their own, two tenants, several days."""
    sources = [GroupSource(1, spans=50), GroupSource(2, spans=50, tenant="other")]
    return [source.group(2, days_back=day).spans for day in (0, 1) for source in sources]


def changed(batch: pa.RecordBatch, **columns: Any) -> pa.RecordBatch:
    """Return a batch with some columns replaced by one value."""
    arrays = [
        pa.array([columns[name.name]] * batch.num_rows, pa.int64()).cast(name.type)
        if name.name in columns
        else batch.column(name.name)
        for name in SPANS
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SPANS)


def rows_of(batches: list[pa.RecordBatch]) -> list[dict[str, Any]]:
    """Return the columns that the rollups read as plain values."""
    out = []
    for batch in batches:
        plain = batch.select(
            ["tenant", "trace_id", "span_id", "parent_id", "service", "name", "kind", "status", "weight"]
        )
        times = [batch.column(name).cast(pa.int64()).to_pylist() for name in ("start", "bucket", "duration")]
        for row, start, bucket, duration in zip(plain.to_pylist(), *times, strict=True):
            out.append({**row, "start": start, "bucket": bucket, "duration": duration})
    return out


def test_trace_index(batches: list[pa.RecordBatch]) -> None:
    """One row per tenant, trace and day holds bounds, counts and the earliest root, as plain Python finds them."""
    traces: dict[tuple[str, bytes, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(batches):
        traces[row["tenant"], row["trace_id"], row["bucket"] // 86_400].append(row)
    index = trace_index(Columns.of(batches))
    assert index.schema == TRACE_INDEX
    assert index.num_rows == len(traces)
    times = {name: index.column(name).cast(pa.int64()).to_pylist() for name in ("first", "last", "max_bucket")}
    days = index.column("day").cast(pa.int32()).to_pylist()
    starts = index.column("root").field("start").cast(pa.int64()).to_pylist()
    for at, got in enumerate(index.drop_columns(["root", "first", "last"]).to_pylist()):
        spans = traces[got["tenant"], got["trace_id"], days[at]]
        assert (got["spans"], got["errors"]) == (len(spans), sum(span["status"] == 2 for span in spans))
        assert times["first"][at] == min(span["start"] for span in spans)
        assert times["last"][at] == max(span["start"] + span["duration"] for span in spans)
        assert times["max_bucket"][at] == max(span["bucket"] for span in spans)
        roots = [span["start"] for span in spans if span["parent_id"] == 0]
        assert starts[at] == min(roots, default=NO_ROOT_NS)


def test_trace_without_root(batches: list[pa.RecordBatch]) -> None:
    """A trace whose root has not come has a dummy that any root beats, with empty words."""
    index = trace_index(Columns.of([changed(batches[0], parent_id=7)]))
    root = index.column("root")
    assert set(root.field("start").cast(pa.int64()).to_pylist()) == {NO_ROOT_NS}
    assert set(root.field("service").to_pylist()) == {""}


def test_longest_duration_does_not_wrap(batches: list[pa.RecordBatch]) -> None:
    """An end beyond the last representable time is the last representable time."""
    index = trace_index(Columns.of([changed(batches[0], duration=2**63 - 1)]))
    assert set(index.column("last").cast(pa.int64()).to_pylist()) == {2**63 - 1}


def test_red(batches: list[pa.RecordBatch]) -> None:
    """Counts, sums and histograms of both tables are those that plain Python finds."""
    wanted: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(batches):
        minute = (row["start"] - 1) // 60_000_000_000 * 60 + 60
        wanted[
            row["tenant"], minute, row["service"], row["name"], row["kind"], row["status"], not row["parent_id"]
        ].append(row)
    operations, services = red_tables(Columns.of(batches))
    assert (operations.schema, services.schema) == (RED_1M, RED_SERVICE_1M)
    assert operations.num_rows == len(wanted)
    minutes = operations.column("minute").cast(pa.int64()).to_pylist()
    for minute, got in zip(minutes, operations.drop_columns(["minute"]).to_pylist(), strict=True):
        key = (got["tenant"], minute, *(got[name] for name in ("service", "name", "kind", "status", "is_root")))
        spans = wanted[key]
        assert got["n"] == len(spans)
        assert math.isclose(got["n_weighted"], sum(span["weight"] for span in spans))
        assert got["duration_sum"] == sum(span["duration"] for span in spans)
        buckets = histogram_index(np.array([span["duration"] for span in spans], dtype=np.uint64))
        assert dict(got["hist"]) == {bucket: float((buckets == bucket).sum()) for bucket in set(buckets.tolist())}
        assert [bucket for bucket, _ in got["hist"]] == sorted(bucket for bucket, _ in got["hist"])
    assert pc.sum(services.column("n")).as_py() == pc.sum(operations.column("n")).as_py()
    errors = sum(got["n"] for got in operations.select(["n", "status"]).to_pylist() if got["status"] == 2)
    assert pc.sum(services.column("errors")).as_py() == errors
    assert sum(count for hist in services.column("hist").to_pylist() for _, count in hist) == sum(
        batch.num_rows for batch in batches
    )


@pytest.mark.parametrize(("start", "minute"), [(60 * 10**9, 60), (60 * 10**9 + 1, 120), (0, 0)])
def test_minutes_are_right_closed(batches: list[pa.RecordBatch], start: int, minute: int) -> None:
    """A start at a full minute belongs to the minute that ends there."""
    operations, _ = red_tables(Columns.of([changed(batches[0], start=start)]))
    assert set(operations.column("minute").cast(pa.int64()).to_pylist()) == {minute}


def test_start_beyond_the_engine(batches: list[pa.RecordBatch]) -> None:
    """A start that the engine's minute cannot hold counts in the minute of its bucket."""
    operations, _ = red_tables(Columns.of([changed(batches[0], start=2**63 - 1, bucket=600)]))
    assert set(operations.column("minute").cast(pa.int64()).to_pylist()) == {660}


def test_slim_copy(batches: list[pa.RecordBatch]) -> None:
    """The slim table gets every span with its own columns."""
    slim = span_by_service(batches)
    assert [batch.num_rows for batch in slim] == [batch.num_rows for batch in batches]
    assert slim[0].schema.equals(SPAN_BY_SERVICE)


def test_rollups_are_deterministic(batches: list[pa.RecordBatch]) -> None:
    """The same rows give the same bytes, so that a replay under the same token is the same insert."""
    first, again = (red_tables(Columns.of(batches)) for _ in range(2))
    assert first[0].equals(again[0])
    assert first[1].equals(again[1])
    assert trace_index(Columns.of(batches)).equals(trace_index(Columns.of(batches)))


def test_group_of_wide_columns() -> None:
    """Columns whose ranges do not fit into one integer are still grouped exactly."""
    wide = np.array([0, 2**62, 0, 2**62, -(2**62)], dtype=np.int64)
    other = np.array([0, 2**61, 0, 5, -(2**62)], dtype=np.int64)
    groups = group(wide, other, wide)
    assert groups.codes.tolist() == [0, 1, 0, 2, 3]
    assert groups.first.tolist() == [0, 1, 3, 4]
