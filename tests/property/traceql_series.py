"""Metrics functions of TraceQL over plain spans, one after the other: what the planner's series must be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import traceql_evaluator as plain

from clew.query.traceql.ast import Attribute, Intrinsic, Level, MetricsFn, Name

SECONDS = {Name.DURATION, Name.TRACE_DURATION, Name.EVENT_TIME}
COUNTED = {MetricsFn.RATE, MetricsFn.COUNT, MetricsFn.COUNT_DISTINCT, MetricsFn.QUANTILE, MetricsFn.HISTOGRAM}


def cell(of, span):
    """The value of a field as a label has it."""
    if isinstance(of, Attribute) and of.level is Level.ANY:
        own = cell(replace(of, level=Level.SPAN), span)
        if own is not None:
            return own
        return cell(replace(of, level=Level.RESOURCE), span)
    found = plain.value(of, span, {})
    if of == Attribute(Level.RESOURCE, "service.name"):
        return found if found is not None else "unknown_service"
    return found


def label(of, span):
    """The value, where one that compares with nothing is none."""
    found = cell(of, span)
    return None if found is plain.OTHER else found


def bucket(value, scale):
    """The upper bound of a value's power of two."""
    return 0.0 if value <= 0 else 2.0 ** math.ceil(math.log2(value)) * scale


def at_rank(values, quantile):
    """The value that has the rank."""
    return sorted(values)[max(math.ceil(quantile * len(values) * (1 - 1e-12)), 1) - 1]


def matched(pipeline, spans, after, end):
    """The spans of a pipeline that start in a range."""
    sets = plain.evaluate(pipeline, spans)
    found = {id(one): one for each in sets.values() for group in each for one in group.spans}
    return [one for one in found.values() if after < one.start <= end]


def evaluate(pipeline, call, spans, grid) -> dict[Any, list[float | None]]:
    """The values of each series by its labels, as (key, typed value) pairs."""
    groups: dict[Any, list[Any]] = {}
    scale = 1e-9 if isinstance(call.of, Intrinsic) and call.of.name in SECONDS else 1.0
    for one in matched(pipeline, spans, grid.after_ns, grid.after_ns + grid.step_ns * grid.count):
        given = None if call.of is None else label(call.of, one)
        if call.of is not None and call.fn is not MetricsFn.COUNT_DISTINCT and not plain.is_number(given):
            continue
        if call.fn is MetricsFn.COUNT_DISTINCT and given is None:
            continue
        labels = [(of, label(of, one)) for of in call.by]
        key = tuple((of, repr(plain.typed(found))) for of, found in labels if found is not None)
        if not key and labels:
            key = ((labels[0][0], repr(plain.typed("nil"))),)
        groups.setdefault(key, []).append((one, given))
    series: dict[Any, list[float | None]] = {}
    for key, members in groups.items():
        steps: list[list[Any]] = [[] for _ in range(grid.count)]
        for one, given in members:
            steps[(one.start - grid.after_ns - 1) // grid.step_ns].append(given)
        for more, values in points(call, steps, scale, grid.step_ns / 1e9):
            series[(*key, *more)] = values
    return series


def points(call, steps, scale, seconds):
    """The values of the series of one group, with the labels that the function adds."""
    if call.fn is MetricsFn.QUANTILE:
        for p in call.quantiles:
            yield (("p", p),), [at_rank(one, p) * scale if one else 0.0 for one in steps]
    elif call.fn is MetricsFn.HISTOGRAM:
        for bound in sorted({bucket(value, scale) for one in steps for value in one}):
            counts = [float(sum(bucket(value, scale) == bound for value in one)) for one in steps]
            yield (("__bucket", bound),), counts
    else:
        yield (), [point(call.fn, one, scale, seconds) for one in steps]


def point(fn, values, scale, seconds):
    """The value of one bucket."""
    if not values and fn not in COUNTED:
        return None
    if fn is MetricsFn.COUNT_DISTINCT:
        return float(len({repr(plain.typed(one)) for one in values}))
    return {
        MetricsFn.RATE: lambda: len(values) / seconds,
        MetricsFn.COUNT: lambda: float(len(values)),
        MetricsFn.MIN: lambda: min(values) * scale,
        MetricsFn.MAX: lambda: max(values) * scale,
        MetricsFn.SUM: lambda: sum(values) * scale,
        MetricsFn.AVG: lambda: sum(values) / len(values) * scale,
    }[fn]()
