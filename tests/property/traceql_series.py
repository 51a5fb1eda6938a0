"""Metrics functions of TraceQL over plain spans, one after the other: what the planner's series must be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import traceql_evaluator as plain

from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.traceql.ast import Attribute, Intrinsic, Level, MetricsFn, MetricsPipeline, Name, Static, TopK
from clew.query.traceql.text import print_expression as text

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


def combined(expr, spans, grid):
    """The series of sums, quotients and thresholds, and the name of one without labels."""
    if isinstance(expr, Static):
        return number(expr.value), f"{number(expr.value):g}"
    if isinstance(expr, MetricsPipeline):
        found, name = evaluate(expr.pipeline, expr.call, spans, grid), expr.call.fn.value
    else:
        (left, one), (right, other) = (combined(side, spans, grid) for side in (expr.left, expr.right))
        found, name = joined(expr.op, left, right, grid.count), f"({one} {expr.op.value} {other})"
    for stage in expr.second:
        found = top(stage, found) if isinstance(stage, TopK) else within(stage, found)
        found = {key: values for key, values in found.items() if any(one is not None for one in values)}
    return found, name


def number(value):
    """A literal among series: durations are seconds."""
    return value / 1e9 if isinstance(value, Duration) else float(value)


def joined(op, left, right, count):
    """Series with equal labels, or each with the one that has none; what is no number is no point."""
    sides = [{(): [one] * count} if isinstance(one, float) else one for one in (left, right)]
    single = [list(one) == [()] for one in sides]
    if single[0] != single[1]:
        other = sides[0] if single[1] else sides[1]
        pairs = {key: (sides[0][() if single[0] else key], sides[1][() if single[1] else key]) for key in other}
    else:
        there = [{frozenset(key): key for key in one} for one in sides]
        pairs = {key: (sides[0][key], sides[1][there[1][same]]) for same, key in there[0].items() if same in there[1]}
    made = {key: [calculated(op, a, b) for a, b in zip(*both, strict=True)] for key, both in pairs.items()}
    return {key: values for key, values in made.items() if any(one is not None for one in values)}


def calculated(op, a, b):
    """A point."""
    if a is None or b is None:
        return None
    found = plain.real(op, a, b)
    return found if math.isfinite(found) else None


def top(stage, series):
    """The largest or smallest of each point; of equals the first of all series."""
    order = sorted(series, key=lambda key: (len(key), [ranked(name, value) for name, value in key]))
    kept = {key: [None] * len(values) for key, values in series.items()}
    for step in range(max(map(len, series.values()), default=0)):
        there = [key for key in order if series[key][step] is not None]
        there.sort(key=lambda key: series[key][step], reverse=not stage.bottom)
        for key in there[: stage.n]:
            kept[key][step] = series[key][step]
    return kept


TYPES = (int, str, bool, Duration, Status, Kind)


def ranked(of, value):
    """The place of a label: by its key, then numbers before other types, then the value."""
    name = of if isinstance(of, str) else text(of)
    if not isinstance(value, plain.Told):
        return (name, 0, value)
    one = value.value
    kind = len(TYPES) if isinstance(one, list) else TYPES.index(int if type(one) is float else type(one))
    if isinstance(one, int | float):
        return (name, kind, (math.isnan(one), 0 if math.isnan(one) else one))
    return (name, kind, str(one))


def within(stage, series):
    """The points for which a comparison holds."""
    limit = number(stage.value)

    def passes(one):
        return one is not None and plain.test(plain.NEGATIONS.get(stage.op, stage.op), one, limit) is not (
            stage.op in plain.NEGATIONS
        )

    return {key: [one if passes(one) else None for one in values] for key, values in series.items()}


def compared(pipeline, call, spans, grid):
    """How many spans of each side have each value of every attribute, and how many have the attribute."""
    counts: dict[Any, list[float]] = {}
    for one in matched(pipeline, spans, grid.after_ns, grid.after_ns + grid.step_ns * grid.count):
        inside = one.start > call.start_ns and (not call.end_ns or one.start <= call.end_ns)
        side = "selection" if inside and plain.holds(call.selection.where, one) else "baseline"
        found = {(name, plain.Told(value)) for name, value in attributes(one)}
        for name, value in (*found, *((name, None) for name in {name for name, _ in found})):
            points = counts.setdefault((side, name, value), [0.0] * grid.count)
            points[(one.start - grid.after_ns - 1) // grid.step_ns] += 1
    return counts


def attributes(span):
    """Every attribute of a span with its label; those of an event once for each."""
    levels = [(Level.SPAN, span.attributes), (Level.RESOURCE, span.resource), (Level.INSTRUMENTATION, span.scope)]
    levels += [(Level.EVENT, one.attributes) for one in span.events]
    levels += [(Level.LINK, one.attributes) for one in span.links]
    for level, found in levels:
        yield from ((text(Attribute(level, key)), value) for key, value in found.items() if value is not plain.OTHER)
    yield from ((Name.EVENT_NAME.value, one.name) for one in span.events)
    for name in (
        Name.NAME,
        Name.STATUS_MESSAGE,
        Name.ROOT_NAME,
        Name.ROOT_SERVICE,
        Name.SCOPE_NAME,
        Name.SCOPE_VERSION,
    ):
        if plain.intrinsic(name, span):
            yield name.value, plain.intrinsic(name, span)
    yield from ((name.value, plain.intrinsic(name, span)) for name in (Name.KIND, Name.STATUS))


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


def counts(given):
    """Whether a value is a number that series have: neither NaN nor infinite."""
    return plain.is_number(given) and math.isfinite(given)


def evaluate(pipeline, call, spans, grid) -> dict[Any, list[float | None]]:
    """The values of each series by its labels, as (key, typed value) pairs."""
    groups: dict[Any, list[Any]] = {}
    scale = 1e-9 if isinstance(call.of, Intrinsic) and call.of.name in SECONDS else 1.0
    for one in matched(pipeline, spans, grid.after_ns, grid.after_ns + grid.step_ns * grid.count):
        given = None if call.of is None else label(call.of, one)
        if call.of is not None and call.fn is not MetricsFn.COUNT_DISTINCT and not counts(given):
            continue
        if call.fn is MetricsFn.COUNT_DISTINCT and given is None:
            continue
        labels = [(of, label(of, one)) for of in call.by]
        key = tuple((of, plain.Told(found)) for of, found in labels if found is not None)
        if not key and labels:
            key = ((labels[0][0], plain.Told("nil")),)
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


class Rough(float):
    """A sum of floats, which depends on their order by `off`."""

    off = 0.0


def rough(made, values, scale):
    """A sum or mean with what it may be off by."""
    found = Rough(made * scale)
    found.off = 1e-12 + sum(abs(float(one)) for one in values) * scale * 1e-15
    return found


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
        MetricsFn.SUM: lambda: rough(sum(values), values, scale),
        MetricsFn.AVG: lambda: rough(sum(values) / len(values), values, scale),
    }[fn]()
