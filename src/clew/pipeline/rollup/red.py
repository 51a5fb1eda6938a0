"""Rate, errors and durations per minute: by operation and by service, with a sparse histogram of durations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.model import Status
from clew.pipeline.rollup.columns import Columns
from clew.store.groups import Floats, Groups, Ints, group, histograms
from clew.store.histogram import histogram_index
from clew.store.tables import RED_1M, RED_SERVICE_1M

_MINUTE_S = 60
_MINUTE_NS = 60 * 10**9
_LATEST_S = 2**32 - 1
"""What a DateTime of the engine can hold."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """The finest groups, one per operation, minute and histogram bucket; both tables are sums over them."""

    row: npt.NDArray[np.intp]
    """A span of each cell, for its words."""
    tenant: Ints
    minute: Ints
    service: Ints
    status: Ints
    rest: tuple[Ints, ...]
    """Name, kind and whether it is a root."""
    bucket: Ints
    n: Floats
    weighted: Floats
    duration: Floats


def red_tables(columns: Columns) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the rows of `red_1m` and of `red_service_1m`."""
    cells = _cells(columns)
    return _operations(columns, cells), _services(columns, cells)


def _minutes(columns: Columns) -> Ints:
    """Return the right-closed minute of each start; of the bucket where the engine's time cannot hold it."""
    minute = (columns.start - 1) // _MINUTE_NS * _MINUTE_S + _MINUTE_S
    return np.where((minute >= 0) & (minute <= _LATEST_S), minute, columns.bucket + _MINUTE_S)


def _cells(columns: Columns) -> _Cells:
    tenant, service = columns.codes("tenant"), columns.codes("service")
    minute, status = _minutes(columns), columns.plain("status")
    root = (columns.batch.column("parent_id").to_numpy(zero_copy_only=False) == 0).astype(np.int64)
    rest = (columns.codes("name"), columns.plain("kind"), root)
    bucket = histogram_index(columns.duration).astype(np.int64)
    groups = group(tenant, minute, service, status, *rest, bucket)
    row = groups.first
    return _Cells(
        row=row,
        tenant=tenant[row],
        minute=minute[row],
        service=service[row],
        status=status[row],
        rest=(rest[0][row], rest[1][row], rest[2][row]),
        bucket=bucket[row],
        n=groups.sizes().astype(np.float64),
        weighted=groups.sums(columns.weight),
        duration=groups.sums(columns.duration),
    )


def _operations(columns: Columns, cells: _Cells) -> pa.RecordBatch:
    groups = group(cells.tenant, cells.minute, cells.service, cells.status, *cells.rest)
    at = groups.first
    words = columns.batch.take(pa.array(cells.row[at]))
    values = {
        "tenant": words.column("tenant"),
        "minute": _seconds(cells.minute[at]),
        "service": words.column("service"),
        "name": words.column("name"),
        "kind": words.column("kind"),
        "status": words.column("status"),
        "is_root": pa.array(cells.rest[2][at] == 1),
        "n": _count(groups.sums(cells.n)),
        "n_weighted": pa.array(groups.sums(cells.weighted)),
        "duration_sum": pa.array(groups.sums(cells.duration)),
        "hist": histograms(groups, cells.bucket, cells.weighted),
    }
    return _batch(RED_1M, values)


def _services(columns: Columns, cells: _Cells) -> pa.RecordBatch:
    merged = group(cells.tenant, cells.minute, cells.service, cells.bucket)
    groups = group(cells.tenant, cells.minute, cells.service)
    buckets = groups.codes[merged.first]
    at = groups.first
    words = columns.batch.take(pa.array(cells.row[at]))
    error = cells.status == Status.ERROR
    values = {
        "tenant": words.column("tenant"),
        "minute": _seconds(cells.minute[at]),
        "service": words.column("service"),
        "n": _count(groups.sums(cells.n)),
        "n_weighted": pa.array(groups.sums(cells.weighted)),
        "errors": _count(groups.sums(cells.n * error)),
        "errors_weighted": pa.array(groups.sums(cells.weighted * error)),
        "duration_sum": pa.array(groups.sums(cells.duration)),
        "hist": histograms(Groups(buckets, at), cells.bucket[merged.first], merged.sums(cells.weighted)),
    }
    return _batch(RED_SERVICE_1M, values)


def _seconds(values: Ints) -> pa.Array:
    return pa.array(values).cast(pa.timestamp("s", tz="UTC"))


def _count(values: Floats) -> pa.Array:
    return pa.array(values.astype(np.uint64))


def _batch(schema: pa.Schema, values: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([values[name] for name in schema.names], schema=schema)
