"""A whole trace by its id: its slim columns in pre-order, whatever its age, identical spans once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Ids, Ints, Small
from clew.model import Mark, Status
from clew.query.answer import Meta, Total
from clew.query.errors import TraceNotFoundError
from clew.query.hydrate import of_traces
from clew.query.index import IndexedTrace, lookup
from clew.query.params import Params
from clew.query.read import Read
from clew.query.structure import MOST_TWINS, Gap, incomplete
from clew.query.tree import Tree, build

ERROR, ERROR_ORIGIN, ORPHAN, PLACEHOLDER, EVENTS, LINKS = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 6, 1 << 7
REDACTED, OUTLIVES = 1 << 9, 1 << 11
"""Bits of the column `flags`."""
MISSING_NAME = "missing parent"


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of a trace as columns in pre-order; placeholders for missing parents are rows too."""

    trace_id: str
    t0: int
    """Start of the first span in nanoseconds."""
    tree: Tree
    span_id: Ids
    start: Ints
    """Nanoseconds from `t0`."""
    duration: Ints
    services: list[str]
    names: list[str]
    service: Ints
    name: Ints
    kind: Small
    status: Small
    flags: npt.NDArray[np.uint16]
    duplicates: int
    received_ms: int
    """When the newest span came in."""

    @property
    def rows(self) -> int:
        """Number of rows, placeholders included."""
        return self.span_id.size

    @property
    def gen(self) -> str:
        """Changes when spans come in."""
        return f"{self.rows}-{self.received_ms}"

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known about its structure."""
        real = self.spans
        roots = real & (self.tree.parent < 0) & ~self.tree.orphan
        _, counts = np.unique(self.span_id[real], return_counts=True)
        found = (
            (Gap.NO_ROOT, not roots.any()),
            (Gap.MISSING_PARENT, bool((real & self.tree.orphan).any())),
            (Gap.SHARED_ID, bool((counts > MOST_TWINS).any())),
        )
        return tuple(gap for gap, has in found if has)

    @property
    def spans(self) -> npt.NDArray[np.bool_]:
        """Which rows are spans."""
        return self.tree.order >= 0


def trace_meta(read: Read, trace: Trace, rows: int) -> Meta:
    """Return the meta of an answer about one trace, with how many rows it has."""
    return Meta(
        total=Total(rows, exact=True),
        returned=rows,
        scanned=read.scanned,
        duplicates=trace.duplicates,
        gen=trace.gen,
        incomplete=incomplete([(trace.trace_id, trace.gaps)]),
    )


def where_trace(read: Read, trace_id: str, params: Params) -> tuple[str, IndexedTrace | None]:
    """Return the condition that selects a trace's rows, through the index where it has the trace.

    A trace that just came in may lack its index entry for a moment; it is then looked for everywhere.
    """
    raw = bytes.fromhex(trace_id)
    indexed = lookup(read, [raw]).get(raw)
    if indexed is not None:
        return of_traces([indexed], params), indexed
    return f"trace_id = {params.bind(raw, 'FixedString(16)')}", None


def load(read: Read, trace_id: str) -> Trace:
    """Return a trace; one that was loaded before and has not changed comes from memory.

    Raises:
        TraceNotFoundError: no span of it is stored.
    """
    params = Params()
    condition, indexed = where_trace(read, trace_id, params)
    if indexed is None:
        return _load(read, trace_id, condition, params)
    key = (read.scope.tenant, indexed)
    return read.memo.get(key, lambda: _load(read, trace_id, condition, params))


def _load(read: Read, trace_id: str, condition: str, params: Params) -> Trace:
    sql = f"""
        SELECT span_id, parent_id, toUnixTimestamp64Nano(start) AS start, duration, service, name, kind, status, marks,
            notEmpty(`events.time`) AS has_events, notEmpty(`links.span_id`) AS has_links,
            toUnixTimestamp64Milli(received) AS received
        FROM spans WHERE tenant = {{tenant:String}} AND {condition}
    """
    table = read.query(sql, params.values)
    if not table.num_rows:
        raise TraceNotFoundError(trace_id)
    columns = {name: _plain(table.column(name)) for name in table.column_names if name not in {"service", "name"}}
    services, columns["service"] = words(table.column("service"))
    names, columns["name"] = words(table.column("name"))
    kept = distinct(columns)
    duplicates = table.num_rows - kept.size
    if duplicates:
        columns = {name: values[kept] for name, values in columns.items()}
    return _arrange(trace_id, columns, services, names, duplicates)


def _plain(column: pa.ChunkedArray) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = column.to_numpy()
    return values


def words(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    """Return the distinct texts of a column and the index of each row's.

    The engine's dictionary holds what other rows have, which may be another tenant's: only what these rows use leaves.
    """
    chunk = column.unify_dictionaries().combine_chunks()
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().chunk(0)
    codes = encoded.indices.to_numpy().astype(np.int64)
    used = np.zeros(len(encoded.dictionary), np.bool_)
    used[codes] = True
    places = np.cumsum(used) - 1
    return encoded.dictionary.filter(pa.array(used)).to_pylist(), places[codes]


def distinct(columns: dict[str, npt.NDArray[np.generic]]) -> Ints:
    """Return the rows to keep: the first of each set of identical spans, in the order of the input."""
    span = columns["span_id"]
    if np.unique(span).size == span.size:
        return np.arange(span.size)
    keys = [columns[name] for name in ("name", "service", "start", "kind", "span_id")]
    order = np.lexsort(keys)
    fresh = np.ones(span.size, np.bool_)
    fresh[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    return np.sort(order[fresh])


def _arrange(
    trace_id: str, columns: dict[str, npt.NDArray[np.generic]], services: list[str], names: list[str], duplicates: int
) -> Trace:
    start = columns["start"].astype(np.int64)
    t0 = int(start.min())
    tree = build(
        columns["span_id"].astype(np.uint64),
        columns["parent_id"].astype(np.uint64),
        start,
        columns["kind"].astype(np.uint8),
    )
    pick = np.maximum(tree.order, 0)
    real = tree.order >= 0
    begin = start[pick] - t0
    length = np.minimum(columns["duration"][pick].astype(np.uint64), np.uint64(2**62)).astype(np.int64)
    _cover(tree, begin, length)
    status = np.where(real, columns["status"][pick], 0).astype(np.uint8)
    marks = np.where(real, columns["marks"][pick], 0)
    flags = _flags(tree, begin, begin + length, status == Status.ERROR)
    flags |= np.where(real & (columns["has_events"][pick] != 0), EVENTS, 0).astype(np.uint16)
    flags |= np.where(real & (columns["has_links"][pick] != 0), LINKS, 0).astype(np.uint16)
    flags |= np.where((marks & Mark.REDACTED) != 0, REDACTED, 0).astype(np.uint16)
    return Trace(
        trace_id,
        t0,
        tree,
        np.where(real, columns["span_id"][pick], tree.missing).astype(np.uint64),
        begin,
        length,
        [*services, ""],
        [*names, MISSING_NAME],
        np.where(real, columns["service"][pick], len(services)).astype(np.int64),
        np.where(real, columns["name"][pick], len(names)).astype(np.int64),
        np.where(real, columns["kind"][pick], 0).astype(np.uint8),
        status,
        flags,
        duplicates,
        int(columns["received"].astype(np.int64).max()),
    )


def _cover(tree: Tree, begin: Ints, length: Ints) -> None:
    """Give placeholders the time from the first start to the last end of their children."""
    ghosts = np.flatnonzero(tree.order < 0)
    if not ghosts.size:
        return
    begin[ghosts], length[ghosts] = np.iinfo(np.int64).max, 0
    below = np.flatnonzero(tree.orphan)
    above = tree.parent[below]
    last = np.zeros(begin.size, np.int64)
    np.minimum.at(begin, above, begin[below])
    np.maximum.at(last, above, begin[below] + length[below])
    length[ghosts] = last[ghosts] - begin[ghosts]


def _flags(tree: Tree, begin: Ints, end: Ints, error: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint16]:
    """Return the flags that follow from the tree; an error without a failed child is where the error began."""
    above = tree.parent
    inner = above >= 0
    failed_below = np.zeros(begin.size, np.bool_)
    failed_below[above[inner & error]] = True
    ghost = tree.order < 0
    flags = np.where(error, ERROR, 0) | np.where(error & ~failed_below, ERROR_ORIGIN, 0)
    flags |= np.where(tree.orphan, ORPHAN, 0) | np.where(ghost, PLACEHOLDER, 0)
    outlives = inner & (end > end[above])
    return (flags | np.where(outlives, OUTLIVES, 0)).astype(np.uint16)
