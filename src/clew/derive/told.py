"""What few spans say beyond plain columns: errors they recorded, their queue, the producers that they are linked to.

Read from the store, or made of the spans as they came in; both give the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.numbers import Flags, Ints, leaders
from clew.model import Kind, Status
from clew.model.schema import ID128

_EXCEPTION = "exception"
_QUEUED = (Kind.PRODUCER, Kind.CONSUMER)
SAID_SQL = """
    SELECT trace_id, span_id, kind, status, toUnixTimestamp64Nano(start) AS start,
        toUnixTimestamp64Milli(received) AS received,
        attr_str['error.type'] AS type,
        multiIf(attr_str['messaging.destination.name'] != '', attr_str['messaging.destination.name'],
            attr_str['messaging.destination'] != '', attr_str['messaging.destination'],
            peer != '', toString(peer), attr_str['messaging.system']) AS queue,
        arrayFilter((a, n) -> n = 'exception', `events.attr_str`, `events.name`) AS thrown,
        arrayMap(a -> a['exception.type'], thrown) AS types,
        arrayMap(a -> a['exception.message'], thrown) AS messages,
        arrayMap(a -> a['exception.stacktrace'], thrown) AS stacks,
        if(kind = 5, `links.trace_id`, []) AS targets, if(kind = 5, `links.span_id`, []) AS ids
    FROM spans
    PREWHERE kind IN (4, 5) OR has(`events.name`, 'exception')
        OR (status = 2 AND status_message = '' AND http_status = 0 AND has(attr_str.keys, 'error.type'))
    WHERE tenant = {tenant:String} AND """
"""SELECT of what stands in attributes, of the spans that have any of it, and what finds the span of each row.

Attributes are read last and only where they say something: they are most of what is stored.
"""
NESTED = ("kind", "status_message", "http_status", "peer", "attr_str", "events", "links")
"""Columns of the spans that the rows are made of."""
_SCHEMA = pa.schema(
    [
        ("message", pa.utf8()),
        ("code", pa.uint16()),
        ("type", pa.utf8()),
        ("queue", pa.utf8()),
        ("types", pa.list_(pa.utf8())),
        ("messages", pa.list_(pa.utf8())),
        ("stacks", pa.list_(pa.utf8())),
        ("targets", pa.list_(ID128)),
        ("ids", pa.list_(pa.uint64())),
    ]
)


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of what spans say."""

    rows: pa.Table

    @staticmethod
    def of(message: pa.ChunkedArray, code: pa.ChunkedArray, said: pa.Table, found: Ints) -> Told:
        """Return rows from status messages and codes of HTTP, and the row of an answer of `SAID_SQL`, -1 for none."""
        names = _SCHEMA.names[2:]
        nothing = pa.table(
            [[""], [""], *([[]] for _ in names[2:])], schema=pa.schema([_SCHEMA.field(n) for n in names])
        )
        known = pa.concat_tables([said.select(names).cast(nothing.schema), nothing]).take(
            pa.array(np.where(found < 0, said.num_rows, found))
        )
        rows = pa.table([message, code, *known.columns], names=_SCHEMA.names)
        return Told(rows.cast(_SCHEMA).combine_chunks())

    @staticmethod
    def joined(parts: Sequence[Told]) -> Told:
        """Put rows behind each other."""
        return Told(pa.concat_tables([_SCHEMA.empty_table(), *(part.rows for part in parts)]).combine_chunks())

    def sizes(self, name: str) -> Ints:
        """Return how many entries each list of a column has."""
        return _plain(pc.list_value_length(self.rows.column(name))).astype(np.int64)

    def texts(self, name: str, rows: Ints) -> list[str]:
        """Return a column of some rows."""
        texts: list[str] = self.rows.column(name).take(pa.array(rows)).to_pylist()
        return texts

    def entries(self, name: str, rows: Ints) -> pa.Array:
        """Return the entries of the lists of some rows, one behind the other."""
        return self.rows.column(name).take(pa.array(rows)).combine_chunks().flatten()


def telling(spans: pa.Table) -> Flags:
    """Return which spans have a row in `Told`."""
    kind, status = _plain(spans.column("kind")), _plain(spans.column("status"))
    tells: Flags = (status == Status.ERROR) | np.isin(kind, _QUEUED)
    rows = np.flatnonzero(~tells & (_plain(pc.list_value_length(spans.column("events"))) > 0))
    if rows.size:
        events = spans.select(["events"]).take(pa.array(rows)).combine_chunks().column("events").chunk(0)
        tells[rows[np.unique(_thrown(events)[0])]] = True
    return tells


def told_of(spans: pa.Table) -> Told:
    """Return the rows of telling spans, given their columns `NESTED`."""
    columns = {name: _one(spans.column(name)) for name in NESTED}
    attributes, peer = columns["attr_str"], _text(columns["peer"])
    queues = [
        first_of(attributes, "messaging.destination.name"),
        first_of(attributes, "messaging.destination"),
        peer,
        first_of(attributes, "messaging.system"),
    ]
    row, events = _thrown(columns["events"])
    offsets = _offsets(row, spans.num_rows)
    said = columns["events"].values.field("attr_str").take(pa.array(events))

    def thrown(key: str) -> pa.Array:
        return pa.ListArray.from_arrays(offsets, first_of(said, key))

    links = columns["links"]
    consumer = pc.equal(columns["kind"], int(Kind.CONSUMER))
    targets = pc.if_else(consumer, links, pa.scalar([], links.type))
    ends = pa.array(np.append(0, np.cumsum(_plain(pc.list_value_length(targets)))).astype(np.int32))
    flat = targets.flatten()
    return Told(
        pa.table(
            [
                columns["status_message"],
                columns["http_status"],
                first_of(attributes, "error.type"),
                reduce(lambda first, then: pc.if_else(pc.equal(first, ""), then, first), queues),
                thrown("exception.type"),
                thrown("exception.message"),
                thrown("exception.stacktrace"),
                pa.ListArray.from_arrays(ends, flat.field("trace_id")),
                pa.ListArray.from_arrays(ends, flat.field("span_id")),
            ],
            schema=_SCHEMA,
        )
    )


def first_of(maps: pa.MapArray, key: str) -> pa.Array:
    """Return the first value of a key in each map of texts, empty where it is not there."""
    offsets = maps.offsets.to_numpy()
    place = np.full(len(maps), -1)
    code = pc.index(maps.keys.dictionary, key).as_py()
    if code >= 0:
        first = int(offsets[0])
        hits = first + np.flatnonzero(_plain(maps.keys.indices)[first : int(offsets[-1])] == code)
        row = np.searchsorted(offsets, hits, side="right") - 1
        lead = leaders(row)
        place[row[lead]] = hits[lead]
    return pc.fill_null(maps.items.take(pa.array(place, mask=place < 0)), "")


def _thrown(events: pa.ListArray) -> tuple[Ints, Ints]:
    """Return the row of each event that is an exception, and its place among all events."""
    offsets = events.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    names = events.values.field("name")
    code = pc.index(names.dictionary, _EXCEPTION).as_py()
    if code < 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at = first + np.flatnonzero(_plain(names.indices)[first:last] == code)
    return np.searchsorted(offsets, at, side="right") - 1, at


def _offsets(row: Ints, rows: int) -> pa.Array:
    return pa.array(np.append(0, np.cumsum(np.bincount(row, minlength=rows))).astype(np.int32))


def _one(column: pa.ChunkedArray) -> pa.Array:
    chunk = column.combine_chunks()
    return chunk.chunk(0) if isinstance(chunk, pa.ChunkedArray) else chunk


def _text(words: pa.Array) -> pa.Array:
    return words.cast(pa.utf8())


def _plain(values: pa.Array | pa.ChunkedArray) -> Ints:
    found: Ints = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    return found
