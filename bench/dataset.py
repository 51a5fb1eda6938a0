"""Spans of the shape that Jaeger's `tracegen` makes, as Arrow batches of the model, fast and seeded.

A trace is one root `lets-go` with 2 attributes and 9 children with 11 each; keys run through 97 names and values
through 1,000, one after the other, so that figures compare with those that Jaeger published for its ClickHouse store.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from clew.model import SPANS
from clew.model.schema import ID128, MILLIS, NS, SECONDS, WORD

SPANS_PER_TRACE = 10
ATTRIBUTES = 11
KEYS = 97
VALUES = 1000

_KEY_NAMES = pa.array([f"attr_{n:02d}" for n in range(KEYS)] + ["peer.service", "peer.host.ipv4"])
_VALUE_TEXTS = pa.array([f"val_{n:02d}" for n in range(VALUES)] + ["tracegen-server", "1.1.1.1"])
_NAMES = ["lets-go", *(f"child-span-{n:02d}" for n in range(SPANS_PER_TRACE - 1))]


def word(codes: np.ndarray, values: list[str]) -> pa.Array:
    """Return a dictionary array from codes and their values."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values, pa.utf8()))


def _empty(field: pa.Field, rows: int) -> pa.Array:
    kind = field.type
    if pa.types.is_map(kind):
        offsets = pa.array(np.zeros(rows + 1, np.int32))
        return pa.MapArray.from_arrays(offsets, pa.array([], kind.key_type), pa.array([], kind.item_type)).cast(kind)
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(np.zeros(rows + 1, np.int32), pa.array([], kind.value_type)).cast(kind)
    if kind == WORD:
        return word(np.zeros(rows, np.int32), [""])
    if kind == pa.utf8():
        return pa.array([""]).take(pa.array(np.zeros(rows, np.int32)))
    return pa.array(np.zeros(rows, np.int64)).cast(kind)


def jaeger_shape(
    traces: int, *, start_ns: int, spread_ns: int, seed: int = 1, services: int = 2, per_batch: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """Yield batches of `per_batch` traces, `traces` in all, evenly over `spread_ns` from `start_ns` on."""
    random = np.random.default_rng(seed)
    for first in range(0, traces, per_batch):
        count = min(per_batch, traces - first)
        begin = start_ns + (np.arange(first, first + count, dtype=np.int64) * (spread_ns // traces))
        yield _batch(random, count, begin, first, services)


def _times(random: np.random.Generator, count: int, begin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and durations: children one after the other, each some 60 us, now and then a slow one."""
    child = random.gamma(8.0, 8_000, (count, SPANS_PER_TRACE - 1)).astype(np.int64) + 2_000
    slow = random.random((count, SPANS_PER_TRACE - 1)) < 0.0005
    child[slow] += random.integers(10**8, 3 * 10**9, int(slow.sum()))
    offsets = np.cumsum(child, axis=1) - child
    start = np.concatenate([begin[:, None], begin[:, None] + 1_500 + offsets], axis=1)
    duration = np.concatenate([child.sum(axis=1, keepdims=True) + 4_000, child], axis=1)
    return start.ravel(), duration.ravel()


def _attributes(count: int, first: int) -> pa.Array:
    """Return `attr_str`: counters that run on over all children of all traces."""
    children = SPANS_PER_TRACE - 1
    sizes = np.tile(np.array([2] + [ATTRIBUTES] * children, np.int32), count)
    counter = np.arange(count * children * ATTRIBUTES, dtype=np.int64) + first * children * ATTRIBUTES
    child_keys = (counter % KEYS).reshape(count, -1)
    child_values = (counter % VALUES).reshape(count, -1)
    root = np.ones((count, 1), np.int64)
    keys = np.concatenate([root * KEYS, root * (KEYS + 1), child_keys], axis=1).ravel().astype(np.int32)
    values = np.concatenate([root * VALUES, root * (VALUES + 1), child_values], axis=1).ravel()
    return pa.MapArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)),
        pa.DictionaryArray.from_arrays(pa.array(keys), _KEY_NAMES),
        _VALUE_TEXTS.take(pa.array(values)),
    )


def _batch(random: np.random.Generator, count: int, begin: np.ndarray, first: int, services: int) -> pa.RecordBatch:
    rows = count * SPANS_PER_TRACE
    start, duration = _times(random, count, begin)
    trace_ids = np.repeat(np.frombuffer(random.bytes(count * 16), "V16"), SPANS_PER_TRACE)
    span_ids = random.integers(1, 2**63, rows, dtype=np.uint64)
    parents = np.repeat(span_ids[::SPANS_PER_TRACE], SPANS_PER_TRACE)
    parents[::SPANS_PER_TRACE] = 0
    service = np.repeat((np.arange(first, first + count) % services).astype(np.int32), SPANS_PER_TRACE)
    position = np.tile(np.arange(SPANS_PER_TRACE, dtype=np.int32), count)
    columns = {
        "tenant": word(np.zeros(rows, np.int32), ["default"]),
        "trace_id": pa.FixedSizeBinaryArray.from_buffers(ID128, rows, [None, pa.py_buffer(trace_ids.tobytes())]),
        "span_id": pa.array(span_ids),
        "parent_id": pa.array(parents),
        "start": pa.array(start).cast(NS),
        "bucket": pa.array(start // (600 * 10**9) * 600).cast(SECONDS),
        "duration": pa.array(duration.astype(np.uint64)),
        "service": word(service, [f"tracegen-{n:02d}" for n in range(services)]),
        "name": word(position, _NAMES),
        "kind": pa.array(np.where(position == 0, 2, 3).astype(np.uint8)),
        "status": pa.array((random.random(rows) < 0.002).astype(np.uint8) * np.uint8(2)),
        "flags": pa.array(np.full(rows, 257, np.uint32)),
        "scope_id": pa.array(np.full(rows, 7_777, np.uint64)),
        "resource_id": pa.array(service.astype(np.uint64) + np.uint64(99)),
        "attr_str": _attributes(count, first),
        "weight": pa.array(np.ones(rows, np.float32)),
        "received": pa.array((start + duration) // 10**6 + 800).cast(MILLIS),
        "peer": word((position != 0).astype(np.int32), ["tracegen-server", ""]),
    }
    arrays = [columns[field.name].cast(field.type) if field.name in columns else _empty(field, rows) for field in SPANS]
    return pa.record_batch(arrays, schema=SPANS)
