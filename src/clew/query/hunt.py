"""The hunt for the newest traces of a question: widening windows from the newest backwards, page by page.

A trace qualifies when it overlaps the window; all of its spans count then, those outside the window too. Spans are
scanned in widening windows from the newest backwards. A trace starts at or before its first match, so every trace that
starts within the windows scanned so far is known, and those are handed out; a trace that starts earlier is held back
until the windows reach its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clew.query.answer import Total, Truncated, Window
from clew.query.cursor import Cursor, Place
from clew.query.index import MAX_CROSSING, NS_PER_S, IndexedTrace, crossing, lookup
from clew.query.read import Read
from clew.query.scan import Candidate, Span, floor_bucket
from clew.store.errors import QueryLimitError

FIRST_WINDOW_NS = 600 * NS_PER_S
INDEXED_WINDOW_NS = 3600 * NS_PER_S
"""The first window where the attribute index finds the few spans that may match."""
MIN_GROWTH, MAX_GROWTH = 2, 36
AHEAD_NS = 600 * NS_PER_S
LAST = 0.1
"""The share of the time that is left for showing after what waits was looked up."""
SPARE = 4
"""How many more traces than the page takes are looked up first."""


class Source(Protocol):
    """Where candidates come from, and who decides about them."""

    @property
    def whole_traces(self) -> bool:
        """Whether no condition is on a span, so that candidates are found by the start of the trace alone."""

    @property
    def indexed(self) -> bool:
        """Whether an index narrows the scan to a few spans."""

    @property
    def cap(self) -> int:
        """Most candidates of one range."""

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return up to `cap` traces, latest first, whose first hit in the range lies behind `behind`."""

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which of these traces have a hit in the range."""

    def decide(self, traces: Sequence[IndexedTrace]) -> Sequence[IndexedTrace]:
        """Return which of these traces are answers.

        Raises:
            SpentError: deciding would take more than a search may.
            QueryLimitError: time, memory or rows are used up.
        """


class SpentError(Exception):
    """A search has used up what it may look into; what it found so far is the answer."""

    def __init__(self, truncated: Truncated) -> None:
        super().__init__(truncated.reason)
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class Quest:
    """How much of what to hunt."""

    window: Window
    limit: int = 20
    cursor: Cursor | None = None
    of_span: bool = False
    """The window holds for the start of the hit, not for its trace: no hit outside counts."""


@dataclass(frozen=True, slots=True)
class Catch:
    """A page of traces and what stands in its meta."""

    traces: list[IndexedTrace]
    cursor: str | None
    total: Total
    truncated: Truncated | None


@dataclass
class Hunt:
    """The state of one search."""

    read: Read
    query: Quest
    source: Source
    found: dict[bytes, IndexedTrace] = field(default_factory=dict)
    """Traces that qualify, whenever they start."""
    waiting: dict[bytes, int] = field(default_factory=dict)
    """Candidates not looked up yet, with their latest possible start."""
    seen: set[bytes] = field(default_factory=set)
    floor: int = 2**63
    """Every trace with a match that starts at or after this is in `found` or `waiting`."""
    done: bool = False
    cut: Truncated | None = None
    limit: QueryLimitError | None = None
    """The limit that ended it."""

    def __post_init__(self) -> None:
        window, cursor = self.query.window, self.query.cursor
        self.top = min(window.to_ns, cursor.place.start) if cursor else window.to_ns
        self.first_top = self.top

    @property
    def full(self) -> bool:
        """Whether one more trace than the page takes is known for sure."""
        bound = self._bound
        return sum(trace.first >= bound for trace in self.found.values()) > self.query.limit

    @property
    def _bound(self) -> int:
        """Every answer that starts at or after this is in `found`."""
        return max(self.floor, max(self.waiting.values(), default=-1) + 1)

    def run(self, now: int) -> list[IndexedTrace]:
        """Return the traces of the page, for answers that cannot say that they are cut.

        Raises:
            QueryLimitError: time, memory or rows were used up before the page was full.
        """
        for _ in self.windows(now):
            if self.full:
                break
        if self.limit is not None:
            raise self.limit
        return self.page().traces

    def windows(self, now: int) -> Iterator[int]:
        """Scan window by window, newest first; yields the lower end of what is known.

        A limit that is passed on the way ends the hunt: what was found so far is the answer, and `cut` says why.
        """
        steps = self._windows(now)
        while True:
            try:
                with self.read.sparing():
                    low = next(steps, None)
            except SpentError as spent:
                self.cut = spent.truncated
                return
            except QueryLimitError as error:
                self.limit = error
                self.cut = Truncated(error.detail, int(error.limit), error.hint)
                self._last_look()
                return
            if low is None:
                return
            yield low

    def _last_look(self) -> None:
        """Look up what waits in a part of the time that was spared, so that it is not lost."""
        try:
            with self.read.sparing(LAST):
                self._look_up()
        except (SpentError, QueryLimitError):
            return  # what was looked up until now counts

    def _windows(self, now: int) -> Iterator[int]:
        low_end = self.query.window.from_ns
        high, width = self.top, INDEXED_WINDOW_NS if self.source.indexed else FIRST_WINDOW_NS
        if not (self.source.whole_traces or self.query.of_span):
            if self.top >= now:
                high = max(self.top, now + AHEAD_NS)
            else:
                self._beyond()
        while not self.done and high >= low_end:
            before = len(self.seen)
            reach = min(high, self.first_top)
            low = max(low_end, floor_bucket(max(reach - width, 0)) * NS_PER_S)
            yield from self._window(Span(low, high))
            hits = max(len(self.seen) - before, 1)
            width *= min(max(4 * self.query.limit // hits, MIN_GROWTH), MAX_GROWTH)
            high = low - 1
        self.floor = -1
        self.done = True
        if not self.query.of_span:
            self._before()
        self._look_up()
        yield low_end

    def _window(self, span: Span) -> Iterator[int]:
        """Scan one window, in pieces when it holds more candidates than one scan returns."""
        behind: Candidate | None = None
        while True:
            with self.read.during("candidates"):
                candidates = self.source.range(span, behind=behind)
            self._add(candidates)
            whole = len(candidates) < self.source.cap
            self.floor = span.low if whole else candidates[-1].seen + 1
            self._look_up()
            yield self.floor
            if whole:
                return
            behind = candidates[-1]

    def _add(self, candidates: Sequence[Candidate]) -> None:
        for one in candidates:
            if one.trace_id not in self.seen:
                self.seen.add(one.trace_id)
                self.waiting[one.trace_id] = one.seen

    def _look_up(self) -> None:
        """Find the starts of candidates, latest first, until the page is full or none is left.

        While there are too few to fill the page they wait for the next window.
        """
        if not (self.done or self.cut) and len(self.found) + len(self.waiting) <= self.query.limit:
            return
        size = self.query.limit + SPARE
        while self.waiting and not self.full:
            ids = sorted(self.waiting, key=lambda one: (self.waiting[one], one), reverse=True)[:size]
            before = len(self.found)
            with self.read.during("bounds of candidates"):
                traces = list(lookup(self.read, ids).values())
            self._keep(traces)
            for one in ids:
                del self.waiting[one]
            size *= 2 if 4 * (len(self.found) - before) > len(ids) else 8

    def _keep(self, traces: Sequence[IndexedTrace]) -> None:
        window, cursor = self.query.window, self.query.cursor
        inside = [
            trace
            for trace in traces
            if trace.first <= window.to_ns
            and trace.last >= window.from_ns
            and (cursor is None or Place(trace.first, trace.trace_id) < cursor.place)
        ]
        if inside:
            self.read.check()
            self.found.update((trace.trace_id, trace) for trace in self.source.decide(inside))

    def _beyond(self) -> None:
        """Add traces that start in time and whose matches lie after the end of the window, or of what is left of it."""
        inside = self.query.window if self.top < self.query.window.to_ns else None
        self._edge(self.top, Span(self.top + 1, 2**63 - 1), inside)

    def _before(self) -> None:
        """Add traces that reach into the window and whose matches lie before it."""
        start = self.query.window.from_ns
        if start > 0:
            self._edge(start - 1, Span(0, start - 1))

    def _edge(self, edge_ns: int, span: Span, inside: Window | None = None) -> None:
        with self.read.during("traces over an edge"):
            traces = crossing(self.read, edge_ns, inside)
        if len(traces) >= MAX_CROSSING:
            self.cut = _crowded()
        fresh = [trace for trace in traces if trace.trace_id not in self.seen]
        if self.source.whole_traces:
            hits = {trace.trace_id for trace in fresh}
        else:
            with self.read.during("traces over an edge"):
                hits = {one.trace_id for one in self.source.of(fresh, span)}
        self.seen |= hits
        self._keep([trace for trace in fresh if trace.trace_id in hits])

    def page(self) -> Catch:
        """Return the page: the latest traces that are known for sure."""
        query, bound = self.query, self._bound
        sure = sorted(
            (trace for trace in self.found.values() if trace.first >= bound),
            key=lambda trace: Place(trace.first, trace.trace_id),
            reverse=True,
        )
        taken = sure[: query.limit]
        shown = (query.cursor.shown if query.cursor else 0) + len(taken)
        end: Place | None = None
        if len(sure) > query.limit:
            end = Place(taken[-1].first, taken[-1].trace_id)
        elif (self.waiting or not self.done) and bound <= self.top:  # ended early: the next page begins where it ended
            end = Place(bound, bytes(16))
        total = Total(shown - len(taken) + len(self.found), exact=self.done and not self.waiting and self.cut is None)
        cursor = Cursor(end, shown, query.window.to_ns).text() if end else None
        return Catch(taken, cursor, total, self.cut)


def _crowded() -> Truncated:
    return Truncated(
        "more traces cross an edge of the range than are looked into", MAX_CROSSING, "choose another time range"
    )
