"""SQL for people: run one SELECT, list the views."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import Response

from clew.api.answers import Ask, Asking
from clew.api.models.meta import Envelope
from clew.api.models.sql import SqlRequest, SqlRows, SqlView
from clew.query.answer import Answer, Meta, Window
from clew.query.sql.plain import values_of
from clew.query.sql.run import SqlQuery, rows
from clew.query.sql.views import VIEWS

router = APIRouter(tags=["sql"])

_NS = 10**9


@router.post("/sql", response_model=Envelope[SqlRows], summary="Run SQL")
async def run_sql(body: SqlRequest, ask: Ask) -> Response:
    """Run one SELECT over the views and return its rows; see `docs/reference/sql.md`."""
    settings = ask.deps.sql
    query = SqlQuery(
        body.sql, _window(ask, body), body.from_ is not None or body.to is not None, min(body.limit, settings.max_rows)
    )
    limits = replace(settings.limits, timeout_s=settings.timeout(body.timeout_s))
    answer = await ask.run(lambda read: rows(read, query), limits=limits)
    found = answer.data
    data = {"columns": list(found.columns), "rows": values_of(found.table)}
    return ask.json(SqlRows, Answer(data, answer.meta))


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
