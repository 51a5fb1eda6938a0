"""Which spans of one trace a query returns."""

from __future__ import annotations

import numpy as np

from clew.query.answer import Answer
from clew.query.errors import InvalidQueryError
from clew.query.match import Matches, match, rows_of
from clew.query.params import Params
from clew.query.patterns import check_texts
from clew.query.plan.find import conjunction
from clew.query.plan.links import has_links
from clew.query.plan.pipeline import check, needs, run
from clew.query.plan.spanrows import load as load_spans
from clew.query.plan.spent import bounded
from clew.query.plan.treeexpr import Needed
from clew.query.plan.walk import patterns
from clew.query.read import Read
from clew.query.trace import load, trace_meta, where_trace
from clew.query.traceql.ast import Pipeline, Query


@bounded()
def spots(read: Read, trace_id: str, query: Query) -> Answer[Matches]:
    """Return the rows of a trace that a search for it would return, in pre-order.

    Raises:
        InvalidQueryError: the query gives series, or follows links.
        TraceNotFoundError: no span of the trace is stored.
    """
    if not isinstance(query.root, Pipeline) or has_links(query.root.stages):
        hint = "leave out metrics functions and link operators"
        raise InvalidQueryError("this is no query for one trace", start=0, end=query.pos.end, hint=hint)
    check_texts(read, patterns(query.root), query.text)
    filters = conjunction(query)
    if filters is not None:
        return match(read, trace_id, filters, "")
    check(query.root.stages)
    trace = load(read, trace_id)
    _, indexed = where_trace(read, trace_id, Params())
    rows: list[int] = []
    if indexed is not None:  # else its first spans are just being stored
        needed = Needed()
        needs(query.root.stages, needed)
        spans = load_spans(read, [indexed], list(needed.conditions), list(needed.values))
        hit = np.flatnonzero(run(query.root, spans).mask)
        forest = spans.forest
        keys = zip(forest.span[hit].tolist(), forest.kind[hit].tolist(), forest.start[hit].tolist(), strict=True)
        rows = rows_of(trace, set(keys))
    return Answer(Matches(rows), trace_meta(read, trace, len(rows)))
