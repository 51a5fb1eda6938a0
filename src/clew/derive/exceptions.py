"""Errors of many traces, grouped by fingerprint: recorded exceptions, and failed spans that recorded none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clew.derive.batches import batch, minutes, words
from clew.derive.fingerprint import fingerprint, message_templates, top_frame
from clew.derive.numbers import Flags, Floats, Ints
from clew.derive.spans import Spans
from clew.store.groups import group
from clew.store.tables import BY_NAME


@dataclass(frozen=True, slots=True)
class Thrown:
    """Errors as columns; `row` is the span of each."""

    row: Ints
    type: list[str]
    message: list[str]
    frame: list[str]


def thrown(spans: Spans, begun: Flags) -> Thrown:
    """Return the exceptions of spans, and for origins of errors without one what their status says.

    The type is then the status code of HTTP; where the status says nothing at all it is the attribute `error.type`.
    """
    told = spans.told
    sizes = np.append(told.sizes("types"), 0)[spans.place]
    raised, plain = np.flatnonzero(sizes), np.flatnonzero(begun & (sizes == 0) & (spans.place >= 0))
    listed, single = spans.place[raised], spans.place[plain]
    messages = told.texts("message", single)
    types = [
        f"HTTP {code}" if code else "" if message else kind
        for code, message, kind in zip(told.texts("code", single), messages, told.texts("type", single), strict=True)
    ]
    stacks = [""] * len(types) + told.entries("stacks", listed).to_pylist()
    return Thrown(
        np.concatenate([plain, np.repeat(raised, sizes[raised])]),
        types + told.entries("types", listed).to_pylist(),
        *_normal(messages + told.entries("messages", listed).to_pylist(), stacks),
    )


def _normal(messages: list[str], stacks: list[str]) -> tuple[list[str], list[str]]:
    """Return templates and top frames, each made once per distinct text."""
    texts = pa.array(messages, pa.utf8()).dictionary_encode()
    templates = message_templates(texts.dictionary).take(texts.indices).to_pylist()
    frames = {stack: top_frame(stack) for stack in set(stacks)}
    return templates, [frames[stack] for stack in stacks]


def exceptions(
    tenant: str, spans: Spans, found: Thrown, begun: Flags, *, sign: Floats, known: pa.Array, base: Ints
) -> pa.RecordBatch:
    """Return the rows of `exceptions`.

    Args:
        tenant: whose.
        spans: distinct spans.
        found: their errors.
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
                found.row.tolist(), found.type, found.message, found.frame, strict=True
            )
        ],
        np.int64,
    )
    texts = list(keys)
    prints = np.array([fingerprint(*key) for key in keys], np.uint64)
    row = found.row
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
