"""Errors of many traces, grouped by fingerprint: recorded exceptions, and failed spans that recorded none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clew.derive.batches import batch, minutes, words
from clew.derive.fingerprint import fingerprint, message_templates, top_frame
from clew.derive.lot import PLACED, Lot, Scratch
from clew.derive.numbers import Flags, Floats, Ints, Pairs
from clew.derive.spans import Spans, number_of
from clew.store.engine import Param
from clew.store.groups import group
from clew.store.tables import BY_NAME

_SQL = """
    SELECT trace_id, span_id, kind, toUnixTimestamp64Nano(start) AS start,
        arrayFilter((a, n) -> n = 'exception', `events.attr_str`, `events.name`) AS thrown,
        arrayMap(a -> a['exception.type'], thrown) AS types,
        arrayMap(a -> a['exception.message'], thrown) AS messages,
        arrayMap(a -> a['exception.stacktrace'], thrown) AS stacks
    FROM spans WHERE tenant = {tenant:String} AND has(`events.name`, 'exception') AND """
_TYPES = """
    SELECT trace_id, span_id, kind, toUnixTimestamp64Nano(start) AS start, attr_str['error.type'] AS type
    FROM spans
    PREWHERE status = 2 AND status_message = '' AND http_status = 0 AND has(attr_str.keys, 'error.type')
    WHERE tenant = {tenant:String} AND """


@dataclass(frozen=True, slots=True)
class Thrown:
    """Errors as columns; `row` is the span of each."""

    row: Ints
    type: list[str]
    message: list[str]
    frame: list[str]


def read_thrown(
    scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, begun: Flags, base: Ints
) -> Thrown:
    """Return the exceptions of spans, and for origins of errors without one what their status says.

    Args:
        scratch: what holds the spans; the traces are placed.
        lot: the traces that were read.
        placed: parameters of their place.
        spans: their distinct spans.
        begun: which rows are origins of errors.
        base: number of the trace in `lot`, by number of the trace in `spans`.
    """
    raised = np.flatnonzero(spans.raised)
    plain = np.flatnonzero(begun & ~spans.raised)
    row, types, messages, stacks = plain.tolist(), *_statuses(scratch, lot, placed, spans, rows=plain, base=base)
    if raised.size:
        table, found = _look_up(_SQL, scratch, lot, placed, spans, rows=raised, base=base)
        told = table.select(["types", "messages", "stacks"]).take(found[found >= 0])
        for at, one in zip(raised[found >= 0].tolist(), told.to_pylist(), strict=True):
            row += [at] * len(one["types"])
            types += one["types"]
            messages += one["messages"]
            stacks += one["stacks"]
    return Thrown(np.array(row, np.int64), types, *_normal(messages, stacks))


def _statuses(
    scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, rows: Ints, base: Ints
) -> tuple[list[str], list[str], list[str]]:
    """Return type, message and (no) stack of failed spans that recorded no exception.

    The type is the status code of HTTP; where the status says nothing at all it is the attribute `error.type`.
    """
    said = spans.said.take(spans.place[rows]).combine_chunks()
    messages = said.column("status_message").to_pylist()
    types = [f"HTTP {code}" if code else "" for code in said.column("http_status").to_pylist()]
    mute = [at for at, (kind, message) in enumerate(zip(types, messages, strict=True)) if not kind and not message]
    if mute:
        table, found = _look_up(_TYPES, scratch, lot, placed, spans, rows=rows[mute], base=base)
        known = table.column("type").to_pylist()
        for at, place in zip(mute, found.tolist(), strict=True):
            types[at] = known[place] if place >= 0 else ""
    return types, messages, [""] * len(types)


def _look_up(
    sql: str, scratch: Scratch, lot: Lot, placed: dict[str, Param], spans: Spans, *, rows: Ints, base: Ints
) -> tuple[pa.Table, Ints]:
    """Return what a query over all traces says, and its row for each of some spans, -1 for none."""
    table = scratch.query(sql + PLACED, placed)
    return table, _places(table, number_of(table.column("trace_id"), lot.ids), spans, rows, base)


def _places(table: pa.Table, numbered: Ints, spans: Spans, rows: Ints, base: Ints) -> Ints:
    """Return the row of the table for each of some spans; twins are told apart by kind and start."""
    kind = table.column("kind").to_numpy().astype(np.int64)
    start = table.column("start").to_numpy()
    pairs = Pairs(numbered * 8 + kind, table.column("span_id").to_numpy() ^ start.astype(np.uint64))
    wanted = base[spans.trace[rows]] * 8 + spans.kind[rows]
    return pairs.find(wanted, spans.span[rows] ^ spans.start[rows].astype(np.uint64))


def _normal(messages: list[str], stacks: list[str]) -> tuple[list[str], list[str]]:
    """Return templates and top frames, each made once per distinct text."""
    texts = pa.array(messages, pa.utf8()).dictionary_encode()
    templates = message_templates(texts.dictionary).take(texts.indices).to_pylist()
    frames = {stack: top_frame(stack) for stack in set(stacks)}
    return templates, [frames[stack] for stack in stacks]


def exceptions(
    tenant: str, spans: Spans, thrown: Thrown, begun: Flags, *, sign: Floats, known: pa.Array, base: Ints
) -> pa.RecordBatch:
    """Return the rows of `exceptions`.

    Args:
        tenant: whose.
        spans: distinct spans.
        thrown: their errors.
        begun: which rows are origins of errors.
        sign: per trace, 1 to add it and -1 to take it out.
        known: trace ids.
        base: place of each trace in `known`.
    """
    service = spans.words["service"]
    keys: dict[tuple[str, str, str, str], int] = {}
    code = np.array(
        [
            keys.setdefault((service[spans.service[row]], kind, message, frame), len(keys))
            for row, kind, message, frame in zip(
                thrown.row.tolist(), thrown.type, thrown.message, thrown.frame, strict=True
            )
        ],
        np.int64,
    )
    texts = list(keys)
    prints = np.array([fingerprint(*key) for key in keys], np.uint64)
    row = thrown.row
    trace, start, version = spans.trace[row], spans.start[row], spans.version[row]
    groups = group(minutes(start), code, version)
    at = groups.first
    signs = sign[trace]
    per_trace = group(trace, groups.codes.astype(np.int64))
    traces = np.bincount(groups.codes[per_trace.first], weights=signs[per_trace.first], minlength=groups.count)
    low, high = np.full(groups.count, np.iinfo(np.int64).max), np.zeros(groups.count, np.int64)
    np.minimum.at(low, groups.codes, start)
    np.maximum.at(high, groups.codes, start)
    return batch(
        BY_NAME["exceptions"].schema,
        {
            "tenant": words(np.zeros(at.size, np.int64), [tenant]),
            "fingerprint": prints[code[at]],
            "minute": minutes(start)[at],
            "version": words(version[at], spans.words["version"]),
            "service": pa.array([texts[one][0] for one in code[at].tolist()], pa.utf8()),
            "type": pa.array([texts[one][1] for one in code[at].tolist()], pa.utf8()),
            "message": pa.array([texts[one][2] for one in code[at].tolist()], pa.utf8()),
            "frame": pa.array([texts[one][3] for one in code[at].tolist()], pa.utf8()),
            "n": groups.sums(signs).astype(np.int64),
            "n_weighted": groups.sums(signs * spans.weight[row]),
            "origins": groups.sums(signs * begun[row]).astype(np.int64),
            "traces": traces.astype(np.int64),
            "first": low,
            "last": high,
            "example": known.take(pa.array(base[trace[at]])),
        },
    )
