"""SQL for people: run one SELECT, list the views."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from clew.api.answers import NDJSON, Ask, Asking, line
from clew.api.models.meta import Envelope
from clew.api.models.sql import SqlPreview, SqlRequest, SqlRows, SqlView
from clew.model.errors import ClewError
from clew.query.answer import Answer, Meta, Window
from clew.query.reader import Queued
from clew.query.sql.explain import explain
from clew.query.sql.formats import FORMATS
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, pieces, rows
from clew.query.sql.views import VIEWS
from clew.store.engine import Limits

router = APIRouter(tags=["sql"])

_NS = 10**9


_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_JSON_ROWS = 10_000


@router.post(
    "/sql",
    response_model=Envelope[SqlRows],
    responses={200: {"content": {media.partition(";")[0]: _BINARY for media, _ in FORMATS.values()}}},
    summary="Run SQL",
)
async def run_sql(body: SqlRequest, ask: Ask) -> Response:
    """Run one SELECT over the views and return its rows; see `docs/reference/sql.md`.

    `format` or `Accept` choose NDJSON, CSV, an Arrow stream or a Parquet file; these are streamed as they are made, and
    a limit that is passed on the way breaks the answer off. NDJSON tells its place in the queue (`queued`) and ends
    with `end` or `error`.
    """
    settings = ask.deps.sql
    form = body.format or _accepted(ask.request.headers.get("accept", ""))
    limit = min(body.limit or _JSON_ROWS, settings.max_rows) if form == "json" else body.limit or 0
    query = SqlQuery(body.sql, _window(ask, body), body.from_ is not None or body.to is not None, limit)
    limits = replace(settings.limits, timeout_s=settings.timeout(body.timeout_s))
    if form == "ndjson":
        return StreamingResponse(_lines(ask, query, limits), media_type=NDJSON, headers={"Cache-Control": "no-store"})
    if form != "json":
        return await ask.stream(lambda read: pieces(read, query, form), FORMATS[form][0], limits=limits)
    answer = await ask.run(lambda read: rows(read, query), limits=limits)
    found = answer.data
    data = {"columns": list(found.columns), "rows": values_of(found.table)}
    return ask.json(SqlRows, Answer(data, answer.meta))


@router.post("/sql/explain", response_model=Envelope[SqlPreview], summary="Say what SQL would read")
async def explain_sql(body: SqlRequest, ask: Ask) -> Response:
    """Return the columns of a query, the text for the engine, and the rows that it would read at most."""
    query = SqlQuery(body.sql, _window(ask, body), body.from_ is not None or body.to is not None, 1)
    return ask.json(SqlPreview, await ask.run(lambda read: explain(read, query), limits=ask.deps.sql.limits))


def _accepted(accept: str) -> str:
    return next((name for name, (media, _) in FORMATS.items() if media.partition(";")[0] in accept), "json")


async def _lines(ask: Asking, query: SqlQuery, limits: Limits) -> AsyncIterator[bytes]:
    try:
        stream = ask.deps.reader.stream(
            ask.scope, lambda read: pieces(read, query, "ndjson"), ask.errand(limits), waiting=Queued
        )
        async with aclosing(stream) as found:
            async for part in found:
                yield line("queued", position=part.position) if isinstance(part, Queued) else part
    except ClewError as error:
        yield line("error", code=error.code, detail=error.detail, hint=error.hint)


def _window(ask: Asking, body: SqlRequest) -> Window:
    if body.from_ is None and body.to is None:
        return Window(max(ask.now - int(ask.deps.sql.default_range_s * _NS), 0), ask.now)
    window: Window = ask.window(body.from_ or "0", body.to or "now")
    return window


@router.get("/sql/views", response_model=Envelope[list[SqlView]], summary="List the views of SQL")
async def list_views(ask: Ask) -> Response:
    """Return the views and their columns."""
    views = list(VIEWS.values())
    return ask.json(list[SqlView], Answer(views, Meta(returned=len(views))))
