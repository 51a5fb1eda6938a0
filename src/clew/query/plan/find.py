"""Searches: traces out of which a pipeline makes spansets, newest first or sorted, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.cursor import parse_cursor
from clew.query.errors import InvalidQueryError, InvalidRequestError
from clew.query.filters import Filter
from clew.query.hunt import Hunt, Quest
from clew.query.index import IndexedTrace
from clew.query.patterns import check_texts
from clew.query.plan.candidates import FormulaScan, UnionScan
from clew.query.plan.found import Ask, Found, FoundTrace
from clew.query.plan.judge import READ_AHEAD, Judge
from clew.query.plan.led import LedScan
from clew.query.plan.links import MAX_LINKED, Links
from clew.query.plan.necessity import ANY_TRACE, All, Formula, Some, alternatives, formula
from clew.query.plan.pipeline import check, order_key
from clew.query.plan.placed import Places
from clew.query.plan.spent import bounded
from clew.query.plan.walk import mentioned, patterns
from clew.query.read import Read
from clew.query.scan import Candidate, Scan, Span
from clew.query.search import FilterScan, Progress
from clew.query.structure import incomplete
from clew.query.traceql import ast
from clew.query.traceql.ast import Pipeline, Query, Sort
from clew.query.traceql.lower import conjunction_of, plain_parts
from clew.query.traceql.text import print_expression as text

FEW = 20_000
"""So many spans of an index are looked at one by one."""
EVER = Span(0, 2**63 - 1)
MAX_SORTED = 10_000
"""Most traces that are sorted."""


def find(read: Read, query: Query, ask: Ask, now: int) -> Answer[Found]:
    """Return one page of a search.

    Raises:
        InvalidQueryError: it gives series, or cannot be evaluated.
        InvalidRequestError: the cursor is none of ours.
    """
    *_, last = finds(read, query, ask, now)
    assert isinstance(last, Answer)  # noqa: S101 - the last event is the answer
    return last


def finds(read: Read, query: Query, ask: Ask, now: int) -> Iterator[Progress | Answer[Found]]:
    """Yield the progress after each window, and the page at the end."""
    with bounded():
        search = Finding(read, searched(read, query), ask)
        yield from search.sorted(now) if search.judge.sort else search.newest(now)


def searched(read: Read, query: Query) -> Pipeline:
    """Return the pipeline of a search that can be evaluated.

    Raises:
        InvalidQueryError: it gives series, or cannot be evaluated.
    """
    if not isinstance(query.root, Pipeline):
        hint = "ask for series with /api/v1/query, or leave the metrics function out"
        raise InvalidQueryError(
            "this query gives series, no traces", start=query.pos.start, end=query.pos.end, hint=hint
        )
    check(query.root.stages)
    with read.during("check of patterns"):
        check_texts(read, patterns(query.root), query.text)
    return query.root


@dataclass
class JudgedScan:
    """Candidates of a scan, decided about over their whole traces."""

    scan: Scan | UnionScan | FormulaScan | LedScan
    judge: Judge
    together: FormulaScan | None = None
    """Looks for all that an answer must have, where the scan looks for a part of it."""

    @classmethod
    def cheapest(cls, read: Read, wanted: Formula, judge: Judge, window: Window) -> JudgedScan:
        """Return the cheapest scan for a formula.

        Where several things must hold and the attribute index finds few spans for one of them, that one alone is
        scanned: the traces that it leads to are decided about anyway.
        """
        if wanted == ANY_TRACE:
            return cls(Scan(read, []), judge)
        needed = conjunction_of(wanted.where) if isinstance(wanted, Some) else None
        if needed is not None:
            return cls(Scan(read, needed), judge)
        either = [Scan(read, plain_parts(one)) for one in alternatives(wanted)]
        if len(either) > 1 and all(scan.decided for scan in either):
            return cls(UnionScan(either), judge)
        parts = wanted.parts if isinstance(wanted, All) else (wanted,)
        scans = [Scan(read, plain_parts(one.where)) for one in parts if isinstance(one, Some)]
        span, fewest, best = Span(window.from_ns, window.to_ns), FEW + 1, None
        for scan in scans:
            if scan.decided:
                with read.during("how many the index finds"):
                    count = scan.probe(span, fewest)
                if count < fewest:
                    fewest, best = count, scan
        if best is not None:
            return cls(best, judge, FormulaScan(read, wanted) if isinstance(wanted, All) else None)
        if isinstance(wanted, All):
            return cls(LedScan(read, wanted, window), judge, FormulaScan(read, wanted))
        return cls(FormulaScan(read, wanted), judge)

    @property
    def table(self) -> str:
        """Where candidates are read from."""
        return self.scan.table

    @property
    def cap(self) -> int:
        """Most candidates of one range."""
        return self.scan.cap

    @property
    def whole_traces(self) -> bool:
        """Whether candidates are found by the start of the trace alone."""
        return self.scan.whole_traces

    @property
    def indexed(self) -> bool:
        """Whether an index narrows the scan."""
        return self.scan.indexed

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return candidates of a range."""
        return self.scan.range(span, behind=behind)

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which traces are candidates."""
        return self.scan.of(traces, span)

    def decide(self, traces: Sequence[IndexedTrace]) -> Sequence[IndexedTrace]:
        """Return the traces that are answers; of many, those that have all that is needed are evaluated alone."""
        partial = not isinstance(self.scan, LedScan) or self.scan.alone
        if self.together is not None and partial and len(traces) > READ_AHEAD:
            with self.judge.read.during("candidates among those"):
                kept = {one.trace_id for one in self.together.of(traces, EVER)}
            traces = [one for one in traces if one.trace_id in kept]
        return self.judge.decide(traces)


class Finding:
    """One search."""

    def __init__(self, read: Read, pipeline: Pipeline, ask: Ask) -> None:
        self.read = read
        self.ask = ask
        self.links = Links(read, ask.window, self._hits)
        with read.during("links"):
            pipeline = self.links.pipeline(pipeline)
        places = Places(read, pipeline)
        shown = {text(one): places.field(one) for one in mentioned(pipeline)}
        pipeline = places.pipeline(pipeline)
        self.judge = Judge(read, pipeline, ask.spans_per_spanset, shown)
        self.formula = formula(pipeline)
        self.source = source(read, pipeline, self.formula, self.judge, ask.window)

    def _hits(self, pipeline: Pipeline) -> list[tuple[bytes, int]]:
        """Return the spans of all answers of another pipeline in the same range."""
        inner = Finding(self.read, pipeline, Ask(self.ask.window, MAX_SORTED))
        inner.judge.hits = []
        hunt = Hunt(
            self.read,
            Quest(self.ask.window, MAX_SORTED),
            JudgedScan.cheapest(self.read, inner.formula, inner.judge, self.ask.window),
        )
        for _ in hunt.windows(self.ask.window.to_ns):
            if hunt.full or len(inner.judge.hits) > MAX_LINKED:
                break
        self.links.cut = hunt.cut or inner.links.cut or self.links.cut
        return inner.judge.hits[:MAX_LINKED]

    def newest(self, now: int) -> Iterator[Progress | Answer[Found]]:
        """Find the newest traces."""
        ask = self.ask
        cursor = parse_cursor(ask.cursor) if ask.cursor else None
        window = Window(ask.window.from_ns, cursor.to_ns) if cursor else ask.window
        hunt = Hunt(self.read, Quest(window, ask.limit, cursor), self.source)
        for low in hunt.windows(now):
            yield Progress(low, len(hunt.seen), self.read.scanned.rows)
            if hunt.full:
                break
        catch = hunt.page()
        traces = self.judge.answers(catch.traces)
        yield self._answer(traces, catch.cursor, catch.total, catch.truncated, window)

    def sorted(self, now: int) -> Iterator[Progress | Answer[Found]]:
        """Find all traces, and return a page of them in the order asked for."""
        ask = self.ask
        shown, to_ns = parse_place(ask.cursor) if ask.cursor else (0, ask.window.to_ns)
        window = Window(ask.window.from_ns, to_ns)
        hunt = Hunt(self.read, Quest(window, MAX_SORTED), self.source)
        for low in hunt.windows(now):
            yield Progress(low, len(hunt.seen), self.read.scanned.rows)
            if hunt.full:
                break
        catch = hunt.page()
        cut = catch.truncated
        if not catch.total.exact and cut is None:
            cut = Truncated(
                "only the newest traces are sorted", MAX_SORTED, "choose a shorter range, or add conditions"
            )
        sort, keys = self.judge.sort, self.judge.keys
        assert sort is not None  # noqa: S101 - asked before
        ranked = sorted(catch.traces, key=lambda one: order_key(keys[one.trace_id]), reverse=sort.descending)
        taken = ranked[shown : shown + ask.limit]
        more = shown + len(taken) < len(ranked)
        traces = self.judge.answers(taken)
        yield self._answer(traces, _place(shown + len(taken), to_ns) if more else None, catch.total, cut, window)

    def _answer(
        self, traces: list[FoundTrace], cursor: str | None, total: Total, cut: Truncated | None, window: Window
    ) -> Answer[Found]:
        meta = Meta(
            total=total,
            returned=len(traces),
            truncated=cut or self.judge.cut or self.links.cut,
            scanned=self.read.scanned,
            window=window,
            duplicates=sum(one.duplicates for one in traces),
            incomplete=incomplete([(one.trace_id.hex(), one.gaps) for one in traces]),
        )
        return Answer(Found(traces, cursor), meta)


def conjunction(query: Query) -> list[Filter] | None:
    """Return the filters of a query that is one conjunction, `None` for any other."""
    return filters_of(query.root) if isinstance(query.root, Pipeline) else None


def plain(read: Read, query: Query) -> list[Filter] | None:
    """Return the filters of a query that is one conjunction, on the levels that have their keys; `None` for others."""
    if conjunction(query) is None or not isinstance(query.root, Pipeline):
        return None
    return filters_of(Places(read, query.root).pipeline(query.root))


def sort_of(query: Query) -> Sort | None:
    """Return how a search is sorted, `None` for newest first."""
    stages = query.root.stages if isinstance(query.root, Pipeline) else ()
    return next((one for one in stages if isinstance(one, Sort)), None)


def filters_of(pipeline: Pipeline) -> list[Filter] | None:
    """Return the filters of a pipeline that is one conjunction, `None` for any other."""
    only = pipeline.stages[0] if len(pipeline.stages) == 1 else None
    return conjunction_of(only.where) if isinstance(only, ast.Filter) else None


def source(read: Read, pipeline: Pipeline, wanted: Formula, judge: Judge, window: Window) -> FilterScan | JudgedScan:
    """Return the cheapest source of candidates: a plain conjunction needs no evaluation of its traces."""
    filters = filters_of(pipeline)
    if filters is not None:
        return FilterScan(read, filters)
    return JudgedScan.cheapest(read, wanted, judge, window)


def _place(shown: int, to_ns: int) -> str:
    return base64.urlsafe_b64encode(f"sorted.{shown}.{to_ns}".encode()).decode().rstrip("=")


def parse_place(text: str) -> tuple[int, int]:
    """Return how many traces of a sorted search were shown, and the end of its range.

    Raises:
        InvalidRequestError: the cursor is none of ours.
    """
    try:
        word, shown, to_ns = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
        if word == "sorted" and int(shown) >= 0:
            return int(shown), int(to_ns)
    except (ValueError, binascii.Error):
        pass
    hint = "pass the cursor of the page before, unchanged"
    raise InvalidRequestError("cursor", text[:80], "is no cursor of a sorted search", hint=hint)
