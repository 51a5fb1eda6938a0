"""Candidates of a formula of which several parts must hold: the part that is rarest and cheapest to look for leads.

The first window is read for all parts at once: where answers are frequent that fills the page. Only then a sample tells
how rare each part is and what reading it costs. A part that leads is scanned alone, so that its columns are the only
ones read for all rows; the others are looked at in the traces that it leads to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clew.model import BUCKET_S
from clew.query.answer import Window
from clew.query.index import IndexedTrace
from clew.query.params import Params
from clew.query.plan.candidates import FormulaScan
from clew.query.plan.fieldsql import FieldSql, level_of
from clew.query.plan.necessity import All, Formula, Some, conditions
from clew.query.predicates import Days
from clew.query.read import Read
from clew.query.scan import Candidate, Scan, Span, floor_bucket
from clew.query.traceql.ast import Attribute, Level
from clew.query.traceql.lower import conjunction_of, fields

CAP = 10_000
"""Most candidates of one scan: more than elsewhere, because most of them will not be answers."""
SAMPLED = 4
"""Buckets of the sample, spread over the range."""
APART = 1.5
"""What rows cost that are read for all parts at once, against those of one part: no column can wait for another."""
GRANULE = 4096
"""Rows of `spans` that are read to look at one trace."""
CANDIDATE = 10_000.0
"""What one candidate costs, in values of a plain column read."""
WEIGHTS = {
    Level.SPAN: 20.0,
    Level.RESOURCE: 2.0,
    Level.INSTRUMENTATION: 2.0,
    Level.EVENT: 30.0,
    Level.LINK: 30.0,
    Level.ANY: 50.0,
}
"""What a row of the columns of each level costs, against one of a plain column."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a formula, as a sample shows it."""

    formula: Formula
    hits: float
    """Spans that pass some condition of it in the whole range, estimated."""
    weight: float
    """What its columns cost per row."""


class LedScan:
    """Looks for the traces of a part that leads, after one window of all parts together."""

    whole_traces = False
    cap = CAP

    def __init__(self, read: Read, formula: All, window: Window) -> None:
        self.read = read
        self._formula = formula
        self._window = window
        self._together = FormulaScan(read, formula, CAP)
        self._first: Span | None = None
        self._second: Span | None = None
        self._leader: Scan | FormulaScan | None = None
        self.table, self.indexed = self._together.table, self._together.indexed

    @property
    def alone(self) -> bool:
        """Whether candidates have but one part for sure."""
        return self._leader is not None and self._leader is not self._together

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return up to `CAP` traces whose first hit in the range lies behind `behind`.

        The first window is read again with the second: the leader's hits there may belong to traces that start before.
        """
        if self._leader is None:
            if self._first is None or self._first == span:
                self._first = span
                return self._together.range(span, behind=behind)
            self._leader, self._second = self._chosen(span), span
        if self.alone and span == self._second and self._first is not None:
            span = Span(span.low, self._first.high)
        return self._leader.range(span, behind=behind)

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which of these traces have all hits, wherever they lie."""
        return self._together.of(traces, span)

    def _chosen(self, span: Span) -> Scan | FormulaScan:
        """Return what is scanned from the second window on."""
        first, last = floor_bucket(self._window.from_ns), floor_bucket(span.high)
        buckets = (last - first) // BUCKET_S + 1
        with self.read.during("how rare each part is"):
            rows, parts = self._sample(first, buckets)
        scale = buckets / min(SAMPLED, buckets)
        part = leader([Part(one, hits * scale, weight(one)) for one, hits in parts], rows * scale)
        if part is None:
            return self._together
        needed = conjunction_of(part.where) if isinstance(part, Some) else None
        return FormulaScan(self.read, part, CAP) if needed is None else Scan(self.read, needed, CAP)

    def _sample(self, first: int, buckets: int) -> tuple[int, list[tuple[Formula, int]]]:
        """Return the spans of some buckets, and how many pass each part."""
        count = min(SAMPLED, buckets)
        taken = [first + (2 * number + 1) * buckets // (2 * count) * BUCKET_S for number in range(count)]
        params = Params()
        days = Days(params.day(taken[0] * 10**9), params.day(taken[-1] * 10**9))
        sql = FieldSql(params, days)
        items = [
            f"countIf({' OR '.join(f'({sql.condition(one)})' for one in conditions(part))}) AS n{number}"
            for number, part in enumerate(self._formula.parts)
        ]
        listed = params.bind(taken, "Array(DateTime('UTC'))")
        statement = f"""
            {sql.prologue} SELECT count() AS n, {", ".join(items)} FROM {self.table} {sql.joins.sql(params, days)}
            WHERE tenant = {{tenant:String}} AND bucket IN {listed}
        """
        row = self.read.query(statement, params.values).to_pylist()[0]
        return row["n"], [(part, row[f"n{number}"]) for number, part in enumerate(self._formula.parts)]


def leader(parts: Sequence[Part], rows: float) -> Formula | None:
    """Return the part that leads, `None` where reading all parts at once is cheaper.

    Costs are counted in values of a plain column. A part that leads is read for all rows; each of its candidates costs
    a look at its trace, and the granule in which all parts are looked for.
    """
    every = sum(one.weight for one in parts)
    costs = [rows * one.weight + min(one.hits * GRANULE, rows) * every + one.hits * CANDIDATE for one in parts]
    least = min(range(len(parts)), key=lambda number: costs[number])
    return parts[least].formula if costs[least] < rows * every * APART else None


def weight(formula: Formula) -> float:
    """Return what the columns of a part cost per row."""
    return sum(_weights(formula))


def _weights(formula: Formula) -> Iterator[float]:
    for field in {one for where in conditions(formula) for one in fields(where)}:
        plain = not isinstance(field, Attribute) and level_of(field) is Level.SPAN
        service = isinstance(field, Attribute) and field.level is Level.RESOURCE and field.key == "service.name"
        yield 1.0 if plain or service else WEIGHTS[level_of(field)]
