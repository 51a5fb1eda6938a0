"""Spans as they came in, kept in memory until their traces are settled: reading them back costs more than all the rest.

It is a cache: a trace counts as held only when as many of its rows are here as the store has. What is here is always
a part of what is stored, so equal numbers mean equal rows. Rows that were taken out to be settled never come back, so
a trace that is held whole was never settled.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.lot import Lot
from clew.derive.numbers import Ints
from clew.derive.spans import PLAIN, TIMES, WORDS, Spans, number_of, spans_of
from clew.derive.told import NESTED, Told, telling, told_of

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


class Held:
    """The spans of recent segments; thread-safe."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
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
        slim = _slim(batches)
        with self._lock:
            self._segments[segment] = slim
            size = sum(one.size for one in self._segments.values())
            while size > self._most_bytes:
                size -= self._segments.pop(next(iter(self._segments))).size

    def take(self, tenant: str, ids: pa.Array) -> Spans | None:
        """Take the rows of some traces out, numbered in the order of the traces; `None` when there are none."""
        found: list[_Slim] = []
        with self._lock:
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
        return _joined(found, ids) if found else None


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
