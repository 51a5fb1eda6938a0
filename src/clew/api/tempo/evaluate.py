"""Texts of queries to answers of `query`."""

from __future__ import annotations

from clew.api.tempo.requests import MetricsQuestion, SearchAsk
from clew.model import KIND_NAMES, STATUS_NAMES
from clew.query import traceql
from clew.query.answer import Answer
from clew.query.conjunction import parse
from clew.query.hydrate import TraceRow
from clew.query.plan.found import Found, FoundSpan, FoundTrace, ServiceStats, Spanset
from clew.query.plan.metrics import metrics
from clew.query.plan.series import SeriesAnswer
from clew.query.read import Read
from clew.query.search import plan, search

KINDS = {name: number for number, name in KIND_NAMES.items()}
STATUSES = {name: number for number, name in STATUS_NAMES.items()}


def search_traces(read: Read, asked: SearchAsk, now: int) -> Answer[Found]:
    """Return the traces of a search.

    Raises:
        InvalidQueryError: the text cannot be understood.
    """
    ask = asked.ask
    found = search(read, plan(parse(asked.query), ask.window, ask.limit, ask.cursor), now)
    rows = [_trace(one, ask.spans_per_spanset) for one in found.data.traces]
    return Answer(Found(rows, found.data.cursor), found.meta)


def series(read: Read, asked: MetricsQuestion) -> Answer[SeriesAnswer]:
    """Return the series of a metrics query.

    Raises:
        InvalidQueryError: the text cannot be understood, or finds traces.
        InvalidRequestError: the step does not fit the range.
    """
    return metrics(read, traceql.parse(asked.query), asked.ask)


def _trace(row: TraceRow, most: int) -> FoundTrace:
    spans = [
        FoundSpan(
            int(one.span_id, 16),
            one.service,
            one.name,
            KINDS[one.kind],
            STATUSES[one.status],
            one.start_ns,
            one.duration_ns,
        )
        for one in row.matched.spans[:most]
    ]
    return FoundTrace(
        bytes.fromhex(row.trace_id),
        row.start_ns,
        row.duration_ns,
        row.root_service,
        row.root_name,
        row.spans,
        row.errors,
        [ServiceStats(one.service, one.spans, one.errors) for one in row.services],
        [Spanset(row.matched.count, spans)],
        row.duplicates,
    )
