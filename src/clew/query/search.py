"""Search: traces with a span that passes every filter, newest first, page by page.

A trace qualifies when it overlaps the window; all of its spans count then, those outside the window too. Spans are
scanned in widening windows from the newest backwards. A trace starts at or before its first match, so every trace that
starts within the windows scanned so far is known, and those are handed out; a trace that starts earlier is held back
until the windows reach its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.cursor import Cursor, Place, parse_cursor
from clew.query.filters import Filter
from clew.query.hydrate import TraceRow, hydrate
from clew.query.index import MAX_CROSSING, NS_PER_S, IndexedTrace, crossing, lookup
from clew.query.patterns import check_patterns
from clew.query.read import Read
from clew.query.scan import CAP, Candidate, Scan, Span, floor_bucket
from clew.query.tracefilters import decide

FIRST_WINDOW_NS = 600 * NS_PER_S
INDEXED_WINDOW_NS = 3600 * NS_PER_S
"""The first window where the attribute index finds the few spans that may match."""
MIN_GROWTH, MAX_GROWTH = 2, 36
AHEAD_NS = 600 * NS_PER_S
SPARE = 4
"""How many more traces than the page takes are looked up first."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to search."""

    filters: Sequence[Filter]
    window: Window
    limit: int = 20
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results."""

    traces: list[TraceRow]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come."""

    reached_ns: int
    found: int
    rows: int


def plan(filters: Sequence[Filter], window: Window, limit: int, cursor: str | None) -> SearchQuery:
    """Return a query; a cursor pins the end of the window, so that `now` does not move between pages.

    Raises:
        InvalidRequestError: the cursor is none of ours.
    """
    place = parse_cursor(cursor) if cursor else None
    return SearchQuery(filters, Window(window.from_ns, place.to_ns) if place else window, limit, place)


def search(read: Read, query: SearchQuery, now: int) -> Answer[Page]:
    """Return one page."""
    *_, last = events(read, query, now)
    assert isinstance(last, Answer)  # noqa: S101 - the last event is the answer
    return last


def events(read: Read, query: SearchQuery, now: int) -> Iterator[Progress | Answer[Page]]:
    """Yield the progress after each window, and the page at the end."""
    check_patterns(read, query.filters)
    hunt = _Hunt(read, query)
    for low in hunt.windows(now):
        yield Progress(low, len(hunt.seen), read.scanned.rows)
        if hunt.full:
            break
    yield hunt.page()


@dataclass
class _Hunt:
    """The state of one search."""

    read: Read
    query: SearchQuery
    found: dict[bytes, IndexedTrace] = field(default_factory=dict)
    """Traces that qualify, whenever they start."""
    waiting: dict[bytes, int] = field(default_factory=dict)
    """Candidates not looked up yet, with their latest possible start."""
    seen: set[bytes] = field(default_factory=set)
    floor: int = 2**63
    """Every trace with a match that starts at or after this is in `found` or `waiting`."""
    done: bool = False
    cut: bool = False

    def __post_init__(self) -> None:
        window, cursor = self.query.window, self.query.cursor
        self.scan = Scan(self.read, self.query.filters)
        self.top = min(window.to_ns, cursor.place.start) if cursor else window.to_ns
        self.first_top = self.top

    @property
    def full(self) -> bool:
        """Whether one more trace than the page takes is known for sure."""
        bound = max(self.floor, max(self.waiting.values(), default=-1) + 1)
        return sum(trace.first >= bound for trace in self.found.values()) > self.query.limit

    def windows(self, now: int) -> Iterator[int]:
        """Scan window by window, newest first; yields the lower end of what is known."""
        low_end = self.query.window.from_ns
        high, width = self.top, INDEXED_WINDOW_NS if self.scan.indexed else FIRST_WINDOW_NS
        if not self.scan.whole_traces:
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
        self._before()
        self._look_up()
        yield low_end

    def _window(self, span: Span) -> Iterator[int]:
        """Scan one window, in pieces when it holds more candidates than one scan returns."""
        behind: Candidate | None = None
        while True:
            candidates = self.scan.range(span, behind=behind)
            self._add(candidates)
            whole = len(candidates) < CAP
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
        if not self.done and len(self.found) + len(self.waiting) <= self.query.limit:
            return
        size = self.query.limit + SPARE
        while self.waiting and not self.full:
            ids = sorted(self.waiting, key=lambda one: (self.waiting[one], one), reverse=True)[:size]
            for one in ids:
                del self.waiting[one]
            self._keep(list(lookup(self.read, ids).values()))
            size *= 2

    def _keep(self, traces: Sequence[IndexedTrace]) -> None:
        window, cursor = self.query.window, self.query.cursor
        inside = [
            trace
            for trace in traces
            if trace.first <= window.to_ns
            and trace.last >= window.from_ns
            and (cursor is None or Place(trace.first, trace.trace_id) < cursor.place)
        ]
        self.found.update((trace.trace_id, trace) for trace in decide(self.read, self.scan.of_trace, inside))

    def _beyond(self) -> None:
        """Add traces that start in time and whose matches lie after the end of the window."""
        self._edge(crossing(self.read, self.top), Span(self.top + 1, 2**63 - 1))

    def _before(self) -> None:
        """Add traces that reach into the window and whose matches lie before it."""
        start = self.query.window.from_ns
        if start > 0:
            self._edge(crossing(self.read, start - 1), Span(0, start - 1))

    def _edge(self, traces: list[IndexedTrace], span: Span) -> None:
        self.cut = self.cut or len(traces) >= MAX_CROSSING
        fresh = [trace for trace in traces if trace.trace_id not in self.seen]
        if self.scan.whole_traces:
            hits = {trace.trace_id for trace in fresh}
        else:
            hits = {one.trace_id for one in self.scan.of(fresh, span)}
        self.seen |= hits
        self._keep([trace for trace in fresh if trace.trace_id in hits])

    def page(self) -> Answer[Page]:
        """Return the page: the latest traces that are known for sure."""
        query = self.query
        bound = max(self.floor, max(self.waiting.values(), default=-1) + 1)
        sure = sorted(
            (trace for trace in self.found.values() if trace.first >= bound),
            key=lambda trace: Place(trace.first, trace.trace_id),
            reverse=True,
        )
        taken = sure[: query.limit]
        rows = hydrate(self.read, taken, self.scan.of_span)
        shown = query.cursor.shown if query.cursor else 0
        more = len(sure) > query.limit
        cursor = None
        if more:
            end = taken[-1]
            cursor = Cursor(Place(end.first, end.trace_id), shown + len(taken), query.window.to_ns).text()
        meta = Meta(
            total=Total(shown + len(self.found), exact=self.done and not self.waiting and not self.cut),
            returned=len(rows),
            truncated=_crowded() if self.cut else None,
            scanned=self.read.scanned,
            window=query.window,
            duplicates=sum(row.duplicates for row in rows),
        )
        return Answer(Page(rows, cursor), meta)


def _crowded() -> Truncated:
    return Truncated(
        "more traces cross an edge of the range than are looked into", MAX_CROSSING, "choose another time range"
    )
