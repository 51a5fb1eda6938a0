"""What spans say about partners outside their trace: the queue they use, the producers they are linked to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clew.derive.edges import NO_REMOTE, Remote
from clew.derive.lot import PLACED, Lot, Scratch
from clew.derive.numbers import Flags, Ints, Pairs
from clew.derive.spans import Spans, number_of
from clew.model import BUCKET_S, Kind, Status
from clew.store.engine import Param

GRACE_MS = 10_000
"""How long after the last span of a consumer's trace its producer in another trace may come in, and still count."""

_QUEUES = """
    SELECT trace_id, span_id, kind,
        multiIf(attr_str['messaging.destination.name'] != '', attr_str['messaging.destination.name'],
            attr_str['messaging.destination'] != '', attr_str['messaging.destination'],
            peer != '', toString(peer), attr_str['messaging.system']) AS queue
    FROM spans WHERE tenant = {tenant:String} AND kind IN (4, 5) AND """
_LINKS = """
    SELECT trace_id, span_id, kind, `links.trace_id` AS traces, `links.span_id` AS ids
    FROM spans WHERE tenant = {tenant:String} AND kind = 5 AND notEmpty(`links.span_id`) AND """
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


def queues(
    scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, alone: Flags, base: Ints
) -> dict[int, str]:
    """Return the queue of each producer and consumer without a partner, by row; those that name none are left out."""
    rows = np.flatnonzero(alone & ((spans.kind == Kind.PRODUCER) | (spans.kind == Kind.CONSUMER)))
    if not rows.size:
        return {}
    table, place = _look_up(_QUEUES, scratch, lot, placed, spans, rows=rows, base=base)
    names = table.column("queue").to_pylist()
    named = ((row, names[at]) for row, at in zip(rows.tolist(), place.tolist(), strict=True) if at >= 0)
    return {row: name for row, name in named if name}


def producers(
    scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, alone: Flags, base: Ints, until: Ints
) -> Remote:
    """Return the producers that lonely consumers are linked to.

    Args:
        scratch: what holds the spans; the traces are placed.
        lot: the traces that were read.
        placed: parameters of their place.
        spans: their distinct spans.
        alone: which rows have no partner in their trace.
        base: number of the trace in `lot`, by number of the trace in `spans`.
        until: per trace, when its last span came in, in ms.
    """
    rows = np.flatnonzero(alone & spans.linked)
    if not rows.size:
        return NO_REMOTE
    table, place = _look_up(_LINKS, scratch, lot, placed, spans, rows=rows, base=base)
    rows, place = rows[place >= 0], place[place >= 0]
    told = table.select(["traces", "ids"]).take(place).combine_chunks()
    targets, ids = told.column("traces").combine_chunks(), told.column("ids").combine_chunks()
    sizes = np.diff(targets.offsets.to_numpy())
    consumer = np.repeat(rows, sizes)
    listed = targets.flatten().unique()
    found = scratch.query(_PRODUCERS, {"targets": listed.to_pylist(), "tenant": placed["tenant"]})
    pairs = Pairs(number_of(found.column("trace_id"), listed), found.column("span_id").to_numpy())
    at = pairs.find(number_of(pa.chunked_array([targets.flatten()]), listed), ids.flatten().to_numpy())
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


def _look_up(
    sql: str, scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, rows: Ints, base: Ints
) -> tuple[pa.Table, Ints]:
    """Return what a query over all traces says, and its row for each of some spans, -1 for none."""
    table = scratch.query(sql + PLACED, placed)
    numbered = number_of(table.column("trace_id"), lot.ids)
    kind = table.column("kind").to_numpy().astype(np.int64)
    pairs = Pairs(numbered * 8 + kind, table.column("span_id").to_numpy())
    return table, pairs.find(base[spans.trace[rows]] * 8 + spans.kind[rows], spans.span[rows])
