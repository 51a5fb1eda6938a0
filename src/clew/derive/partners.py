"""What spans say about partners outside their trace: the queue they use, the producers they are linked to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clew.derive.edges import NO_REMOTE, Remote
from clew.derive.lot import Scratch
from clew.derive.numbers import Flags, Ints, Pairs
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
"""


def queues(spans: Spans, alone: Flags) -> dict[int, str]:
    """Return the queue of each producer and consumer without a partner, by row; those that name none are left out."""
    rows = np.flatnonzero(alone & ((spans.kind == Kind.PRODUCER) | (spans.kind == Kind.CONSUMER)) & (spans.place >= 0))
    names = spans.told.texts("queue", spans.place[rows])
    return {row: name for row, name in zip(rows.tolist(), names, strict=True) if name}


def producers(scratch: Scratch, scope: Scope, spans: Spans, *, alone: Flags, until: Ints) -> Remote:
    """Return the producers that lonely consumers are linked to.

    Args:
        scratch: what holds the spans.
        scope: whose.
        spans: distinct spans.
        alone: which rows have no partner in their trace.
        until: per trace, when its last span came in, in ms.
    """
    sizes = np.append(spans.told.sizes("ids"), 0)[spans.place]
    rows = np.flatnonzero(alone & (sizes > 0))
    if not rows.size:
        return NO_REMOTE
    targets, ids = (spans.told.entries(name, spans.place[rows]) for name in ("targets", "ids"))
    consumer = np.repeat(rows, sizes[rows])
    listed = targets.unique()
    found = scratch.query(_PRODUCERS, {"targets": listed.to_pylist(), "tenant": scope.tenant})
    pairs = Pairs(number_of(found.column("trace_id"), listed), found.column("span_id").to_numpy())
    at = pairs.find(number_of(pa.chunked_array([targets]), listed), ids.to_numpy())
    received = found.column("received").to_numpy()
    known = at >= 0
    known[known] = received[at[known]] <= until[spans.trace[consumer[known]]] + GRACE_MS
    at, consumer = at[known], consumer[known]
    return Remote(
        consumer,
        found.column("service").take(at).to_pylist(),
        found.column("start").to_numpy()[at],
        found.column("duration").to_numpy()[at].astype(np.int64),
        found.column("status").to_numpy()[at] == Status.ERROR,
        found.column("weight").to_numpy()[at].astype(np.float64),
    )
