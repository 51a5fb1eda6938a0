"""Growth of counters in sliding windows, from per-minute rollups."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.errors import InvalidQueryError
from clew.query.params import Params
from clew.query.promql.ast import Selector
from clew.query.promql.families import LE, NAME, Family, condition, matching, passing
from clew.query.promql.vector import Labels, Vector, bounded
from clew.query.read import Read
from clew.query.trace import words
from clew.store.histogram import bucket_upper
from clew.store.tables import HIST

MINUTE_S = 60
DAY_MIN = 1440
QUIET_MIN = 15
"""How long a series is 0 after its last row before it is no more, if no longer range is asked for."""
MOST_SERIES = 20_000


@dataclass(frozen=True, slots=True)
class Window:
    """What is read before each point, in whole minutes."""

    width: int
    """How many count."""
    alive: int
    """In how many a series must have had a row to be there."""


DAY = Window(DAY_MIN, DAY_MIN)
"""What a metric without a range is read over."""


def window(range_s: float) -> Window:
    """Return the window of a range: the nearest whole number of minutes, at least one."""
    width = max(math.floor(range_s / MINUTE_S + 0.5), 1)
    return Window(width, max(width, QUIET_MIN))


def grown(read: Read, selector: Selector, moments: Ints, seen: Window, keep: frozenset[str] | None) -> Vector:
    """Return what each counter has grown by in the window before each moment, with the name of its metric.

    Moments are taken down to the whole minute.

    Args:
        read: whose.
        selector: which; its range and shift are not looked at.
        moments: points in seconds, in any order.
        seen: how far to look back.
        keep: the labels that are wanted; the others are added up. None for all.

    Raises:
        InvalidQueryError: too many series for the range.
    """
    grid = _grid(moments, seen)
    found = [_Source(read, one, selector, grid).values(keep) for one in matching(selector.matchers)]
    return _joined(found, moments.size)


def present(read: Read, selector: Selector, moments: Ints, seen: Window, keep: frozenset[str]) -> Vector:
    """Return 1 where there are series; labels other than those wanted are left out, buckets are not looked into."""
    grid = _grid(moments, seen)
    passed = [family for family in matching(selector.matchers) if not family.histogram or _any_bound(selector)]
    found = [_Source(read, one, selector, grid).present(keep) for one in passed]
    return _joined(found, moments.size)


def _joined(found: list[Vector], points: int) -> Vector:
    if not found:
        return Vector([], np.zeros((0, points)), np.zeros((0, points), np.bool_))
    labels = [one for each in found for one in each.labels]
    bounded(len(labels), points)
    return Vector(labels, np.concatenate([one.values for one in found]), np.concatenate([one.there for one in found]))


@dataclass(frozen=True, slots=True)
class _Grid:
    """The minutes that are read, cut wherever a window begins or ends; piece i is (edges[i], edges[i + 1]]."""

    edges: Ints
    step: int
    """Every edge is a multiple of so many minutes away from the first."""
    after: Ints
    upto: Ints
    alive: Ints
    """For each point, the edges of its window, and the edge from which on rows keep a series."""

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return int(self.edges.size) - 1

    @property
    def index(self) -> str:
        """SQL of the last minute of the step that a row falls in."""
        first = int(self.edges[0])
        minute = f"intDiv(toInt64(toUnixTimestamp(minute)), {MINUTE_S})"
        return f"(intDiv({minute} - {first + 1}, {self.step}) + 1) * {self.step} + {first}"

    def add(self, series: int, rows: _Rows, value: Floats) -> Floats:
        """Return the running sums of each series at the edges."""
        bounded(series, max(self.pieces, int(self.upto.size)) + 1)
        flat = np.bincount(rows.series * self.pieces + rows.at, value, series * self.pieces)
        return np.concatenate([np.zeros((series, 1)), np.cumsum(flat.reshape(series, self.pieces), axis=1)], axis=1)

    def slide(self, series: int, rows: _Rows, value: Floats) -> Floats:
        """Add up the values of each series in the window of each point."""
        running = self.add(series, rows, value)
        values: Floats = running[:, self.upto] - running[:, self.after]
        return values

    def there(self, series: int, rows: _Rows) -> Flags:
        """Return where each series has had a row of late."""
        running = self.add(series, rows, np.ones(rows.at.size))
        found: Flags = running[:, self.upto] > running[:, self.alive]
        return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """The series and the piece of time of each row."""

    series: Ints
    at: Ints


def _grid(moments: Ints, seen: Window) -> _Grid:
    upto = moments // MINUTE_S
    after, alive = upto - seen.width, upto - seen.alive
    edges = np.unique(np.concatenate([after, upto, alive]))
    found = (np.searchsorted(edges, one) for one in (after, upto, alive))
    return _Grid(edges, int(np.gcd.reduce(np.diff(edges))), *found)


@dataclass(frozen=True, slots=True)
class _Source:
    """One metric as a selector sees it."""

    read: Read
    family: Family
    selector: Selector
    grid: _Grid

    def values(self, keep: frozenset[str] | None) -> Vector:
        """Return the growth of its series; keep is as of `grown`."""
        table, names, rows = self._rows(keep, self.family.value)
        if self.family.histogram:
            return _histograms(self.grid, self.selector, names, rows, table, with_le=keep is None or LE in keep)
        values = self.grid.slide(len(names), rows, table.column("value").to_numpy().astype(np.float64))
        return Vector(names, values, self.grid.there(len(names), rows))

    def present(self, keep: frozenset[str]) -> Vector:
        """Return 1 where its series are."""
        _, names, rows = self._rows(keep, "sum(r.n)")
        there = self.grid.there(len(names), rows)
        return Vector(names, np.ones(there.shape), there)

    def _rows(self, keep: frozenset[str] | None, value: str) -> tuple[pa.Table, list[Labels], _Rows]:
        """Return the rows, the series with the name, and which of them each row belongs to."""
        rollup, grid = self.family.rollup, self.grid
        labels = [name for name in rollup.labels if keep is None or name in keep]
        params = Params()
        where = [condition(one, self.family, params) for one in self.selector.matchers]
        columns = [f"{rollup.labels[name].column} AS l{at}" for at, name in enumerate(labels)]
        groups = ", ".join([*(f"l{at}" for at in range(len(labels))), "at"])
        low, high = (params.seconds(max(int(edge), 0) * MINUTE_S) for edge in (grid.edges[0], grid.edges[-1]))
        sql = f"""
            SELECT {", ".join([*columns, f"{grid.index} AS at", f"{value} AS value"])}
            FROM {rollup.table} AS r
            WHERE tenant = {{tenant:String}} AND minute > {low} AND minute <= {high} AND {" AND ".join(where)}
            GROUP BY {groups} HAVING sum(r.n) > 0
        """
        table = self.read.query(sql, params.values)
        names, codes = _groups(table, self.family, labels)
        at = np.searchsorted(grid.edges, table.column("at").to_numpy()) - 1
        return table, names, _Rows(codes, at.astype(np.int64))


def _histograms(
    grid: _Grid, selector: Selector, names: list[Labels], rows: _Rows, table: pa.Table, *, with_le: bool
) -> Vector:
    """Return cumulative buckets: every series has every bound that occurs, the bound below it, and +Inf."""
    entry, index, weight = _buckets(table)
    bounds = np.unique(np.concatenate([index, index - 1])) if index.size else index
    count, points = len(names), grid.after.size
    bounded(count * (bounds.size + 1), points)
    spread = _Rows(rows.series[entry] * bounds.size + np.searchsorted(bounds, index), rows.at[entry])
    single = grid.slide(count * bounds.size, spread, weight).reshape(count, bounds.size, points)
    cumulative = np.cumsum(single, axis=1)
    whole = cumulative[:, -1:, :] if bounds.size else np.zeros((count, 1, points))
    texts = [*(repr(bucket_upper(int(one)) / 1e9) for one in bounds), "+Inf"]
    kept = np.flatnonzero(_bounds_passed(selector, texts))
    values = np.concatenate([cumulative, whole], axis=1)[:, kept, :]
    there = grid.there(count, rows)
    if not with_le:
        return Vector(names, values.sum(axis=1), there & bool(kept.size))
    labels = [tuple(sorted((*name, (LE, texts[one])))) for name in names for one in kept]
    return Vector(labels, values.reshape(len(labels), points), np.repeat(there, kept.size, axis=0))


def _bounds_passed(selector: Selector, texts: list[str]) -> Flags:
    passed = np.ones(len(texts), np.bool_)
    for one in selector.matchers:
        if one.label == LE:
            passed &= passing(one, texts)
    return passed


def _any_bound(selector: Selector) -> bool:
    """Return whether a selector takes the bound that every histogram has."""
    return bool(_bounds_passed(selector, ["+Inf"])[0])


def _groups(table: pa.Table, family: Family, labels: list[str]) -> tuple[list[Labels], Ints]:
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
        (
            (NAME, family.name),
            *sorted((name, text[at]) for name, text, at in zip(labels, texts, row, strict=True) if text[at]),
        )
        for row in rows
    ]
    return found, group.astype(np.int64)


def _buckets(table: pa.Table) -> tuple[Ints, Ints, Floats]:
    """Return the row, the bucket and the weight of every entry of the histograms."""
    hists = pa.concat_arrays(table.column("value").chunks) if table.num_rows else pa.array([], HIST)
    offsets = hists.offsets.to_numpy()
    low, high = int(offsets[0]), int(offsets[-1])
    rows: npt.NDArray[np.int64] = np.repeat(np.arange(len(hists)), np.diff(offsets))
    keys = hists.keys.to_numpy(zero_copy_only=False)[low:high].astype(np.int64)
    return rows, keys, hists.items.to_numpy(zero_copy_only=False)[low:high].astype(np.float64)
