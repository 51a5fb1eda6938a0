"""Search by filters: traces with a span that passes every one, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Window
from clew.query.cursor import Cursor, parse_cursor
from clew.query.filters import Filter
from clew.query.hits import Hits
from clew.query.hunt import Hunt, Quest
from clew.query.hydrate import TraceRow, hydrate
from clew.query.index import IndexedTrace
from clew.query.patterns import check_patterns
from clew.query.read import Read
from clew.query.scan import Scan
from clew.query.structure import incomplete
from clew.query.tracefilters import decide


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to search."""

    filters: Sequence[Filter]
    window: Window
    limit: int = 20
    cursor: Cursor | None = None
    of_span: bool = False
    """The window holds for the start of the matching span, not for its trace."""


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


class FilterScan(Scan):
    """A scan whose candidates are answers once the filters on their trace hold."""

    def decide(self, traces: Sequence[IndexedTrace]) -> Sequence[IndexedTrace]:
        """Return the traces that pass the filters on traces."""
        return decide(self.read, self.of_trace, traces)


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
    source = FilterScan(read, query.filters)
    source.hits = Hits() if source.decided else None
    hunt = Hunt(read, Quest(query.window, query.limit, query.cursor, query.of_span), source)
    for low in hunt.windows(now):
        yield Progress(low, len(hunt.seen), read.scanned.rows)
        if hunt.full:
            break
    catch = hunt.page()
    rows = hydrate(read, catch.traces, source.of_span, source.hits.of(catch.traces) if source.hits else None)
    meta = Meta(
        total=catch.total,
        returned=len(rows),
        truncated=catch.truncated,
        scanned=read.scanned,
        window=query.window,
        duplicates=sum(row.duplicates for row in rows),
        incomplete=incomplete([(row.trace_id, row.gaps) for row in rows]),
    )
    yield Answer(Page(rows, catch.cursor), meta)


def find(read: Read, query: SearchQuery, now: int) -> list[IndexedTrace]:
    """Return the traces of a page without what a result list shows of them.

    Raises:
        QueryLimitError: time, memory or rows were used up before the page was full.
    """
    check_patterns(read, query.filters)
    hunt = Hunt(read, Quest(query.window, query.limit, query.cursor, query.of_span), FilterScan(read, query.filters))
    return hunt.run(now)
