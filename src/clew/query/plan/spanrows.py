"""All spans of some traces as columns: identical spans once, ordered by trace, start and id, with what a query asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.numbers import Ints
from clew.model import Status
from clew.query.hydrate import of_traces
from clew.query.index import NS_PER_S, IndexedTrace
from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.forest import Forest, Mask
from clew.query.plan.found import ServiceStats
from clew.query.plan.typed import Typed, columns
from clew.query.predicates import Days
from clew.query.read import Read
from clew.query.trace import words
from clew.query.traceql.ast import FieldExpr

MAX_DURATION = 2**63 - 1


@dataclass(frozen=True)
class SpanRows:
    """Spans of many traces."""

    traces: Sequence[IndexedTrace]
    forest: Forest
    duration: Ints
    status: Ints
    service: Ints
    services: list[str]
    name: Ints
    names: list[str]
    conditions: dict[FieldExpr, Mask]
    values: dict[FieldExpr, Typed]
    weight: npt.NDArray[np.float64]
    """How many spans each stands for."""
    copies: Ints
    """Per trace, how many rows were left out because they are there already."""

    @property
    def size(self) -> int:
        """Number of spans."""
        return self.duration.size

    def stats(self) -> list[tuple[int, int, list[ServiceStats]]]:
        """Return spans, errors and services of each trace, the services with most spans first."""
        failed = self.status == Status.ERROR
        keys = self.forest.trace * max(len(self.services), 1) + self.service
        shares, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
        errors = np.bincount(place[failed], minlength=shares.size)
        found: list[tuple[int, int, list[ServiceStats]]] = [(0, 0, []) for _ in self.traces]
        for key, spans, bad in zip(shares.tolist(), counts.tolist(), errors.tolist(), strict=True):
            trace, service = divmod(key, max(len(self.services), 1))
            before = found[trace]
            found[trace] = (
                before[0] + spans,
                before[1] + bad,
                [*before[2], ServiceStats(self.services[service], spans, bad)],
            )
        return [(spans, bad, sorted(parts, key=lambda one: (-one.spans, one.service))) for spans, bad, parts in found]


def statement(
    read_traces: Sequence[IndexedTrace], conditions: Sequence[FieldExpr], values: Sequence[FieldExpr], params: Params
) -> str:
    """Return the SQL that reads spans with conditions and values."""
    low = min(trace.min_bucket for trace in read_traces) * NS_PER_S
    high = max(trace.max_bucket for trace in read_traces) * NS_PER_S
    days = Days(params.day(low), params.day(high))
    sql = FieldSql(params, days)
    items = [f"toUInt8({sql.condition(one)}) AS f{number}" for number, one in enumerate(conditions)]
    for number, one in enumerate(values):
        items += columns(sql.value(one), f"v{number}")
    joins = sql.joins.sql(params, days, [trace.trace_id for trace in read_traces])
    base = "trace_id, span_id, parent_id, toUnixTimestamp64Nano(start) AS start_ns, duration AS length, service, name"
    return f"""
        {sql.prologue} SELECT {", ".join([f"{base}, kind, status, weight", *items])}
        FROM spans {joins} WHERE tenant = {{tenant:String}} AND {of_traces(read_traces, params)}
    """


def load(
    read: Read, traces: Sequence[IndexedTrace], conditions: Sequence[FieldExpr], values: Sequence[FieldExpr]
) -> SpanRows:
    """Return all spans of some traces (at least one)."""
    params = Params()
    table = read.query(statement(traces, conditions, values, params), params.values).combine_chunks()
    numbers = {trace.trace_id: number for number, trace in enumerate(traces)}
    ids = table.column("trace_id").combine_chunks()
    encoded = (ids.chunk(0) if isinstance(ids, pa.ChunkedArray) else ids).dictionary_encode()
    ordinal = np.array([numbers[one] for one in encoded.dictionary.to_pylist()], np.int64)
    trace = ordinal[encoded.indices.to_numpy()]
    services, service = words(table.column("service"))
    names, name = words(table.column("name"))
    plain = {one: table.column(one).to_numpy() for one in ("span_id", "parent_id", "kind", "status", "start_ns")}
    order = np.lexsort((name, service, plain["kind"], plain["span_id"], plain["start_ns"], trace))
    keys = [one[order] for one in (name, service, plain["kind"], plain["span_id"], plain["start_ns"], trace)]
    fresh = np.ones(order.size, np.bool_)
    if order.size:
        fresh[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    kept, heads = order[fresh], np.flatnonzero(fresh)
    masks = {}
    for number, one in enumerate(conditions):
        passed = table.column(f"f{number}").to_numpy()[order]
        masks[one] = (np.maximum.reduceat(passed, heads) if heads.size < order.size else passed) != 0
    length = np.minimum(table.column("length").to_numpy().astype(np.uint64), np.uint64(MAX_DURATION))
    return SpanRows(
        traces,
        Forest(
            trace[kept],
            plain["span_id"][kept].astype(np.uint64),
            plain["parent_id"][kept].astype(np.uint64),
            plain["start_ns"][kept].astype(np.int64),
            plain["kind"][kept].astype(np.uint8),
            read.check,
        ),
        length.astype(np.int64)[kept],
        plain["status"][kept].astype(np.int64),
        service[kept],
        services,
        name[kept],
        names,
        masks,
        {one: Typed.of(table, f"v{number}").take(kept) for number, one in enumerate(values)},
        table.column("weight").to_numpy().astype(np.float64)[kept],
        np.bincount(trace, minlength=len(traces)) - np.bincount(trace[kept], minlength=len(traces)),
    )
