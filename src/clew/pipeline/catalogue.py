"""The attribute catalogue of a segment: keys and values that the engine does not have yet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.codec.catalogue import Catalogue, Level
from clew.journal.protocol import Segment
from clew.pipeline.rollup.columns import numbers, one_batch
from clew.store.groups import group
from clew.store.tables import ATTR_KEYS, ATTR_VALUES

LEVELS: dict[str, tuple[Level, ...]] = {
    "spans": ("span", "event", "link"),
    "logs": ("log",),
    "resources": ("resource",),
    "scopes": ("scope",),
}
"""Stream of a segment to the levels at which its attributes are catalogued; spans bring events and links with them."""


def scan(catalogue: Catalogue, segment: Segment) -> pa.RecordBatch | None:
    """Return what is new in all streams of a segment, `None` when nothing is."""
    found = [
        catalogue.scan(batch, level)
        for stream, levels in LEVELS.items()
        for batch in segment.content.get(stream, ())
        for level in levels
        if batch.num_rows
    ]
    rows = [batch for batch in found if batch.num_rows]
    return one_batch(rows) if rows else None


def tables(new: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
    """Split what is new into the rows of `attr_keys`, one per key, and of `attr_values`."""
    words = (numbers(new.column(name).indices).astype(np.int64) for name in ("tenant", "level", "key", "type"))
    groups = group(numbers(new.column("day"), pa.int32()).astype(np.int64), *words)
    more = groups.sums(numbers(new.column("more"))) > 0
    keys = new.take(pa.array(groups.first)).set_column(new.schema.get_field_index("more"), "more", pa.array(more))
    values = new.filter(pc.invert(new.column("more")))
    return {"attr_keys": _batch(keys, ATTR_KEYS), "attr_values": _batch(values, ATTR_VALUES)}


def _batch(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([rows.column(name) for name in schema.names], schema=schema)
