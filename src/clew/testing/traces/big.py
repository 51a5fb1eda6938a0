"""One trace of any size, as many requests."""

from __future__ import annotations

from collections.abc import Iterator

from clew.testing.traces.source import Prepared, TraceSource
from clew.testing.traces.template import Form


def big_trace(
    trace_id: bytes, spans: int, now_ns: int, *, seed: int = 7, per_request: int = 5_000
) -> Iterator[Prepared]:
    """Yield the requests of one trace of exactly `spans` spans, one tree under one root.

    Args:
        trace_id: the 16 bytes of its id.
        spans: how many spans it has.
        now_ns: end of the first request's spans; each further request ends a little later.
        seed: what its shape follows from.
        per_request: most spans in one request.
    """
    first = min(spans, per_request)
    trunk = TraceSource(seed, spans=first, templates=1, form=Form.TREE)
    anchor = trunk.span_ids(0)[0]
    yield trunk.request(0, now_ns, trace_id=trace_id)
    branches = TraceSource(seed + 1, spans=per_request, templates=6, form=Form.BRANCH)
    whole, rest = divmod(spans - first, per_request)
    for number in range(1, whole + 1):
        yield branches.request(number, now_ns + number * 5_000_000, trace_id=trace_id, anchor=anchor)
    if rest:
        last = TraceSource(seed + 2, spans=rest, templates=1, form=Form.BRANCH)
        yield last.request(whole + 1, now_ns + whole * 5_000_000, trace_id=trace_id, anchor=anchor)
