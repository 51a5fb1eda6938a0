"""Texts of queries to answers of `query`."""

from __future__ import annotations

from collections.abc import Iterator

from clew.api.tempo.requests import MetricsQuestion, SearchAsk
from clew.query import traceql
from clew.query.answer import Answer
from clew.query.plan.find import find, finds
from clew.query.plan.found import Found
from clew.query.plan.metrics import metrics
from clew.query.plan.series import SeriesAnswer
from clew.query.read import Read
from clew.query.search import Progress


def search_traces(read: Read, asked: SearchAsk, now: int) -> Answer[Found]:
    """Return the traces of a search.

    Raises:
        InvalidQueryError: the text cannot be understood, or gives series.
    """
    return find(read, traceql.parse(asked.query), asked.ask, now)


def search_events(read: Read, asked: SearchAsk, now: int) -> Iterator[Progress | Answer[Found]]:
    """Yield how far a search has come, and at last its traces.

    Raises:
        InvalidQueryError: the text cannot be understood, or gives series.
    """
    return finds(read, traceql.parse(asked.query), asked.ask, now)


def series(read: Read, asked: MetricsQuestion) -> Answer[SeriesAnswer]:
    """Return the series of a metrics query.

    Raises:
        InvalidQueryError: the text cannot be understood, or finds traces.
        InvalidRequestError: the step does not fit the range.
    """
    return metrics(read, traceql.parse(asked.query), asked.ask)
