"""The spans of some traces as columns, read from the engine: distinct, and once more as they were settled before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.lot import PLACED, Lot, Scratch
from clew.derive.numbers import Floats, Ids, Ints, Joined, Pairs, Small, join, leaders, mix
from clew.derive.told import SAID_SQL, Told
from clew.model import Scope, Status

_SQL = """
    SELECT trace_id, span_id, parent_id, toUnixTimestamp64Nano(start) AS start, duration, service, name, kind, status,
        weight, toUnixTimestamp64Milli(received) AS received, peer, db_system, version,
        status_message, http_status
    FROM spans WHERE tenant = {tenant:String} AND """
TIMES = ("start", "received")
"""Times among them, as the engine tells them: plain integers."""
WORDS = ("service", "name", "peer", "db_system", "version")
PLAIN = ("span_id", "parent_id", "start", "duration", "kind", "status", "weight", "received")
_SHARED = ("words", "told")
_LONGEST_NS = 2**62


@dataclass(frozen=True, slots=True)
class Spans:
    """Columns of equal length; words are codes into `words`."""

    trace: Ints
    """Number of the trace among those read; higher numbers are traces as they were before."""
    span: Ids
    parent: Ids
    start: Ints
    duration: Ints
    service: Ints
    name: Ints
    kind: Small
    status: Small
    weight: Floats
    received: Ints
    peer: Ints
    db_system: Ints
    version: Ints
    place: Ints
    """Row of `told`, -1 for none: most spans say nothing more."""
    words: Mapping[str, list[str]]
    told: Told

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.span.size)

    def service_order(self, rows: Ints) -> Ints:
        """Return the place of each row's service among all names: codes are numbered as spans came in, this is not."""
        place: Ints = np.argsort(np.argsort(np.array(self.words["service"])))[self.service[rows]]
        return place

    def take(self, rows: Any) -> Spans:
        """Return some rows."""
        columns = {field.name: getattr(self, field.name)[rows] for field in fields(self) if field.name not in _SHARED}
        return replace(self, **columns)

    def renumbered(self, number: Ints) -> Spans:
        """Return the same rows with other numbers of their traces."""
        return replace(self, trace=number[self.trace])

    def beside(self, other: Spans) -> Spans:
        """Return these rows and then those of another part of the same read."""
        if not other.size:
            return self
        names = [field.name for field in fields(self) if field.name not in _SHARED]
        columns: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        return replace(self, **columns)


def read_spans(scratch: Scratch, scope: Scope, lot: Lot) -> Spans:
    """Return every stored row of some traces, numbered in their order."""
    where = scratch.place(lot, scope)
    table = scratch.query(_SQL + PLACED, where)
    spans = spans_of(table, number_of(table.column("trace_id"), lot.ids))
    said = scratch.query(SAID_SQL + PLACED, where)

    found = Pairs(*_keys(number_of(said.column("trace_id"), lot.ids), *(said.column(name).to_numpy() for name in _KEY)))
    key = (spans.span, spans.kind, spans.status, spans.start, spans.received)
    place = found.find(*_keys(spans.trace, *key))
    tells = (place >= 0) | (spans.status == Status.ERROR)
    rows = np.flatnonzero(tells)
    plain = table.select(["status_message", "http_status"]).take(pa.array(rows))
    told = Told.of(plain.column(0), plain.column(1), said, place[rows])
    return replace(spans, place=np.where(tells, np.cumsum(tells) - 1, -1), told=told)


_KEY = ("span_id", "kind", "status", "start", "received")


def _keys(trace: Ints, *columns: npt.NDArray[Any]) -> tuple[Ints, Ids]:
    """Return what tells a row from others, given `_KEY`: copies of a span that came in at another time differ too."""
    span, kind, status, start, received = columns
    return trace * 32 + status * 8 + kind, span ^ start.astype(np.uint64) ^ mix(received.astype(np.uint64))


def spans_of(table: pa.Table, trace: Ints, *, place: Ints | None = None, told: Told | None = None) -> Spans:
    """Return the columns of rows, given the number of the trace of each."""
    words, codes = {}, {}
    for name in WORDS:
        words[name], codes[name] = _words(table.column(name))
    plain = {name: table.column(name).to_numpy() for name in PLAIN}
    return Spans(
        trace=trace,
        span=plain["span_id"],
        parent=plain["parent_id"],
        start=plain["start"],
        duration=np.minimum(plain["duration"], np.uint64(_LONGEST_NS)).astype(np.int64),
        kind=plain["kind"],
        status=plain["status"],
        weight=plain["weight"].astype(np.float64),
        received=plain["received"],
        place=np.full(table.num_rows, -1) if place is None else place,
        words=words,
        told=told or Told.joined([]),
        **codes,
    )


def number_of(ids: pa.ChunkedArray, known: pa.Array, *, missing: int = -1) -> Ints:
    """Return the position of each trace id among known ones, `missing` for others."""
    numbers: Ints = pc.fill_null(pc.index_in(ids, value_set=known), missing).to_numpy().astype(np.int64)
    return numbers


def _words(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    if not len(column):
        return [], np.zeros(0, np.int64)
    chunk = column.unify_dictionaries().combine_chunks()
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks().chunk(0)
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def distinct(spans: Spans) -> tuple[Spans, Joined]:
    """Return identical spans once (those sent twice), and where each finds its parent.

    Twins that differ in kind, start, service or name stay. Of copies that say different things the first counts.
    """
    joined = join(spans.trace, spans.span, spans.parent)
    rows = joined.repeated
    if not rows.size:
        return spans, joined
    keys = [getattr(spans, key)[rows] for key in ("name", "service", "start", "kind", "span", "trace")]
    among = np.lexsort([spans.status[rows], spans.received[rows], *keys])
    fresh = np.ones(rows.size, np.bool_)
    fresh[1:] = np.any([key[among][1:] != key[among][:-1] for key in keys], axis=0)
    keep = np.ones(spans.size, np.bool_)
    keep[rows] = False
    keep[rows[among[fresh]]] = True
    kept = spans.take(keep)
    return kept, join(kept.trace, kept.span, kept.parent)


def late_spans(spans: Spans, traces: int, silence_ms: int) -> Ints:
    """Return per trace how many spans came in after a silence of at least `silence_ms`."""
    found = np.zeros(traces, np.int64)
    first = np.full(traces, np.iinfo(np.int64).max)
    last = np.zeros(traces, np.int64)
    np.minimum.at(first, spans.trace, spans.received)
    np.maximum.at(last, spans.trace, spans.received)
    slow = np.flatnonzero((last - first >= silence_ms)[spans.trace])
    if not slow.size:
        return found
    order = slow[np.lexsort((spans.received[slow], spans.trace[slow]))]
    trace, received = spans.trace[order], spans.received[order]
    silent = np.zeros(order.size, np.bool_)
    silent[1:] = (trace[1:] == trace[:-1]) & (received[1:] - received[:-1] >= silence_ms)
    begins = leaders(trace)
    after = np.cumsum(silent)
    base = np.repeat(after[begins], np.diff(np.append(begins, order.size)))
    np.add.at(found, trace, (after > base).astype(np.int64))
    return found
