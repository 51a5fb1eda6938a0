"""Comparisons: two traces, and some traces with others."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope
from clew.api.models.compare import Diff, DiffRequest, Explained, ExplainRequest, Selection
from clew.query.diff import diff
from clew.query.errors import InvalidRequestError
from clew.query.explain import Group, explain
from clew.query.ids import parse_trace_id
from clew.query.plan.find import conjunction
from clew.query.traceql import parse

router = APIRouter(tags=["compare"])


@router.post("/diff", response_model=Envelope[Diff], summary="Compare two traces")
async def compare_traces(body: DiffRequest, ask: Ask) -> Response:
    """Return how trace B differs from trace A: spans matched from the top down, with times."""
    a, b = parse_trace_id(body.a), parse_trace_id(body.b)
    return ask.json(Diff, await ask.run(lambda read: diff(read, a, b)))


@router.post("/explain", response_model=Envelope[Explained], summary="What is different about some traces")
async def explain_traces(body: ExplainRequest, ask: Ask) -> Response:
    """Compare every attribute of all spans of the selected traces with those of a baseline.

    The clearest differences come first, with effect, interval, and the share of false ones to expect.
    """
    window = ask.window(body.from_, body.to)
    selection = _group("sel", body.sel)
    baseline = _group("base", body.base) if body.base is not None else None
    return ask.json(Explained, await ask.run(lambda read: explain(read, selection, baseline, window)))


def _group(name: str, given: Selection) -> Group:
    if (given.q is None) == (not given.ids):
        raise InvalidRequestError(name, str(given.q), "exactly one of q and ids is needed", hint="send q or ids")
    if given.q is None:
        return Group(ids=given.ids)
    query = parse(given.q)
    filters = conjunction(query)
    return Group(query=query) if filters is None else Group(filters)
