"""What the metrics functions compute: aggregates by the engine per group and bucket, and points made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clew.derive.numbers import Floats, Ints
from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.question import Question
from clew.query.plan.typed import Number, Tagged, number, tagged
from clew.query.traceql.ast import MetricsCall, MetricsFn
from clew.store.histogram import PER_OCTAVE, ZERO_INDEX, ranked

FINE = 4 * PER_OCTAVE
"""Bins per power of two of quantiles read from spans: the middle of a bin is at most 2.2 % from any value in it."""
SMALLEST = 5e-324
"""Stands for 0 in logarithms."""
_ONE = 100_000
"""The bin of 1; bins of negative values mirror those of positive ones, 0 is the bin of 0."""
COUNTED = frozenset({MetricsFn.RATE, MetricsFn.COUNT, MetricsFn.COUNT_DISTINCT})
BINNED = frozenset({MetricsFn.HISTOGRAM, MetricsFn.QUANTILE})


@dataclass(frozen=True, slots=True)
class Measure:
    """SQL of what one function needs of each group and bucket."""

    columns: tuple[str, ...]
    """Aggregates; the engine adds each up over nothing else."""
    where: str = "1"
    """Rows that count at all."""
    bin: str = ""
    """What rows are divided by further."""
    per_octave: int = FINE
    scale: float = 1.0


def measure(call: MetricsCall, of: Number | None, distinct: Tagged | None, weight: str = "") -> Measure:
    """Return what to read from spans.

    Args:
        call: the function.
        of: number of the field that it is of; for `count_distinct_over_time` and counts absent.
        distinct: the field's typed value, for `count_distinct_over_time`.
        weight: SQL of how many spans a span stands for; empty for one.
    """
    count = f"sum({weight})" if weight else "toFloat64(count())"
    if distinct is not None:
        return Measure((f"toFloat64(uniqExact({distinct.sql}))",), f"{distinct.sql} != ''" if distinct.nil else "1")
    if of is None:
        return Measure((count,))
    where = of.has if of.whole else f"({of.has}) AND isFinite({of.value})"
    value = of.value
    weighted = f"sum({value} * {weight})" if weight else f"sum({value})"
    columns = {
        MetricsFn.MIN: (f"min({value})",),
        MetricsFn.MAX: (f"max({value})",),
        MetricsFn.SUM: (weighted,),
        MetricsFn.AVG: (weighted, count),
    }
    if call.fn in columns:
        return Measure(columns[call.fn], where, scale=of.scale)
    per_octave = 1 if call.fn is MetricsFn.HISTOGRAM else FINE
    index = f"(toInt32(ceil(log2(greatest(abs({value}), {SMALLEST})) * {per_octave})) + {_ONE})"
    bins = f"toInt32(sign({value})) * {index}"
    return Measure((count,), where, bins, per_octave, of.scale)


def asked_for(asked: Question, sql: FieldSql, params: Params) -> Measure:
    """Return what a question needs of each group and bucket of spans."""
    call = asked.call
    weight = "toFloat64(weight)" if asked.weighted else ""
    if call.of is None:
        return measure(call, None, None, weight)
    if call.fn is MetricsFn.COUNT_DISTINCT:
        return measure(call, None, tagged(call.of, sql, params), weight)
    return measure(call, number(call.of, sql), None, weight)


def rolled(call: MetricsCall, *, weighted: bool) -> Measure | None:
    """Return what to read from a RED rollup, `None` where it does not hold the answer.

    Its histograms are weighted: they serve unweighted questions only where every weight is one.
    """
    count = f"toFloat64(sum(r.{'n_weighted' if weighted else 'n'}))"
    if call.fn in {MetricsFn.RATE, MetricsFn.COUNT}:
        return Measure((count,))
    if call.fn in {MetricsFn.SUM, MetricsFn.AVG} and not weighted:
        total = "sum(r.duration_sum)"
        return Measure((total,) if call.fn is MetricsFn.SUM else (total, count), scale=1e-9)
    if call.fn in BINNED:
        fine = f"if(bucket_index = {ZERO_INDEX}, 0, toInt32(bucket_index) + {_ONE})"
        coarse = f"if(bucket_index = {ZERO_INDEX}, 0, toInt32(ceil(bucket_index / {PER_OCTAVE})) + {_ONE})"
        quantile = call.fn is MetricsFn.QUANTILE
        return Measure(
            ("sum(bucket_weight)",), "1", fine if quantile else coarse, PER_OCTAVE if quantile else 1, scale=1e-9
        )
    return None


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of groups and buckets."""

    at: Ints
    """Cell of each row: a group and its bucket."""
    size: int
    """How many cells there are."""
    columns: Sequence[Floats]
    """The aggregates of each row."""
    bins: Ints
    """Of each row; empty where rows are not divided further."""


def points(call: MetricsCall, used: Measure, rows: Cells, seconds: float) -> Floats:
    """Return one value per cell, of which a row at most belongs to: 0 where counts are empty, else NaN."""
    found = np.zeros(rows.size) if call.fn in COUNTED else np.full(rows.size, np.nan)
    values = rows.columns[0]
    if call.fn is MetricsFn.RATE:
        values = values / seconds
    elif call.fn is MetricsFn.AVG:
        with np.errstate(all="ignore"):
            values = rows.columns[0] / rows.columns[1]
    found[rows.at] = values * used.scale
    return found


def quantiles(wanted: Sequence[float], used: Measure, rows: Cells) -> list[Floats]:
    """Return for each quantile one value per cell, the middle of the bin that holds the rank; 0 where it is empty."""
    order, picked = ranked(rows.at, rows.bins, rows.columns[0], rows.size, wanted)
    bins = rows.bins[order]
    index = np.abs(bins) - _ONE - 0.5
    middles = np.where(bins == 0, 0.0, np.sign(bins) * np.exp2(index / used.per_octave)) * used.scale
    found = []
    for at in picked:
        values = np.zeros(rows.size)
        values[at >= 0] = middles[at[at >= 0]]
        found.append(values)
    return found


def binned(values: Floats, per_octave: int) -> Ints:
    """Return the bin of each value, as the engine computes it."""
    index = np.ceil(np.log2(np.where(values == 0, 1.0, np.abs(values))) * per_octave)
    bins: Ints = np.where(values == 0, 0, np.sign(values) * (index + _ONE)).astype(np.int64)
    return bins


def upper(bin_: int, scale: float) -> float:
    """Return the upper bound of a bin of `histogram_over_time`: the next power of two, 0 for what is not positive."""
    return float(2.0 ** (bin_ - _ONE) * scale) if bin_ > 0 else 0.0


def value_of(call: MetricsCall, used: Measure, bin_: int) -> float:
    """Return the value that a bin stands for in the series of a function."""
    if call.fn is MetricsFn.HISTOGRAM:
        return upper(bin_, used.scale)
    sign = -1 if bin_ < 0 else 1
    return sign * 2.0 ** ((abs(bin_) - _ONE - 0.5) / used.per_octave) * used.scale if bin_ else 0.0
