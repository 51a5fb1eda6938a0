"""Which traces have which attribute values: counted over all spans, events and resources of many traces at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.numbers import Ints, distinct_values, leaders
from clew.model import BUCKET_S, KIND_NAMES, STATUS_NAMES
from clew.query.params import Params
from clew.query.read import Read

MOST_NUMBERS = 20
"""A number with more different values is compared by powers of two."""
VALUE_CHARS = 300
Key = tuple[str, str, str]
"""Level, key and type."""

_MAPS = ("str", "int", "float", "bool")


@dataclass(frozen=True, slots=True)
class Picked:
    """Traces; the first `selected` are in question, the rest is the baseline."""

    ids: Sequence[bytes]
    selected: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """How many traces have each value; `key` and `value` are codes."""

    keys: list[Key]
    values: list[str]
    key: Ints
    value: Ints
    selected: Ints
    """Selected traces with the value."""
    base: Ints
    covered: Ints
    """Selected traces with the key, by code of the key."""
    base_covered: Ints
    traces: Ints
    """Traces of one value after the other, as places in what was picked."""
    begins: Ints
    """Where those of each value begin."""

    def traces_of(self, row: int) -> Ints:
        """Return the traces that have a value."""
        end = int(self.begins[row + 1]) if row + 1 < self.begins.size else self.traces.size
        return self.traces[int(self.begins[row]) : end]


@dataclass(slots=True)
class _Pairs:
    """(trace, key, value) as codes, in parts."""

    keys: dict[Key, int]
    values: dict[str, int]
    parts: list[tuple[Ints, Ints, Ints]]

    def key(self, level: str, name: str, kind: str) -> int:
        return self.keys.setdefault((level, name, kind), len(self.keys))

    def add(self, trace: Ints, key: Ints, texts: pa.Array) -> None:
        """Add pairs; `texts` are the values."""
        encoded = texts.dictionary_encode() if not pa.types.is_dictionary(texts.type) else texts
        known = [self.values.setdefault(text, len(self.values)) for text in encoded.dictionary.to_pylist()]
        codes = np.array(known, np.int64)[encoded.indices.to_numpy()] if known else np.zeros(0, np.int64)
        self.parts.append((trace, key, codes))


def read_pairs(read: Read, picked: Picked) -> Catalogue:
    """Return the attribute values of some traces."""
    params = Params()
    ids = params.ids(list(picked.ids))
    edges = read.query(
        f"SELECT toUnixTimestamp(min(i.min_bucket)) AS low, toUnixTimestamp(max(i.max_bucket)) AS high "
        f"FROM trace_index AS i WHERE tenant = {{tenant:String}} AND trace_id IN {ids}",
        params.values,
    ).to_pylist()[0]
    low, high = params.seconds(edges["low"]), params.seconds(edges["high"] + BUCKET_S)
    columns = ", ".join(f"attr_{kind}, `events.attr_{kind}`" for kind in _MAPS)
    sql = f"""
        SELECT trace_id, toString(service) AS service, toString(name) AS name, kind, status, resource_id,
            `events.name`, {columns}
        FROM spans
        WHERE tenant = {{tenant:String}} AND bucket >= {low} AND bucket <= {high} AND trace_id IN {ids}
    """
    table = read.query(sql, params.values)
    trace = pc.index_in(table.column("trace_id"), value_set=pa.array(picked.ids, pa.binary(16))).to_numpy()
    pairs = _Pairs({}, {}, [])
    _intrinsics(pairs, table, trace.astype(np.int64))
    for kind in _MAPS:
        _maps(pairs, table.column(f"attr_{kind}"), trace.astype(np.int64), "span", kind)
        _event_maps(pairs, table.column(f"events.attr_{kind}"), trace.astype(np.int64), kind)
    _resources(pairs, read, table, trace.astype(np.int64), (edges["low"], edges["high"]))
    return _count(pairs, picked)


def _intrinsics(pairs: _Pairs, table: pa.Table, trace: Ints) -> None:
    """Add name, kind and status of spans."""
    words = {
        "name": table.column("name").combine_chunks(),
        "kind": pa.array([KIND_NAMES.get(n, str(n)) for n in range(256)]).take(table.column("kind").combine_chunks()),
        "status": pa.array([STATUS_NAMES.get(n, str(n)) for n in range(256)]).take(
            table.column("status").combine_chunks()
        ),
    }
    for name, texts in words.items():
        plain = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        pairs.add(trace, np.full(trace.size, pairs.key("intrinsic", name, "string")), plain)


def _maps(pairs: _Pairs, column: pa.ChunkedArray, owner: Ints, level: str, kind: str) -> None:
    """Add the entries of a column of maps."""
    at = 0
    for chunk in column.chunks:
        rows = len(chunk)
        offsets = chunk.offsets.to_numpy()
        first, last = int(offsets[0]), int(offsets[-1])
        trace = np.repeat(owner[at : at + rows], np.diff(offsets))
        keys, items = (part.slice(first, last - first) for part in (chunk.keys, chunk.items))
        _entries(pairs, trace, keys, items, level=level, kind=kind)
        at += rows


def _event_maps(pairs: _Pairs, column: pa.ChunkedArray, owner: Ints, kind: str) -> None:
    """Add the entries of a column of lists of maps."""
    at = 0
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        first, last = int(offsets[0]), int(offsets[-1])
        trace = np.repeat(owner[at : at + len(chunk)], np.diff(offsets))
        _maps(pairs, pa.chunked_array([chunk.values.slice(first, last - first)]), trace, "event", kind)
        at += len(chunk)


def _entries(pairs: _Pairs, trace: Ints, keys: pa.Array, items: pa.Array, *, level: str, kind: str) -> None:
    if not len(keys):
        return
    encoded = keys if pa.types.is_dictionary(keys.type) else keys.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    known = np.array([pairs.key(level, name, kind) for name in names], np.int64)
    key = known[encoded.indices.to_numpy()]
    if kind in {"int", "float"}:
        _numbers(pairs, trace, key, items.to_numpy(zero_copy_only=False))
    elif kind == "bool":
        pairs.add(trace, key, pc.if_else(items, "true", "false"))
    else:
        texts = items.dictionary_encode()
        short = pc.utf8_slice_codeunits(texts.dictionary, 0, VALUE_CHARS)
        pairs.add(trace, key, short.take(texts.indices))


def _numbers(pairs: _Pairs, trace: Ints, key: Ints, values: npt.NDArray[np.generic]) -> None:
    """Add numbers: as they are where a key has few different ones, else by powers of two."""
    order = np.lexsort((values, key))
    fresh = np.ones(order.size, np.bool_)
    fresh[1:] = (key[order][1:] != key[order][:-1]) | (values[order][1:] != values[order][:-1])
    many = np.bincount(key[order][fresh]) > MOST_NUMBERS
    wide = many[key]
    for rows, texts in ((np.flatnonzero(~wide), None), (np.flatnonzero(wide), "ranges")):
        if not rows.size:
            continue
        distinct, inverse = np.unique(_octave(values[rows]) if texts else values[rows], return_inverse=True)
        shown = [_range(int(one)) if texts else str(one) for one in distinct.tolist()]
        pairs.add(trace[rows], key[rows], pa.array(shown, pa.utf8()).take(pa.array(inverse)))


_ZERO = 10_000


def _octave(values: npt.NDArray[Any]) -> Ints:
    """Return the power of two below each value, its sign kept apart; zero and what is no number have their own."""
    size = np.abs(values.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.floor(np.log2(size))
    found = np.where(np.isfinite(power), power, _ZERO).astype(np.int64)
    return np.where((values < 0) & (found != _ZERO), -3 * _ZERO - found, found)


def _range(code: int) -> str:
    if code == _ZERO:
        return "0"
    power, sign = (code, 1) if code > -2 * _ZERO else (-3 * _ZERO - code, -1)
    low, high = sorted((sign * 2.0**power, sign * 2.0 ** (power + 1)))
    return f"{low:g} to {high:g}"


def _resources(pairs: _Pairs, read: Read, table: pa.Table, trace: Ints, buckets: tuple[int, int]) -> None:
    """Add the attributes of the resources of the spans."""
    resource = table.column("resource_id").to_numpy()
    distinct, inverse = np.unique(resource, return_inverse=True)
    params = Params()
    ids = params.bind([int(one) for one in distinct.tolist()], "Array(UInt64)")
    days = [params.day(edge * 10**9) for edge in buckets]
    columns = ", ".join(f"any(r.attr_{kind}) AS attr_{kind}" for kind in _MAPS)
    sql = f"""
        SELECT resource_id, {columns} FROM resources AS r
        WHERE tenant = {{tenant:String}} AND day >= {days[0]} AND day <= {days[1]} AND resource_id IN {ids}
        GROUP BY resource_id
    """
    found = read.query(sql, params.values)
    cells = distinct_values(trace * distinct.size + inverse)
    owner, wanted = cells // distinct.size, distinct[cells % distinct.size]
    known = found.column("resource_id").to_numpy()
    order = np.argsort(known)
    if not known.size:
        return
    place = np.minimum(np.searchsorted(known[order], wanted), known.size - 1)
    there = known[order][place] == wanted
    rows = found.take(pa.array(order[place[there]]))
    for kind in _MAPS:
        _maps(pairs, rows.column(f"attr_{kind}"), owner[there], "resource", kind)


def _count(pairs: _Pairs, picked: Picked) -> Catalogue:
    """Count each (trace, key, value) once."""
    traces = len(picked.ids)
    trace, key, value = (np.concatenate([part[n] for part in pairs.parts]) for n in range(3))
    width = max(len(pairs.values), 1)
    keyed = distinct_values(key * traces + trace)
    cells = distinct_values((key * width + value) * traces + trace)
    chosen = cells % traces < picked.selected
    what = cells // traces
    begins = leaders(what)
    kinds = what[begins]
    total = np.diff(np.append(begins, what.size))
    selected = np.add.reduceat(chosen.astype(np.int64), begins)
    of_selection = keyed % traces < picked.selected
    covered = np.bincount(keyed[of_selection] // traces, minlength=len(pairs.keys))
    every = np.bincount(keyed // traces, minlength=len(pairs.keys))
    return Catalogue(
        list(pairs.keys),
        list(pairs.values),
        kinds // width,
        kinds % width,
        selected,
        total - selected,
        covered,
        every - covered,
        cells % traces,
        begins,
    )
