"""Searches as rows of a result list: conjunctions as ever, all others with their spansets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clew.model import KIND_NAMES, STATUS_NAMES
from clew.query import search
from clew.query.answer import Answer
from clew.query.cursor import parse_cursor
from clew.query.filters import plain_value, value_type
from clew.query.hydrate import SHOWN_SPANS, Matched, MatchedSpan, ServiceShare, TraceRow
from clew.query.plan.find import finds, parse_place, plain, sort_of
from clew.query.plan.found import Ask, Cell, FoundSpan, FoundTrace, Spanset
from clew.query.read import Read
from clew.query.search import Page, Progress
from clew.query.traceql.ast import Query


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A field and its value: integers and durations as decimal text, arrays as lists of the same."""

    key: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class SetSpan:
    """A span of a spanset."""

    span_id: str
    service: str
    name: str
    kind: str
    status: str
    start_ns: int
    duration_ns: int
    attributes: list[NamedValue]


@dataclass(frozen=True, slots=True)
class SetRow:
    """A spanset."""

    matched: int
    spans: list[SetSpan]
    attributes: list[NamedValue]


@dataclass(slots=True)
class SetsRow(TraceRow):
    """A trace with its spansets."""

    spansets: list[SetRow] = field(default_factory=list)


def events(read: Read, query: Query, ask: Ask, now: int) -> Iterator[Progress | Answer[Page]]:
    """Yield the progress after each window, and the page at the end.

    Raises:
        InvalidQueryError: the query gives series, or cannot be evaluated.
        InvalidRequestError: the cursor is none of ours.
    """
    filters = plain(read, query)
    if filters is not None:
        yield from search.events(read, search.plan(filters, ask.window, ask.limit, ask.cursor), now)
        return
    for event in finds(read, query, ask, now):
        if isinstance(event, Progress):
            yield event
        else:
            rows: list[TraceRow] = [_row(one) for one in event.data.traces]
            yield Answer(Page(rows, event.data.cursor), event.meta)


def page(read: Read, query: Query, ask: Ask, now: int) -> Answer[Page]:
    """Return one page."""
    *_, last = events(read, query, ask, now)
    assert isinstance(last, Answer)  # noqa: S101 - the last event is the answer
    return last


def check_cursor(query: Query, cursor: str | None) -> None:
    """Refuse a cursor that is none of ours.

    Raises:
        InvalidRequestError: it is not.
    """
    if cursor:
        (parse_place if sort_of(query) else parse_cursor)(cursor)


def _row(found: FoundTrace) -> SetsRow:
    sets = [_set(one) for one in found.spansets]
    spans = [
        MatchedSpan(one.span_id, one.service, one.name, one.kind, one.status, one.start_ns, one.duration_ns)
        for each in sets
        for one in each.spans
    ]
    earliest = sorted(spans, key=lambda one: (one.start_ns, one.span_id))[:SHOWN_SPANS]
    return SetsRow(
        found.trace_id.hex(),
        found.start_ns,
        found.duration_ns,
        found.root_service,
        found.root_name,
        found.root_name is not None,
        found.spans,
        found.errors,
        [ServiceShare(one.service, one.spans, one.errors) for one in found.services],
        Matched(sum(one.matched for one in sets), earliest),
        found.duplicates,
        found.gaps,
        sets,
    )


def _set(found: Spanset) -> SetRow:
    return SetRow(found.matched, [_span(one) for one in found.spans], _named(found.attributes))


def _span(found: FoundSpan) -> SetSpan:
    return SetSpan(
        f"{found.span_id:016x}",
        found.service,
        found.name,
        KIND_NAMES[found.kind],
        STATUS_NAMES[found.status],
        found.start_ns,
        found.duration_ns,
        _named(found.attributes),
    )


def _named(cells: dict[str, Cell]) -> list[NamedValue]:
    return [_value(key, cell) for key, cell in cells.items()]


def _value(key: str, cell: Cell) -> NamedValue:
    if isinstance(cell, list):
        kind = value_type(cell[0]) if cell else "string"
        return NamedValue(key, f"{kind}[]", [plain_value(one) for one in cell])
    return NamedValue(key, value_type(cell), plain_value(cell))
