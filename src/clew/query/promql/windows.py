"""Sums of counters over sliding windows, from per-minute rollups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Floats
from clew.query.errors import InvalidQueryError
from clew.query.params import Params
from clew.query.promql.ast import Selector
from clew.query.promql.families import LE, NAME, Family, condition, matching, tester
from clew.query.read import Read
from clew.query.trace import words
from clew.store.histogram import bucket_upper
from clew.store.tables import HIST

Labels = tuple[tuple[str, str], ...]
MINUTE_S = 60
MOST_SERIES = 20_000
MOST_CELLS = 8_000_000


@dataclass(frozen=True, slots=True)
class Vector:
    """Series over points of time: `values[i, k]` belongs to `labels[i]` at point k; NaN is no point."""

    labels: list[Labels]
    values: Floats


def minutes_of(seconds: int) -> int:
    """Return how many whole minutes a range covers, at least one."""
    return max(round(seconds / MINUTE_S), 1)


def sums(read: Read, selector: Selector, times: npt.NDArray[np.int64], keep: frozenset[str] | None) -> Vector:
    """Return what each counter has grown by in the range before each point.

    Points are taken down to the whole minute, ranges to whole minutes. A series begins where its first row is; from
    there on, quiet windows are 0.

    Args:
        read: whose.
        selector: with a range.
        times: points in seconds, ascending.
        keep: the labels that are wanted; the others are added up. None for all.

    Raises:
        InvalidQueryError: no such metric, or too many series for the range.
    """
    families = matching(selector.matchers)
    if not families:
        raise unknown(selector)
    found = [_family(read, one, selector, times, keep) for one in families]
    return Vector([labels for one in found for labels in one.labels], np.concatenate([one.values for one in found]))


def unknown(selector: Selector) -> InvalidQueryError:
    """Return the error of a selector that names no metric."""
    name = next((one.value for one in selector.matchers if one.label == NAME), "")
    hint = "there are traces_spanmetrics_* and traces_service_graph_request_*; see docs/reference/tempo.md"
    return InvalidQueryError(f"there is no metric {name!r}", start=selector.start, end=selector.end, hint=hint)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Minutes first + 1 to last, and for each point the minutes (after, upto] of its window, counted from there."""

    first: int
    last: int
    after: npt.NDArray[np.int64]
    upto: npt.NDArray[np.int64]

    @property
    def span(self) -> int:
        """Number of minutes; one point needs them only together."""
        return 1 if self.after.size == 1 else self.last - self.first

    @property
    def index(self) -> str:
        """SQL of the minute of a row, from 0."""
        if self.after.size == 1:
            return "toInt64(0)"
        return f"intDiv(toInt64(toUnixTimestamp(minute)), {MINUTE_S}) - {self.first + 1}"

    def slide(self, series: int, rows: _Rows, value: Floats) -> Floats:
        """Add up the values of each series in the window of each point."""
        _bounded(series, self.span)
        cells = np.zeros((series, self.span + 1))
        np.add.at(cells, (rows.series, rows.at + 1), value)
        running = np.cumsum(cells, axis=1)
        values: Floats = running[:, self.upto] - running[:, self.after]
        return values

    def begun(self, series: int, rows: _Rows) -> npt.NDArray[np.bool_]:
        """Return where each series has had a row up to a point."""
        first = np.full(series, self.span + 1)
        np.minimum.at(first, rows.series, rows.at + 1)
        found: npt.NDArray[np.bool_] = first[:, None] <= self.upto[None, :]
        return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """The series and the minute of each row."""

    series: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]


def _grid(selector: Selector, times: npt.NDArray[np.int64]) -> _Grid:
    ends = (times - selector.offset_s) // MINUTE_S
    width = minutes_of(selector.range_s or MINUTE_S)
    first, last = int(ends[0]) - width, int(ends[-1])
    after = np.zeros(1, np.int64) if ends.size == 1 else ends - first - width
    return _Grid(first, last, after, after + (1 if ends.size == 1 else width))


def _family(
    read: Read, family: Family, selector: Selector, times: npt.NDArray[np.int64], keep: frozenset[str] | None
) -> Vector:
    grid = _grid(selector, times)
    labels = [name for name in family.rollup.labels if keep is None or name in keep]
    params = Params()
    where = [condition(one, family, params) for one in selector.matchers]
    columns = [f"{family.rollup.labels[name].column} AS l{at}" for at, name in enumerate(labels)]
    groups = ", ".join([*(f"l{at}" for at in range(len(labels))), "at"])
    low, high = params.seconds(grid.first * MINUTE_S), params.seconds(grid.last * MINUTE_S)
    sql = f"""
        SELECT {", ".join([*columns, f"{grid.index} AS at", f"{family.value} AS value"])}
        FROM {family.rollup.table} AS r
        WHERE tenant = {{tenant:String}} AND minute > {low} AND minute <= {high} AND {" AND ".join(where)}
        GROUP BY {groups} HAVING sum(r.n) > 0
    """
    table = read.query(sql, params.values)
    names, codes = _groups(table, family, labels)
    rows = _Rows(codes, table.column("at").to_numpy())
    if family.histogram:
        return _histograms(grid, selector, names, rows, table, with_le=keep is None or LE in keep)
    values = grid.slide(len(names), rows, table.column("value").to_numpy().astype(np.float64))
    return Vector(names, np.where(grid.begun(len(names), rows), values, np.nan))


def _histograms(
    grid: _Grid, selector: Selector, names: list[Labels], rows: _Rows, table: pa.Table, *, with_le: bool
) -> Vector:
    """Return cumulative buckets: every series has every bound that occurs, the bound below it, and +Inf."""
    entry, index, weight = _buckets(table)
    bounds = np.unique(np.concatenate([index, index - 1])) if index.size else index
    count, points = len(names), grid.after.size
    _bounded(count * (bounds.size + 1), grid.span)
    spread = _Rows(rows.series[entry] * bounds.size + np.searchsorted(bounds, index), rows.at[entry])
    single = grid.slide(count * bounds.size, spread, weight).reshape(count, bounds.size, points)
    cumulative = np.cumsum(single, axis=1)
    whole = cumulative[:, -1:, :] if bounds.size else np.zeros((count, 1, points))
    begun = grid.begun(count, rows)[:, None, :]
    values = np.where(begun, np.concatenate([cumulative, whole], axis=1), np.nan)
    texts = [*(repr(bucket_upper(int(one)) / 1e9) for one in bounds), "+Inf"]
    wanted = _bound_test(selector)
    kept = [at for at, text in enumerate(texts) if wanted(text)]
    if not with_le:
        return Vector(names, values[:, kept, :].sum(axis=1))
    labels = [tuple(sorted((*name, (LE, texts[one])))) for name in names for one in kept]
    return Vector(labels, values[:, kept, :].reshape(len(labels), points))


def _bound_test(selector: Selector) -> Callable[[str], bool]:
    """Return the test of `le` that a selector makes."""
    tests = [tester(one) for one in selector.matchers if one.label == LE]
    return lambda text: all(test(text) for test in tests)


def _groups(table: pa.Table, family: Family, labels: list[str]) -> tuple[list[Labels], npt.NDArray[np.int64]]:
    """Return the distinct label sets of the rows, and which of them each row has."""
    code = np.zeros(table.num_rows, np.int64)
    columns = [words(table.column(f"l{at}")) for at in range(len(labels))]
    for values, index in columns:
        code = code * max(len(values), 1) + index
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    if first.size > MOST_SERIES:
        hint = "group by fewer labels, or add matchers"
        raise InvalidQueryError(f"{first.size:,} series are too many", start=0, end=0, hint=hint)
    texts = [
        [family.rollup.labels[name].text(value) for value in values]
        for name, (values, _) in zip(labels, columns, strict=True)
    ]
    picked = [index[first].tolist() for _, index in columns]
    rows = zip(*picked, strict=True) if labels else [()] * first.size
    found = [
        tuple(sorted((name, text[at]) for name, text, at in zip(labels, texts, row, strict=True) if text[at]))
        for row in rows
    ]
    return found, group.astype(np.int64)


def _bounded(series: int, span: int) -> None:
    if series * (span + 1) > MOST_CELLS:
        hint = "shorten the range, group by fewer labels, or add matchers"
        raise InvalidQueryError(f"{series:,} series over {span:,} minutes are too much", start=0, end=0, hint=hint)


def _buckets(table: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Return the row, the bucket and the weight of every entry of the histograms."""
    hists = pa.concat_arrays(table.column("value").chunks) if table.num_rows else pa.array([], HIST)
    offsets = hists.offsets.to_numpy()
    low, high = int(offsets[0]), int(offsets[-1])
    rows = np.repeat(np.arange(len(hists)), np.diff(offsets))
    keys = hists.keys.to_numpy(zero_copy_only=False)[low:high].astype(np.int64)
    return rows, keys, hists.items.to_numpy(zero_copy_only=False)[low:high].astype(np.float64)
