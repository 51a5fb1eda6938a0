"""What is inserted from one segment, in which order and from which bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from clew.codec.catalogue import Catalogue
from clew.journal.protocol import Segment
from clew.pipeline import catalogue
from clew.pipeline.rollup import Columns, red_tables, span_by_service, trace_index
from clew.pipeline.rollup.columns import one_batch
from clew.pipeline.seen import Seen
from clew.store.engine import ArrowBatches, ArrowFile, InsertSource

COMPACT_BELOW_ROWS = 2_000
"""Average rows per batch below which compaction in memory costs less than inserting small batches."""


ONCE_A_DAY = {
    "resources": ("tenant", "resource_id", "day"),
    "scopes": ("tenant", "scope_id", "day"),
    "attr_keys": ("tenant", "day", "level", "key", "type", "more"),
}
"""Tables whose rows need not be inserted again, and the columns that tell their rows apart."""


Grown = Callable[[pa.RecordBatch, str, Sequence[pa.RecordBatch]], None]
"""Told what was stored of a segment: its rows of `trace_index`, its token, and its spans."""


@dataclass(frozen=True, slots=True)
class Step:
    """One insert. `done` is called after it has returned, and never otherwise."""

    table: str
    source: InsertSource
    rows: int
    done: Callable[[], None] = lambda: None


class Plan:
    """Makes the steps of a segment; remembers across segments what need not be inserted again."""

    def __init__(self, grown: Grown | None = None) -> None:
        self._grown = grown
        self._seen = {table: Seen(*columns) for table, columns in ONCE_A_DAY.items()}
        self._catalogue = Catalogue()

    def steps(self, segment: Segment) -> Iterator[Step]:
        """Yield the inserts in order: what others refer to first, the rollups last; made one at a time."""
        for stream in ("resources", "scopes"):
            if segment.rows.get(stream):
                yield from self._once_a_day(stream, one_batch(segment.content[stream]))
        yield from self._attributes(segment)
        for table in ("spans", "logs"):
            if segment.rows.get(table):
                yield Step(table, _rows(segment, table), segment.rows[table])
        if segment.rows.get("spans"):
            yield from self._rollups(segment.token, segment.content["spans"])

    def _once_a_day(self, table: str, rows: pa.RecordBatch) -> Iterator[Step]:
        seen = self._seen[table]
        batch, keys = seen.new(rows)
        if keys:
            yield Step(table, ArrowBatches((batch,)), batch.num_rows, lambda: seen.remember(keys))

    def _rollups(self, token: str, spans: Sequence[pa.RecordBatch]) -> Iterator[Step]:
        columns = Columns.of(spans)
        index = trace_index(columns)
        step, grown = _step("trace_index", index), self._grown
        yield step if grown is None else replace(step, done=lambda: grown(index, token, spans))
        operations, services = red_tables(columns)
        yield _step("red_1m", operations)
        yield _step("red_service_1m", services)
        slim = span_by_service([columns.batch])
        yield Step("span_by_service", ArrowBatches(slim), columns.batch.num_rows)

    def _attributes(self, segment: Segment) -> Iterator[Step]:
        self._catalogue.rollback()
        new = catalogue.scan(self._catalogue, segment)
        if new is not None:
            batches = catalogue.tables(new)
            yield from self._once_a_day("attr_keys", batches["attr_keys"])
            if batches["attr_values"].num_rows:
                yield _step("attr_values", batches["attr_values"])
            self._catalogue.commit()


def _rows(segment: Segment, stream: str) -> InsertSource:
    if segment.rows[stream] >= COMPACT_BELOW_ROWS * segment.batches[stream] or segment.batches[stream] == 1:
        return ArrowFile(Path(segment.paths[stream]))
    return ArrowBatches((one_batch(segment.content[stream]),))


def _step(table: str, batch: pa.RecordBatch) -> Step:
    return Step(table, ArrowBatches((batch,)), batch.num_rows)
