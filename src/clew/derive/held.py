"""Spans as they came in, kept in memory until their traces are settled: reading them back costs more than all the rest.

It is a cache: a trace counts as held only when as many of its rows are here as the store has, or when nobody else
writes and no row of it can have been stored that is not here. What is here is always a part of what is stored, so
equal numbers mean equal rows. Rows that were taken out to be settled never come back, so a trace that is held whole
was never settled.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.departed import Departed
from clew.derive.lot import Lot
from clew.derive.numbers import Flags, Ints
from clew.derive.spans import PLAIN, TIMES, WORDS, Spans, number_of, spans_of
from clew.derive.told import NESTED, Told, telling, told_of
from clew.model import BUCKET_S, now_ns

MOST_BYTES = 96 << 20
"""Most memory; beyond it the oldest segments go, and their traces are read from the store."""
_REMEMBERED = 1000
"""Segments whose names are remembered: inserts are tried again one segment at a time."""
_COLUMNS = ("tenant", "trace_id", *PLAIN, *WORDS)


@dataclass(frozen=True, slots=True)
class _Slim:
    """What is kept of a segment."""

    rows: pa.Table
    """`_COLUMNS`, and the `place` of each row in `told`, -1 for none."""
    told: Told
    size: int
    """Memory in bytes."""

    @staticmethod
    def of(rows: pa.Table, told: Told) -> _Slim:
        """Return both with their size."""
        return _Slim(rows, told, int(rows.nbytes + told.rows.nbytes))

    def filter(self, mask: pa.Array) -> _Slim:
        """Return some rows; what others tell goes as well."""
        rows = self.rows.filter(mask)
        place = rows.column("place").to_numpy()
        tells = place >= 0
        number = np.where(tells, np.cumsum(tells) - 1, -1)
        at = rows.schema.get_field_index("place")
        told = Told(self.told.rows.take(pa.array(place[tells])))
        return _Slim.of(rows.set_column(at, "place", pa.array(number)), told)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was held of some traces, numbered in their order."""

    spans: Spans | None
    whole: Flags
    """Traces of which it is known that no other row is stored."""


class Held:
    """The spans of recent segments; thread-safe."""

    def __init__(
        self, most_bytes: int = MOST_BYTES, *, since_ns: int | None = None, now: Callable[[], int] = now_ns
    ) -> None:
        """Prepare.

        Args:
            most_bytes: most memory.
            since_ns: since when every stored segment is told here; None where others write as well.
            now: the clock, in ns.
        """
        self._most_bytes = most_bytes
        self._now = now
        self._departed = None if since_ns is None else Departed(since_ns)
        self._lock = threading.Lock()
        self._segments: dict[str, _Slim] = {}
        self._told: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def bytes(self) -> int:
        """Memory in use."""
        with self._lock:
            return sum(one.size for one in self._segments.values())

    def add(self, segment: str, batches: Sequence[pa.RecordBatch]) -> None:
        """Keep the spans of a segment that was stored; when it is told again, nothing new is in it."""
        with self._lock:
            if segment in self._told:
                return
            self._told.append(segment)
        try:
            slim = _slim(batches)
        except BaseException:
            with self._lock:
                self._told.remove(segment)  # told again, it is taken: what is not here has to be known to be missing
            raise
        with self._lock:
            self._segments[segment] = slim
            size = sum(one.size for one in self._segments.values())
            while size > self._most_bytes:
                oldest = self._segments.pop(next(iter(self._segments)))
                size -= oldest.size
                self._depart(pc.unique(oldest.rows.column("trace_id")))

    def miss(self, ids: pa.Array) -> None:
        """Note traces of which rows are stored that are not told here."""
        with self._lock:
            self._depart(ids)

    def take(self, tenant: str, ids: pa.Array) -> Taken:
        """Take the rows of some traces out."""
        found: list[_Slim] = []
        with self._lock:
            horizon = self._departed.horizon_ns if self._departed else 0
            stayed = ~self._departed.has(ids) if self._departed else np.zeros(len(ids), np.bool_)
            self._depart(ids)
            for name, slim in list(self._segments.items()):
                mine = pc.is_in(slim.rows.column("trace_id"), value_set=ids)
                if slim.rows.column("tenant").chunk(0).dictionary.to_pylist() != [tenant]:
                    mine = pc.and_(mine, pc.equal(slim.rows.column("tenant"), tenant))
                taken = int(pc.sum(mine).as_py() or 0)
                if not taken:
                    continue
                found.append(slim if taken == slim.rows.num_rows else slim.filter(mine))
                if taken == slim.rows.num_rows:
                    del self._segments[name]
                else:
                    self._segments[name] = slim.filter(pc.invert(mine))
        spans = _joined(found, ids) if found else None
        if spans is not None and stayed.any():
            return Taken(spans, stayed & _begins(spans, len(ids), horizon))
        return Taken(spans, np.zeros(len(ids), np.bool_))

    def _depart(self, ids: pa.Array) -> None:
        if self._departed:
            self._departed.add(ids, self._now())


def _begins(spans: Spans, traces: int, horizon_ns: int) -> Flags:
    """Return which traces have a root, and begin at a time or after it."""
    first = np.full(traces, np.iinfo(np.int64).max)
    rooted = np.zeros(traces, np.bool_)
    np.minimum.at(first, spans.trace, spans.start)
    rooted[spans.trace[spans.parent == 0]] = True
    found: Flags = rooted & (first >= horizon_ns)
    return found


def _slim(batches: Sequence[pa.RecordBatch]) -> _Slim:
    """Copy what is needed of a segment; its own memory is a file that goes."""
    if len(batches) == 1:  # put together they are a copy
        half = batches[0].num_rows // 2
        batches = [batches[0].slice(0, half), batches[0].slice(half)]
    table = pa.Table.from_batches(batches)
    rows = table.select(_COLUMNS).unify_dictionaries().combine_chunks()
    nested = table.select([*NESTED, "status"]).unify_dictionaries()
    tells = telling(nested)
    place = np.where(tells, np.cumsum(tells) - 1, -1)
    for at, field in enumerate(rows.schema):
        if field.name in TIMES:
            rows = rows.set_column(at, field.name, rows.column(at).cast(pa.int64()))
        elif pa.types.is_dictionary(field.type):
            rows = rows.set_column(at, field.name, _own_words(rows.column(at).chunk(0)))
    rows = rows.append_column("place", pa.array(place))
    if not tells.any():
        return _Slim.of(rows, Told.joined([]))
    return _Slim.of(rows, told_of(nested.select(NESTED).take(pa.array(np.flatnonzero(tells))).combine_chunks()))


def _own_words(column: pa.DictionaryArray) -> pa.DictionaryArray:
    words = pa.array(column.dictionary.to_pylist(), pa.utf8())
    return pa.DictionaryArray.from_arrays(column.indices, words)


def _joined(parts: Sequence[_Slim], ids: pa.Array) -> Spans:
    """Return the rows of some segments as columns."""
    table = pa.concat_tables([part.rows for part in parts])
    place = table.column("place").to_numpy()
    before = np.cumsum([0, *(part.told.rows.num_rows for part in parts)])[:-1]
    shift = np.repeat(before, [part.rows.num_rows for part in parts])
    return spans_of(
        table,
        number_of(table.column("trace_id"), ids),
        place=np.where(place >= 0, place + shift, -1),
        told=Told.joined([part.told for part in parts]),
    )


def lot_of(taken: Taken, ids: pa.Array) -> Lot:
    """Return the traces that are held whole for sure, as if none was ever settled."""
    places = np.flatnonzero(taken.whole)
    if taken.spans is None or not places.size:
        return Lot.none()
    bucket = taken.spans.start // (BUCKET_S * 10**9) * BUCKET_S
    low, high = np.full(len(ids), np.iinfo(np.int64).max), np.zeros(len(ids), np.int64)
    np.minimum.at(low, taken.spans.trace, bucket)
    np.maximum.at(high, taken.spans.trace, bucket)
    rows = np.bincount(taken.spans.trace, minlength=len(ids))
    return Lot.new(ids, low, high, rows).take(places)


def complete(spans: Spans | None, ids: pa.Array, lot: Lot) -> tuple[Spans | None, Ints]:
    """Return the rows of those traces of a lot that are held whole, numbered anew, and the places of these traces.

    Args:
        spans: what is held, numbered in the order of `ids`.
        ids: traces, among them those of the lot.
        lot: traces, and how many rows the store has of each.
    """
    if spans is None or not lot.size:
        return None, np.zeros(0, np.int64)
    spans = spans.renumbered(number_of(pa.chunked_array([ids]), lot.ids))
    whole = np.bincount(spans.trace[spans.trace >= 0], minlength=lot.size) == lot.rows
    anew = np.append(np.where(whole, np.cumsum(whole) - 1, -1), -1)
    spans = spans.renumbered(anew)
    if spans.trace.min() < 0:
        spans = spans.take(spans.trace >= 0)
    return spans if spans.size else None, np.flatnonzero(whole)
