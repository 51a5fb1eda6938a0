"""How many spans of a search match over time, whatever the search: counted, or estimated from a random part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from clew.derive.numbers import Floats
from clew.model import Status
from clew.query import histogram as plain
from clew.query.answer import Answer, Meta, Sampled, Total, Truncated, Window
from clew.query.histogram import Histogram, Steps
from clew.query.index import IndexedTrace, lookup
from clew.query.params import Params
from clew.query.plan.candidates import in_window
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.find import Finding, filters_of, searched
from clew.query.plan.found import Ask
from clew.query.plan.judge import Judge
from clew.query.plan.links import has_links
from clew.query.plan.metrics import condition_of
from clew.query.plan.pipeline import needs, run
from clew.query.plan.placed import Places
from clew.query.plan.spanrows import load
from clew.query.plan.spent import bounded
from clew.query.plan.treeexpr import Needed
from clew.query.predicates import Days, UseIndex
from clew.query.read import Read
from clew.query.shares import Z
from clew.query.traceql.ast import Pipeline, Query
from clew.query.traceql.lower import is_local
from clew.store.errors import QueryLimitError

MOST_TRACES = 20_000
"""Most traces that are looked into."""
MOST_SPANS = 500_000
"""Most spans that are looked into."""
BATCH_TRACES = 4_000


@bounded()
def histogram(read: Read, query: Query, window: Window, most: int) -> Answer[Histogram]:
    """Return the number of spans per step that start in the window and are in a spanset of the search.

    Where whole traces decide and there are many, a random part of them is looked into and the counts are scaled up:
    `meta.sampled` gives the share and the interval of the total. A span that was sent twice counts once there, and
    twice where single spans decide, as everywhere where rates are shown.

    Raises:
        InvalidQueryError: the query gives series, or cannot be evaluated.
    """
    pipeline = searched(read, query)
    pipeline = Places(read, pipeline).pipeline(pipeline)
    filters = filters_of(pipeline)
    if filters is not None:
        return plain.histogram(read, filters, window, most)
    cut: Truncated | None = None
    if has_links(pipeline.stages):
        finding = Finding(read, pipeline, Ask(window))
        pipeline, cut = finding.judge.pipeline, finding.links.cut
    steps = Steps.over(window, most)
    where = condition_of(pipeline)
    if where is not None and is_local(where):
        params = Params()
        fields = FieldSql(params, _days(window, params), UseIndex.BESIDE)
        passes = fields.condition(where)
        source = f"spans {fields.joins.sql(params, _days(window, params), window=window)}"
        return steps.counted(read, source, passes, params, fields.prologue)
    return _Tally(read, pipeline, steps).answer(cut)


def _days(window: Window, params: Params) -> Days:
    return Days(params.day(window.from_ns), params.day(window.to_ns))


@dataclass
class _Tally:
    """Counts of the traces looked into so far, which are a random part of all at any time."""

    read: Read
    pipeline: Pipeline
    steps: Steps
    every: int = 0
    """Traces that may be answers."""
    looked: int = 0
    total: Floats = field(init=False)
    errors: Floats = field(init=False)
    square: float = 0.0
    """Sum of the squares of the counts of traces."""

    def __post_init__(self) -> None:
        self.total, self.errors = np.zeros(self.steps.count), np.zeros(self.steps.count)

    def answer(self, cut: Truncated | None) -> Answer[Histogram]:
        """Count, and scale up what was counted."""
        judge = Judge(self.read, self.pipeline)
        ids = self._candidates()
        try:
            with self.read.sparing():
                self._look(ids, judge)
        except QueryLimitError:
            if not self.looked:
                raise
        rate = self.looked / self.every if self.every else 1.0
        total, errors = (np.rint(one / rate).astype(np.int64).tolist() for one in (self.total, self.errors))
        meta = Meta(
            total=Total(sum(total), exact=rate == 1.0 and cut is None and judge.cut is None),
            returned=self.steps.count,
            truncated=cut or judge.cut,
            sampled=None if rate == 1.0 else Sampled(rate, self._interval(rate)),
            scanned=self.read.scanned,
            window=self.steps.window,
        )
        return Answer(self.steps.histogram(total, errors), meta)

    def _candidates(self) -> list[bytes]:
        """Return a random part of the traces that may be answers, the same for the same question."""
        params = Params()
        with self.read.during("candidates"):
            inner = in_window(self.read, self.pipeline, self.steps.window, params)
            sql = f"""
                SELECT trace_id, count() OVER () AS every FROM ({inner})
                ORDER BY cityHash64(trace_id) LIMIT {MOST_TRACES}
            """
            found = self.read.query(sql, params.values)
        self.every = int(found.column("every")[0].as_py()) if found.num_rows else 0
        return list(found.column("trace_id").to_pylist())

    def _look(self, ids: Sequence[bytes], judge: Judge) -> None:
        needed = Needed()
        needs(self.pipeline.stages, needed)
        spans = 0
        for at in range(0, len(ids), BATCH_TRACES):
            part = ids[at : at + BATCH_TRACES]
            with self.read.during("bounds of candidates"):
                known = lookup(self.read, part)
            spans += sum(one.spans for one in known.values())
            if at and spans > MOST_SPANS:
                return
            counts = [self._batch(batch, needed) for batch in judge.batches(list(known.values()))]
            for total, errors, square in counts:
                self.total += total
                self.errors += errors
                self.square += square
            self.looked += len(part)

    def _batch(self, traces: Sequence[IndexedTrace], needed: Needed) -> tuple[Floats, Floats, float]:
        """Return the counts of some traces."""
        with self.read.during("verdicts"):
            rows = load(self.read, traces, list(needed.conditions), list(needed.values))
        window, start = self.steps.window, rows.forest.start
        hit = np.flatnonzero(run(self.pipeline, rows).mask & (start >= window.from_ns) & (start <= window.to_ns))
        step = start[hit] // self.steps.ns - self.steps.first
        failed = step[rows.status[hit] == Status.ERROR]
        each = np.bincount(rows.forest.trace[hit], minlength=len(traces)).astype(np.float64)
        count = self.steps.count
        return (
            np.bincount(step, minlength=count).astype(np.float64),
            np.bincount(failed, minlength=count).astype(np.float64),
            float((each**2).sum()),
        )

    def _interval(self, rate: float) -> tuple[float, float]:
        """Return the 95 % interval of the total: traces were drawn without putting them back."""
        counted = float(self.total.sum())
        middle = counted / rate
        spread = max(self.square / self.looked - (counted / self.looked) ** 2, 0.0)
        half = Z * self.every * np.sqrt(spread * (1 - rate) / self.looked)
        return max(middle - half, counted), middle + half
