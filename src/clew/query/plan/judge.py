"""Decides about candidates: a pipeline over all spans of each trace, many traces at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from clew.derive.numbers import Ints
from clew.query.answer import Truncated
from clew.query.hunt import SpentError
from clew.query.index import IndexedTrace
from clew.query.plan.found import Cell, FoundSpan, FoundTrace, Spanset
from clew.query.plan.pipeline import Sets, needs, run, sort_keys
from clew.query.plan.spanrows import SpanRows, load
from clew.query.plan.treeexpr import Needed, value
from clew.query.plan.typed import Typed
from clew.query.read import Read
from clew.query.traceql.ast import Field, Pipeline, Sort

BATCH_SPANS = 300_000
"""Most spans that are evaluated at a time, unless one trace has more."""
MAX_TRACE_SPANS = 2_000_000
"""A larger trace is left out."""
MAX_SPANS = 20_000_000
"""Most spans that one search evaluates."""
READ_AHEAD = 64
"""So many candidates are read together with what answers show."""
MAX_SPANSETS = 100
"""Most spansets of a trace that are returned."""


class Judge:
    """One pipeline and what it has found out so far."""

    def __init__(
        self, read: Read, pipeline: Pipeline, spans: int = 0, shown: Mapping[str, Field] | None = None
    ) -> None:
        """Prepare for decisions.

        Args:
            read: the running read.
            pipeline: the query, without link operators.
            spans: most spans of a spanset in answers.
            shown: fields that these spans come with, by the names that they have there.
        """
        self.read = read
        self.pipeline = pipeline
        self.cut: Truncated | None = None
        """Why some candidates were not looked into."""
        self.sort = next((one for one in pipeline.stages if isinstance(one, Sort)), None)
        self.keys: dict[bytes, Cell] = {}
        """What traces are sorted by."""
        self.hits: list[tuple[bytes, int]] | None = None
        """Spans of all answers, where somebody collects them."""
        self._needed = Needed()
        needs(pipeline.stages, self._needed)
        self._spans = 0
        self._most, self._shown = spans, shown or {}
        self._full = Needed()
        needs(pipeline.stages, self._full)
        for one in self._shown.values():
            self._full.value(one)
        self._made: dict[bytes, FoundTrace] = {}
        """Answers from the first candidates, which are mostly those of the page: their spans are read once."""

    def decide(self, traces: Sequence[IndexedTrace]) -> list[IndexedTrace]:
        """Return the traces out of which spansets come.

        Raises:
            SpentError: more spans than a search looks into.
            QueryLimitError: time, memory or rows are used up.
        """
        kept: list[IndexedTrace] = []
        for batch in self.batches(traces):
            self._spans += sum(trace.spans for trace in batch)
            if self._spans > MAX_SPANS:
                hint = "add conditions, or choose a shorter range"
                raise SpentError(Truncated("more spans than one search looks into", MAX_SPANS, hint))
            with self.read.during("verdicts"):
                first = self._most > 0 and len(batch) + len(self._made) <= READ_AHEAD
                rows = self._load(batch, self._full if first else self._needed)
            sets = run(self.pipeline, rows)
            if first:
                self._made.update((one.trace_id, one) for one in _answers(sets, rows, self._most, self._shown))
            hit = np.unique(rows.forest.trace[sets.mask]).tolist()
            if self.hits is not None:
                at = np.flatnonzero(sets.mask)
                traces_of = [batch[one].trace_id for one in rows.forest.trace[at].tolist()]
                self.hits += zip(traces_of, rows.forest.span[at].tolist(), strict=True)
            if self.sort is not None:
                keys = sort_keys(self.sort, sets, rows)
                self.keys.update((batch[one].trace_id, keys[one]) for one in hit)
            kept += [batch[one] for one in hit]
        return kept

    def batches(self, traces: Sequence[IndexedTrace]) -> Iterator[list[IndexedTrace]]:
        """Yield traces so many at a time as are evaluated together; `cut` says when one is too large for that."""
        batch: list[IndexedTrace] = []
        spans = 0
        for trace in traces:
            if trace.spans > MAX_TRACE_SPANS:
                hint = "open the trace itself and filter there"
                self.cut = Truncated("a trace was left out for its size in spans", MAX_TRACE_SPANS, hint)
                continue
            if batch and spans + trace.spans > BATCH_SPANS:
                yield batch
                batch, spans = [], 0
            batch.append(trace)
            spans += trace.spans
        if batch:
            yield batch

    def _load(self, traces: Sequence[IndexedTrace], needed: Needed) -> SpanRows:
        return load(self.read, traces, list(needed.conditions), list(needed.values))

    def answers(self, traces: Sequence[IndexedTrace]) -> list[FoundTrace]:
        """Return traces with their spansets, in the order given; without those that are answers no more."""
        missing = [one for one in traces if one.trace_id not in self._made]
        with self.read.during("rows"):
            for batch in self.batches(missing):
                rows = self._load(batch, self._full)
                made = _answers(run(self.pipeline, rows), rows, self._most, self._shown)
                self._made.update((one.trace_id, one) for one in made)
        return [self._made[one.trace_id] for one in traces if one.trace_id in self._made]


def _answers(sets: Sets, rows: SpanRows, spans: int, shown: Mapping[str, Field]) -> Iterator[FoundTrace]:
    spansets = _spansets(sets, rows, spans, {name: value(one, rows) for name, one in shown.items()})
    stats, gaps = rows.stats(), rows.forest.gaps(len(rows.traces))
    for number, trace in enumerate(rows.traces):
        if spansets[number]:
            count, errors, services = stats[number]
            yield FoundTrace(
                trace.trace_id,
                trace.first,
                trace.duration,
                trace.root_service if trace.has_root else None,
                trace.root_name if trace.has_root else None,
                count,
                errors,
                services,
                spansets[number],
                int(rows.copies[number]),
                gaps[number],
            )


def _spansets(sets: Sets, rows: SpanRows, most: int, fields: dict[str, Typed]) -> list[list[Spanset]]:
    """Return the spansets of each trace, those with the earliest spans first."""
    at = np.flatnonzero(sets.mask)
    order = np.argsort(sets.group[at], kind="stable")
    at = at[order]
    groups, heads, counts = np.unique(sets.group[at], return_index=True, return_counts=True)
    found: list[list[Spanset]] = [[] for _ in rows.traces]
    for group, head, count in sorted(
        zip(groups.tolist(), heads.tolist(), counts.tolist(), strict=True), key=lambda one: int(at[one[1]])
    ):
        mine = found[int(sets.trace[group])]
        if len(mine) < MAX_SPANSETS:
            attributes = {name: values[group] for name, values in sets.attributes.items()}
            mine.append(Spanset(count, _spans(rows, at[head : head + min(count, most)], fields), attributes))
    return found


def _spans(rows: SpanRows, at: Ints, fields: dict[str, Typed]) -> list[FoundSpan]:
    cells = {name: column.take(at).cells() for name, column in fields.items()}
    return [
        FoundSpan(
            int(rows.forest.span[row]),
            rows.services[rows.service[row]],
            rows.names[rows.name[row]],
            int(rows.forest.kind[row]),
            int(rows.status[row]),
            int(rows.forest.start[row]),
            int(rows.duration[row]),
            {name: column[place] for name, column in cells.items() if column[place] is not None},
        )
        for place, row in enumerate(at.tolist())
    ]
