"""Metrics functions over spans that whole traces decide about: structure, aggregates, fields of the tree.

Candidates come from SQL, traces are loaded and evaluated many at a time as in a search, and what passes is put into
groups and buckets here. Every span counts once, however often it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from clew.derive.numbers import Floats, Ints
from clew.query.answer import Truncated
from clew.query.index import IndexedTrace, lookup
from clew.query.params import Params
from clew.query.plan.candidates import in_window
from clew.query.plan.found import Cell
from clew.query.plan.judge import MAX_SPANS, Judge
from clew.query.plan.labels import grouped
from clew.query.plan.measure import BINNED, FINE, Cells, Measure, binned
from clew.query.plan.pipeline import needs, run
from clew.query.plan.question import Picked, Question
from clew.query.plan.series import Labels
from clew.query.plan.spanrows import SpanRows, load
from clew.query.plan.treeexpr import Needed, condition, value
from clew.query.plan.typed import SECOND, Typed, combined, is_service, near
from clew.query.read import Read
from clew.query.traceql.ast import (
    Binary,
    Field,
    FieldExpr,
    FieldOp,
    Intrinsic,
    MetricsFn,
    Name,
    Static,
)
from clew.query.traceql.text import print_expression as text

LOOKED_UP = 20_000
"""Traces that are looked up in the index at a time."""
SECONDS = frozenset({Name.DURATION, Name.TRACE_DURATION, Name.EVENT_TIME})


@dataclass(slots=True)
class Tally:
    """Spans that passed, as numbers of their groups, buckets and values."""

    labels: list[Labels] = field(default_factory=list)
    group: list[Ints] = field(default_factory=list)
    step: list[Ints] = field(default_factory=list)
    number: list[Floats] = field(default_factory=list)
    """The value that the function is of; of `count_distinct_over_time` the number of the value."""
    weight: list[Floats] = field(default_factory=list)
    picked: list[Picked] = field(default_factory=list)
    spans: int = 0
    cut: Truncated | None = None
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)
    _distinct: dict[object, int] = field(default_factory=dict)

    def group_of(self, key: tuple[object, ...], labels: Labels) -> int:
        """Return the number of a group, which is new or known."""
        if key not in self._known:
            self._known[key] = len(self.labels)
            self.labels.append(labels)
        return self._known[key]

    def value_of(self, key: object) -> int:
        """Return the number of a value."""
        return self._distinct.setdefault(key, len(self._distinct))


def tally(read: Read, asked: Question, exemplars: int) -> Tally:
    """Return the spans of a pipeline that start in the range and count."""
    found = Tally()
    judge = Judge(read, asked.pipeline)
    looked = 0
    for batch in judge.batches(_candidates(read, asked)):
        looked += sum(trace.spans for trace in batch)
        if looked > MAX_SPANS:
            hint = "add conditions, or choose a shorter range"
            found.cut = Truncated("more spans than one query looks into", MAX_SPANS, hint)
            break
        _add(_rows(read, asked, batch), asked, found, exemplars)
    found.cut = found.cut or judge.cut
    return found


def _candidates(read: Read, asked: Question) -> list[IndexedTrace]:
    """Return the traces that have a span in the range and what a trace must have for a span to pass."""
    params = Params()
    sql = in_window(read, asked.pipeline, asked.grid.window, params)
    ids = read.query(sql, params.values).column("trace_id").to_pylist()
    found: dict[bytes, IndexedTrace] = {}
    for at in range(0, len(ids), LOOKED_UP):
        found |= lookup(read, ids[at : at + LOOKED_UP])
    return sorted(found.values(), key=lambda one: (one.first, one.trace_id), reverse=True)


def _rows(read: Read, asked: Question, batch: Sequence[IndexedTrace]) -> SpanRows:
    needed = Needed()
    needs(asked.pipeline.stages, needed)
    for one in (*asked.call.by, *([asked.call.of] if asked.call.of else [])):
        for part in near(one):
            needed.value(part)
            needed.condition(_present(part))
    return load(read, batch, list(needed.conditions), list(needed.values))


def _add(rows: SpanRows, asked: Question, found: Tally, exemplars: int) -> None:
    call, grid = asked.call, asked.grid
    start = rows.forest.start
    mask = run(asked.pipeline, rows).mask & (start > grid.after_ns) & (start <= grid.window.to_ns)
    at = np.flatnonzero(mask)
    numbers = np.zeros(at.size)
    if call.fn is MetricsFn.COUNT_DISTINCT and call.of:
        distinct = _value(call.of, rows, at)
        at, numbers = _distinct(distinct, at, found)
    elif call.of:
        typed = _value(call.of, rows, at)
        there = typed.numbers() & np.isfinite(typed.as_float())
        at, numbers = at[there], typed.as_float()[there]
    group = _groups(asked, rows, at, found)
    found.spans += at.size
    found.group.append(group)
    found.step.append((start[at] - grid.after_ns - 1) // grid.step_ns)
    found.number.append(numbers)
    found.weight.append(rows.weight[at] if asked.weighted else np.ones(at.size))
    for row, one in zip(at[:exemplars].tolist(), range(exemplars), strict=False):
        trace_id = rows.traces[int(rows.forest.trace[row])].trace_id
        labels = found.labels[int(group[one])]
        found.picked.append(
            Picked(trace_id, int(rows.forest.span[row]), int(start[row]), int(found.step[-1][one]), labels, None)
        )


def _distinct(typed: Typed, at: Ints, found: Tally) -> tuple[Ints, Floats]:
    """Return the spans that have a value, and a number for each that is equal where the values are."""
    there = np.flatnonzero(typed.type != 0)
    typed = typed.take(there)
    _, heads, place = np.unique(typed.codes(), return_index=True, return_inverse=True)
    keys = [found.value_of(_key(cell)) for cell in typed.take(heads).cells()]
    return at[there], np.array(keys, np.float64)[place] if keys else np.zeros(0)


def _groups(asked: Question, rows: SpanRows, at: Ints, found: Tally) -> Ints:
    """Return the group of each span."""
    if not asked.call.by:
        found.group_of((), {})
        return np.zeros(at.size, np.int64)
    columns = [_value(one, rows, at) for one in asked.call.by]
    _, heads, place = np.unique(combined([one.codes() for one in columns]), return_index=True, return_inverse=True)
    names = [text(one) for one in asked.call.by]
    cells = zip(*(one.take(heads).cells() for one in columns), strict=True)
    numbers = [found.group_of(tuple(_key(cell) for cell in row), grouped(names, list(row))) for row in cells]
    return np.array(numbers, np.int64)[place] if numbers else np.zeros(0, np.int64)


def _key(cell: Cell) -> tuple[str, str]:
    return (type(cell).__name__, repr(cell))


def _present(of: Field) -> FieldExpr:
    return Binary(FieldOp.NE, of, Static(None))


def _value(of: Field, rows: SpanRows, at: Ints) -> Typed:
    if is_service(of):  # never nil: as services are shown
        return Typed.of_texts(rows.services, rows.service[at])
    first, *others = near(of)
    found = value(first, rows).take(at)
    for other in others:
        there = condition(_present(first), rows)[at]
        found = found.where(there, value(other, rows).take(at))
    return found


def measured(asked: Question, spans: Tally) -> tuple[Measure, Cells]:
    """Return what the spans come to per group and bucket."""
    call, count = asked.call, asked.grid.count
    group, step = (np.concatenate([np.zeros(0, np.int64), *one]) for one in (spans.group, spans.step))
    numbers, weight = (np.concatenate([np.zeros(0), *one]) for one in (spans.number, spans.weight))
    cells = group * count + step
    size = len(spans.labels) * count
    scale = SECOND if isinstance(call.of, Intrinsic) and call.of.name in SECONDS else 1.0
    if call.fn in BINNED:
        used = Measure((), bin="bin", per_octave=1 if call.fn is MetricsFn.HISTOGRAM else FINE, scale=scale)
        return used, Cells(cells, size, [weight], binned(numbers, used.per_octave))
    if call.fn is MetricsFn.COUNT_DISTINCT:
        scale = 1.0
        pairs = np.unique(np.stack([cells.astype(np.float64), numbers]), axis=1)[0].astype(np.int64)
        cells, weight = pairs, np.ones(pairs.size)
        numbers = weight
    at, place = np.unique(cells, return_inverse=True)
    sums = {"count": weight, "sum": numbers * weight}
    counts, totals = (np.bincount(place, one, minlength=at.size).astype(np.float64) for one in sums.values())
    extremes = {MetricsFn.MIN: np.minimum, MetricsFn.MAX: np.maximum}
    if call.fn in extremes:
        worst = np.full(at.size, np.inf if call.fn is MetricsFn.MIN else -np.inf)
        extremes[call.fn].at(worst, place, numbers)
        columns = [worst]
    else:
        columns = {MetricsFn.SUM: [totals], MetricsFn.AVG: [totals, counts]}.get(call.fn, [counts])
    return Measure((), scale=scale), Cells(at, size, columns, np.zeros(0, np.int64))
