"""Search for traces, and count matching spans over time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from clew.api.answers import NDJSON, Ask, Asking, line, plain
from clew.api.models import Envelope, Explained, Histogram, HistogramRequest, SearchPage, SearchRequest, SearchRow
from clew.api.models.meta import Meta
from clew.model.errors import ClewError
from clew.query.answer import Answer
from clew.query.plan.explain import explain
from clew.query.plan.found import Ask as PlanAsk
from clew.query.plan.histogram import histogram
from clew.query.plan.rows import check_cursor, events, page
from clew.query.read import Read
from clew.query.reader import Queued
from clew.query.search import Page, Progress
from clew.query.traceql import parse as parse_query

router = APIRouter(tags=["search"])


@router.post(
    "/search",
    response_model=Envelope[SearchPage],
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
    summary="Find traces",
)
async def find_traces(body: SearchRequest, ask: Ask) -> Response:
    """Return traces that overlap the range and out of which the query makes spansets, newest first.

    With `Accept: application/x-ndjson` the answer is a stream of lines: `queued` with the position while it waits,
    `progress`, `trace`, and at last `end` with the cursor and the meta, or `error` with a problem's code, detail and
    hint.
    """
    query = parse_query(body.q)
    given = PlanAsk(ask.window(body.from_, body.to), body.limit, body.spans, body.cursor)

    check_cursor(query, body.cursor)

    def work(read: Read) -> Iterator[Progress | Answer[Page]]:
        return events(read, query, given, ask.now)

    if NDJSON in ask.request.headers.get("accept", ""):
        return StreamingResponse(_lines(ask, work), media_type=NDJSON, headers={"Cache-Control": "no-store"})
    return ask.json(SearchPage, await ask.run(lambda read: page(read, query, given, ask.now)))


@router.post("/query/explain", response_model=Envelope[Explained], summary="Explain a query")
async def explain_search(body: SearchRequest, ask: Ask) -> Response:
    """Run a query, and return its plan, its SQL, and the rows and bytes that each statement read."""
    query = parse_query(body.q)
    check_cursor(query, body.cursor)
    given = PlanAsk(ask.window(body.from_, body.to), body.limit, body.spans, body.cursor)
    return ask.json(Explained, await ask.run(lambda read: explain(read, query, given, ask.now)))


async def _lines(ask: Asking, work: Callable[[Read], Iterator[Progress | Answer[Page]]]) -> AsyncIterator[bytes]:
    try:
        stream = ask.deps.reader.stream(ask.scope, work, ask.errand(), waiting=Queued)
        async with aclosing(stream) as found:
            async for event in found:
                if isinstance(event, Queued):
                    yield line("queued", position=event.position)
                elif isinstance(event, Progress):
                    yield line("progress", reached_ns=str(event.reached_ns), found=event.found, scanned_rows=event.rows)
                else:
                    for part in _page(ask, event):
                        yield part
    except ClewError as error:
        yield line("error", code=error.code, detail=error.detail, hint=error.hint)


def _page(ask: Asking, answer: Answer[Page]) -> list[bytes]:
    lines = [line("trace", trace=plain(SearchRow, row)) for row in answer.data.traces]
    meta: Any = plain(Meta, ask.meta(answer.meta))
    return [*lines, line("end", cursor=answer.data.cursor, meta=meta)]


@router.post("/histogram", response_model=Envelope[Histogram], summary="Count matching spans over time")
async def count_over_time(body: HistogramRequest, ask: Ask) -> Response:
    """Return how many spans are in the spansets of a search, and how many of them failed, per step of the range.

    Spans count that start in the range. Where whole traces decide and there are very many, the counts are estimates
    from a random part of the traces: `meta.sampled` gives its share and the 95 % interval of `meta.total`.
    """
    query = parse_query(body.q)
    window = ask.window(body.from_, body.to)
    return ask.json(Histogram, await ask.run(lambda read: histogram(read, query, window, body.buckets)))
