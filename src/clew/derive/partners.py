"""What spans say about partners that are not above or below them: their queue, the producers they are linked to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.edges import NO_REMOTE, Remote
from clew.derive.lot import Scratch
from clew.derive.numbers import Flags, Ids, Ints, Pairs
from clew.derive.spans import Spans, number_of
from clew.model import BUCKET_S, Kind, Scope, Status

GRACE_MS = 10_000
"""How long after the last span of a consumer's trace its producer in another trace may come in, and still count."""

_PRODUCERS = f"""
    SELECT trace_id, span_id, toString(service) AS service, toUnixTimestamp64Nano(start) AS start, duration, status,
        weight, toUnixTimestamp64Milli(received) AS received
    FROM spans
    WHERE tenant = {{tenant:String}} AND kind = 4 AND (bucket, trace_id) IN (
        SELECT arrayJoin(arrayMap(b -> (toDateTime(b, 'UTC'), i.trace_id),
            range(toUInt32(min(i.min_bucket)), toUInt32(max(i.max_bucket)) + 1, {BUCKET_S})))
        FROM trace_index AS i
        WHERE tenant = {{tenant:String}} AND trace_id IN {{targets:Array(FixedString(16))}} GROUP BY trace_id
    )
    ORDER BY start, service
"""


def queues(spans: Spans, alone: Flags) -> dict[int, str]:
    """Return the queue of each producer and consumer without a partner, by row; those that name none are left out."""
    rows = np.flatnonzero(alone & ((spans.kind == Kind.PRODUCER) | (spans.kind == Kind.CONSUMER)) & (spans.place >= 0))
    names = spans.told.texts("queue", spans.place[rows])
    return {row: name for row, name in zip(rows.tolist(), names, strict=True) if name}


def producers(scratch: Scratch, scope: Scope, spans: Spans, traces: pa.Array, *, alone: Flags, until: Ints) -> Remote:
    """Return the producers that lonely consumers are linked to.

    Args:
        scratch: what holds the spans.
        scope: whose.
        spans: distinct spans.
        traces: id of each trace, by its number.
        alone: which rows have no partner in their trace.
        until: per trace, when its last span came in, in ms.
    """
    sizes = np.append(spans.told.sizes("ids"), 0)[spans.place]
    rows = np.flatnonzero(alone & (sizes > 0))
    if not rows.size:
        return NO_REMOTE
    targets, linked = (spans.told.entries(name, spans.place[rows]) for name in ("targets", "ids"))
    consumer, span = np.repeat(rows, sizes[rows]), linked.to_numpy()
    own = pc.equal(targets, traces.take(pa.array(spans.trace[consumer]))).to_numpy(zero_copy_only=False)
    within = _within(spans, consumer[own], span[own])
    if own.all():
        return within
    others = targets.filter(pa.array(~own))
    received_by = until[spans.trace[consumer[~own]]] + GRACE_MS
    return within.beside(_elsewhere(scratch, scope, consumer[~own], others, span[~own], received_by=received_by))


def _within(spans: Spans, consumer: Ints, wanted: Ids) -> Remote:
    """Return the producers of the same traces, among the spans that are looked at: later ones do not count."""
    sent = np.flatnonzero(spans.kind == Kind.PRODUCER)
    sent = sent[np.lexsort((spans.service_order(sent), spans.start[sent]))]
    at = Pairs(spans.trace[sent], spans.span[sent]).find(spans.trace[consumer], wanted)
    consumer, rows = consumer[at >= 0], sent[at[at >= 0]]
    return Remote(
        consumer,
        [spans.words["service"][code] for code in spans.service[rows].tolist()],
        spans.start[rows],
        spans.duration[rows],
        spans.status[rows] == Status.ERROR,
        spans.weight[rows],
    )


def _elsewhere(
    scratch: Scratch, scope: Scope, consumer: Ints, targets: pa.Array, wanted: Ids, *, received_by: Ints
) -> Remote:
    """Return the producers of other traces, those that came in by a time, in ms."""
    listed = targets.unique()
    found = scratch.query(_PRODUCERS, {"targets": listed.to_pylist(), "tenant": scope.tenant})
    pairs = Pairs(number_of(found.column("trace_id"), listed), found.column("span_id").to_numpy())
    at = pairs.find(number_of(pa.chunked_array([targets]), listed), wanted)
    received = found.column("received").to_numpy()
    known = at >= 0
    known[known] = received[at[known]] <= received_by[known]
    at, consumer = at[known], consumer[known]
    return Remote(
        consumer,
        found.column("service").take(at).to_pylist(),
        found.column("start").to_numpy()[at],
        found.column("duration").to_numpy()[at].astype(np.int64),
        found.column("status").to_numpy()[at] == Status.ERROR,
        found.column("weight").to_numpy()[at].astype(np.float64),
    )
