"""One trace: summary, spans as columns, span details, matches, logs, export, deletion, and where it is."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from clew.api.access import changing
from clew.api.answers import Ask, Asking
from clew.api.errors import NotAcceptableError
from clew.api.models import (
    Deleted,
    Envelope,
    Logs,
    MatchRequest,
    MatchResult,
    SpanDetail,
    TraceSummary,
    Where,
)
from clew.api.models.trace import Columns
from clew.api.routes.params import SpanIdPath, TraceIdPath
from clew.codec import Encoding
from clew.query.answer import Answer, Meta, Total
from clew.query.detail import detail
from clew.query.errors import InvalidRequestError, TraceNotFoundError
from clew.query.export import export
from clew.query.ids import parse_span_id, parse_trace_id
from clew.query.logs import trace_logs
from clew.query.match import match
from clew.query.plan.spots import spots
from clew.query.spancols import ARROW, SPANCOLS, arrow_stream, blocks, columns
from clew.query.summary import summary
from clew.query.traceql import parse as parse_query
from clew.query.where import where

router = APIRouter(tags=["traces"])

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
KNOWN = f"{SPANCOLS}, {ARROW} or application/json"


@router.get("/traces/{trace_id}/summary", response_model=Envelope[TraceSummary], summary="Summary of a trace")
async def trace_summary(trace_id: TraceIdPath, ask: Ask) -> Response:
    """Return what is painted first: root, times, counts, services, and whether the trace is whole."""
    known = parse_trace_id(trace_id)
    return ask.json(TraceSummary, await ask.run(lambda read: summary(read, known, ask.now)))


@router.get(
    "/traces/{trace_id}/spans",
    response_model=Envelope[Columns],
    responses={200: {"content": {SPANCOLS: BINARY, ARROW: BINARY}}},
    summary="Spans of a trace as columns",
)
async def trace_spans(
    trace_id: TraceIdPath,
    ask: Ask,
    cols: Annotated[Literal["main", "id"], Query(description="id: the span ids alone, 8 bytes each")] = "main",
) -> Response:
    """Return all spans in pre-order, children by start.

    `application/x-spancols` is a stream of blocks, each with its length in four bytes before it: 2,000 rows, then
    32,768 at a time. `application/vnd.apache.arrow.stream` and `application/json` have the same columns.
    """
    known = parse_trace_id(trace_id)
    accept = ask.request.headers.get("accept", "*/*")
    if SPANCOLS in accept:
        return await _stream(ask, known, cols, SPANCOLS)
    if ARROW in accept:
        return await _stream(ask, known, cols, ARROW)
    if "json" not in accept and "*/*" not in accept and "application/*" not in accept:
        raise NotAcceptableError(accept, KNOWN)
    return ask.json(Columns, await ask.run(lambda read: columns(read, known, ids=cols == "id")))


async def _stream(ask: Asking, trace_id: str, cols: str, form: str) -> Response:
    make = blocks if form == SPANCOLS else arrow_stream
    return await ask.stream(lambda read: make(read, trace_id, ids=cols == "id"), form)


@router.get("/traces/{trace_id}/spans/{span_id}", response_model=Envelope[SpanDetail], summary="Everything of a span")
async def span_detail(trace_id: TraceIdPath, span_id: SpanIdPath, ask: Ask) -> Response:
    """Return attributes, events, links in both directions, resource, scope, marks and logs of a span."""
    known, span = parse_trace_id(trace_id), parse_span_id(span_id)
    return ask.json(SpanDetail, await ask.run(lambda read: detail(read, known, span)))


@router.post("/traces/{trace_id}/match", response_model=Envelope[MatchResult], summary="Find spans in a trace")
async def match_spans(trace_id: TraceIdPath, body: MatchRequest, ask: Ask) -> Response:
    """Return the rows of the spans that pass a query, or that hold a text, as indexes in pre-order."""
    known = parse_trace_id(trace_id)
    if (body.q is None) == (body.text is None):
        raise InvalidRequestError("q", str(body.q), "exactly one of q and text is needed", hint="send q or text")
    if body.q is None:
        return ask.json(MatchResult, await ask.run(lambda read: match(read, known, None, body.text or "")))
    query = parse_query(body.q)
    return ask.json(MatchResult, await ask.run(lambda read: spots(read, known, query)))


@router.get("/traces/{trace_id}/logs", response_model=Envelope[Logs], summary="Log records of a trace")
async def logs_of_trace(trace_id: TraceIdPath, ask: Ask) -> Response:
    """Return the log records that carry the trace's id, oldest first."""
    known = parse_trace_id(trace_id)
    return ask.json(Logs, await ask.run(lambda read: trace_logs(read, known)))


@router.get(
    "/traces/{trace_id}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The whole trace, without loss: one OTLP `TracesData`.",
            "content": {"application/json": {"schema": {"type": "object"}}, "application/x-protobuf": BINARY},
        }
    },
    summary="Export a trace as OTLP",
)
async def export_trace(
    trace_id: TraceIdPath,
    ask: Ask,
    format: Literal["otlp-json", "otlp-proto"] = "otlp-json",  # noqa: A002 - its name
) -> Response:
    """Return the whole trace as it was sent, as one OTLP message."""
    known = parse_trace_id(trace_id)
    encoding = Encoding.JSON if format == "otlp-json" else Encoding.PROTOBUF
    body = (await ask.run(lambda read: export(read, known, encoding))).body
    media = "application/json" if format == "otlp-json" else "application/x-protobuf"
    name = f"trace-{known}.{'json' if format == 'otlp-json' else 'pb'}"
    return Response(body, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, media)


@router.get("/traces/{trace_id}/where", response_model=Envelope[Where], summary="Where a trace is")
async def where_is_trace(trace_id: TraceIdPath, ask: Ask) -> Response:
    """Return whether a trace is stored, still in the journal, or why it may be missing."""
    known = parse_trace_id(trace_id)
    pending = ask.deps.status.pending_trace(ask.scope, bytes.fromhex(known))
    return ask.json(Where, await ask.run(lambda read: where(read, trace_id, known, pending=pending)))


@router.delete(
    "/traces/{trace_id}",
    response_model=Envelope[Deleted],
    summary="Delete a trace",
    dependencies=[Depends(changing)],
)
async def delete_trace(trace_id: TraceIdPath, ask: Ask) -> Response:
    """Remove every span of a trace, its logs and its index entry; spans still in the journal come back."""
    known = parse_trace_id(trace_id)
    spans = await asyncio.to_thread(ask.deps.actions.delete_trace, ask.scope, bytes.fromhex(known))
    if not spans:
        raise TraceNotFoundError(known)
    deleted = {"trace_id": known, "spans": spans}
    return ask.json(Deleted, Answer(deleted, Meta(total=Total(spans, exact=True))))
