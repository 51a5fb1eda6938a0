"""Series of what a function came to per group and bucket, whoever counted it."""

from __future__ import annotations

import numpy as np

from clew.derive.numbers import Floats
from clew.query.plan.frame import NAME, Frame, framed
from clew.query.plan.measure import Cells, Measure, points, quantiles, upper
from clew.query.plan.question import Question
from clew.query.plan.series import Labels
from clew.query.traceql.ast import MetricsFn


def shaped(asked: Question, used: Measure, labels: list[Labels], rows: Cells) -> Frame:
    """Return the series of groups with these labels; cells count through the buckets of one group after the other."""
    call, count = asked.call, asked.grid.count
    if not labels:
        return framed(call.fn.value, [], np.empty((0, count)))
    if call.fn is MetricsFn.QUANTILE:
        found = quantiles(call.quantiles, used, rows)
        wanted: list[Labels] = [{**one, "p": p} for p in call.quantiles for one in labels]
        return framed(call.fn.value, wanted, np.concatenate(found).reshape(-1, count))
    if call.fn is MetricsFn.HISTOGRAM:
        return _histogram(labels, used, rows, count)
    values = points(call, used, rows, asked.grid.seconds).reshape(-1, count)
    return framed(call.fn.value, [one or {NAME: call.fn.value} for one in labels], values)


def _histogram(labels: list[Labels], used: Measure, rows: Cells, count: int) -> Frame:
    """Return a series per group and bin that holds something; what is not positive shares one bin."""
    row, step = np.divmod(rows.at, count)
    pairs, series = np.unique(np.stack([row, np.maximum(rows.bins, 0)]), axis=1, return_inverse=True)
    size = pairs.shape[1] * count
    values: Floats = np.bincount(series.reshape(-1) * count + step, rows.columns[0], minlength=size).astype(np.float64)
    found: list[Labels] = [{**labels[one], "__bucket": upper(bin_, used.scale)} for one, bin_ in pairs.T.tolist()]
    return framed(MetricsFn.HISTOGRAM.value, found, values.reshape(-1, count))
