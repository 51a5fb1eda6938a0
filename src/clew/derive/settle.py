"""Settle some traces: read them, work on all of them at once, and return the rows that say what they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.edges import edges, lonely
from clew.derive.exceptions import exceptions, thrown
from clew.derive.forest import plant
from clew.derive.lot import NAMED, Lot, Scratch
from clew.derive.numbers import Flags, Floats, Ints
from clew.derive.origins import origins
from clew.derive.partners import producers, queues
from clew.derive.spans import Spans, distinct, late_spans, number_of, read_spans
from clew.derive.summaries import Stamps, overview, shape_rows, trace_rows
from clew.model import Scope

SILENCE_MS = 60_000
"""A span that comes after its trace was silent for so long is late."""
_INDEX = f"""
    SELECT trace_id, toInt64(toUnixTimestamp(min(i.min_bucket))) AS low,
        toInt64(toUnixTimestamp(max(i.max_bucket))) AS high, toInt64(sum(i.spans)) AS n
    FROM trace_index AS i WHERE tenant = {{tenant:String}} AND {NAMED}
    GROUP BY trace_id ORDER BY low, trace_id
"""
_BEFORE = f"""
    SELECT trace_id, toInt64(max(t.rows)) AS n, toUnixTimestamp64Milli(argMax(t.received, t.rows)) AS received,
        toInt64(toUInt16(any(t.day))) AS day
    FROM traces AS t WHERE tenant = {{tenant:String}} AND {NAMED} GROUP BY trace_id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What settling some traces found."""

    tables: dict[str, pa.RecordBatch]
    """Rows by table; tables without any are left out."""
    traces: int = 0
    spans: int = 0
    again: int = 0
    """Traces that were settled before and have grown."""
    inexact: int = 0
    """Traces of which it is not known which spans were counted before: their sums stay as they were."""


def look_up(scratch: Scratch, scope: Scope, ids: pa.Array) -> Lot:
    """Return which traces have stored rows, in the order of the key of `spans`, as if none was ever settled."""
    if not len(ids):
        return Lot.none()
    scratch.name(ids)
    index = scratch.query(_INDEX, {"tenant": scope.tenant})
    low, high, rows = (index.column(name).to_numpy() for name in ("low", "high", "n"))
    return Lot.new(index.column("trace_id").combine_chunks(), low, high, rows)


def look_back(scratch: Scratch, scope: Scope, lot: Lot) -> Lot:
    """Return the same traces with what is known of their last settling."""
    if not lot.size:
        return lot
    scratch.name(lot.ids)
    before = scratch.query(_BEFORE, {"tenant": scope.tenant})
    known = before.column("trace_id").combine_chunks()
    place = number_of(pa.chunked_array([lot.ids]), known, missing=before.num_rows)
    rows, received, day = (np.append(before.column(name).to_numpy(), 0)[place] for name in ("n", "received", "day"))
    return replace(lot, rows_before=rows, received_before=received, day=day)


def settle(scratch: Scratch, scope: Scope, lot: Lot, *, held: Spans | None = None, remove: bool = False) -> Outcome:
    """Return the rows of some traces, and what has to be taken out of the sums for those settled before.

    Args:
        scratch: what holds the spans.
        scope: whose.
        lot: which traces, and when they were settled last.
        held: all their stored rows, numbered in their order, where these are known; else they are read.
        remove: only take out what was counted before.
    """
    stored = read_spans(scratch, scope, lot) if held is None else held
    rows = np.bincount(stored.trace, minlength=lot.size)
    present = np.flatnonzero(rows)
    number = np.zeros(lot.size, np.int64)
    number[present] = np.arange(present.size)
    lot, rows, stored = lot.take(present), rows[present], stored.renumbered(number)
    before = _as_before(stored, lot, rows, every=remove)
    if remove:
        units = _Units(before.traces, np.full(before.traces.size, -1.0), before.received)
        spans, stamps = before.spans.renumbered(np.arange(lot.size + before.traces.size) - lot.size), None
    else:
        received = np.zeros(lot.size, np.int64)
        np.maximum.at(received, stored.trace, stored.received)
        stamps = Stamps(lot, rows, received, late_spans(stored, lot.size, SILENCE_MS))
        spans = stored.beside(before.spans)
        units = _Units(
            np.concatenate([np.arange(lot.size), before.traces]),
            np.concatenate([np.where(before.unknown, 0.0, 1.0), np.full(before.traces.size, -1.0)]),
            np.concatenate([received, before.received]),
        )
    if not units.base.size:
        return Outcome({})
    return Outcome(
        _tables(scratch, scope, lot, spans, units, stamps=stamps),
        traces=lot.size,
        spans=int(rows.sum()),
        again=before.traces.size,
        inexact=int(before.unknown.sum()),
    )


@dataclass(frozen=True, slots=True)
class _Units:
    """Traces as they are and as they were, by number of the trace."""

    base: Ints
    """Place in the lot."""
    sign: Floats
    """1 to add it to the sums, -1 to take it out, 0 to leave them alone."""
    until: Ints
    """When its last span came in, in ms."""


@dataclass(frozen=True, slots=True)
class _Before:
    """Traces as they were settled before."""

    spans: Spans
    traces: Ints
    """Place of each in the lot; its spans are numbered behind all traces of the lot, in this order."""
    received: Ints
    unknown: Flags
    """Per trace of the lot: it was settled before, and it is not known with which spans."""


def _as_before(stored: Spans, lot: Lot, rows: npt.NDArray[np.int64], *, every: bool) -> _Before:
    """Return the spans that had come in when each trace was settled last, of those that have grown or of all.

    Those are the spans that came in no later than the last one then; when they are not as many as were counted then,
    some came in out of order, and nothing is known.
    """
    old = stored.received <= lot.received_before[stored.trace]
    found = np.bincount(stored.trace[old], minlength=lot.size)
    unknown = (lot.rows_before > 0) & (found != lot.rows_before)
    again = np.flatnonzero((lot.rows_before > 0) & ~unknown & ((rows > lot.rows_before) | every))
    number = np.full(lot.size, -1)
    number[again] = lot.size + np.arange(again.size)
    kept = stored.take(old & (number[stored.trace] >= 0))
    same = (lot.rows_before > 0) & (rows == lot.rows_before)
    return _Before(kept.renumbered(number), again, lot.received_before[again], unknown | same)


def _tables(
    scratch: Scratch, scope: Scope, lot: Lot, spans: Spans, units: _Units, *, stamps: Stamps | None
) -> dict[str, pa.RecordBatch]:
    """Return the rows of every table that has any."""
    base, sign = units.base, units.sign
    spans, joined = distinct(spans)
    forest = plant(spans, joined)
    begun, alone = origins(spans, forest), lonely(spans, forest)
    remote = producers(scratch, scope, spans, lot.ids.take(pa.array(base)), alone=alone, until=units.until)
    alone[remote.consumer] = False
    named = queues(spans, alone)
    errors = thrown(spans, begun)
    whole = overview(spans, forest, begun, base.size)
    tables = {
        "edges_1m": edges(scope.tenant, spans, forest, sign=sign, queues=named, remote=remote),
        "exceptions": exceptions(scope.tenant, spans, errors, begun, sign=sign, known=lot.ids, base=base),
        "shapes": shape_rows(scope.tenant, spans, whole, sign=sign, known=lot.ids, base=base),
    }
    if stamps is not None:
        tables["traces"] = trace_rows(scope.tenant, spans, forest, whole, stamps)
    return {name: part for name, part in tables.items() if part.num_rows}
