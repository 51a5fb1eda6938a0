"""The tables: Arrow schemas of what the pipeline writes beside the model, and how each table is kept on disk."""

from __future__ import annotations

import pyarrow as pa

from clew.model import LOGS, RESOURCES, SCOPES, SPANS
from clew.model.schema import ID128, MILLIS, NS, SECONDS, WORD
from clew.store.derived import DERIVED
from clew.store.table import ALWAYS_COMPACT, HIST, SECONDS_CODEC, TIME_CODEC, Keep, Table, schema_of

__all__ = [
    "ATTR_KEYS",
    "ATTR_VALUES",
    "BY_NAME",
    "COMMON_SETTINGS",
    "HIST",
    "KEPT_TRACES",
    "META",
    "NO_ROOT_NS",
    "RED_1M",
    "RED_SERVICE_1M",
    "ROOT",
    "SPAN_BY_SERVICE",
    "TABLES",
    "TRACE_INDEX",
    "Keep",
    "Table",
]


ROOT = pa.struct(
    [
        pa.field("start", NS, nullable=False),
        pa.field("span_id", pa.uint64(), nullable=False),
        pa.field("service", pa.utf8(), nullable=False),
        pa.field("name", pa.utf8(), nullable=False),
        pa.field("duration", pa.uint64(), nullable=False),
    ]
)
"""A root span (parent 0). Merges keep the smallest: of several roots the earliest, then the lowest id."""

NO_ROOT_NS = 2**63 - 1
"""`root.start` of a row that saw no root; any root is smaller, so it wins when it comes."""

TRACE_INDEX = schema_of(
    ("tenant", WORD),
    ("trace_id", ID128),
    ("day", pa.date32()),
    ("first", NS),
    ("last", NS),
    ("min_bucket", SECONDS),
    ("max_bucket", SECONDS),
    ("spans", pa.uint64()),
    ("errors", pa.uint64()),
    ("root", ROOT),
)
"""One row per trace, day of `bucket` and insert; merged over inserts by the engine, over days by GROUP BY.

`first` is the smallest `start`, `last` the largest `start + duration` (capped at 2^63-1).
"""

RED_1M = schema_of(
    ("tenant", WORD),
    ("minute", SECONDS),
    ("service", WORD),
    ("name", WORD),
    ("kind", pa.uint8()),
    ("status", pa.uint8()),
    ("is_root", pa.bool_()),
    ("n", pa.uint64()),
    ("n_weighted", pa.float64()),
    ("duration_sum", pa.float64()),
    ("hist", HIST),
)
"""Spans per minute and operation. `minute` is right-closed: start lies in (minute - 60 s, minute]; sums are in ns."""

RED_SERVICE_1M = schema_of(
    ("tenant", WORD),
    ("minute", SECONDS),
    ("service", WORD),
    ("n", pa.uint64()),
    ("n_weighted", pa.float64()),
    ("errors", pa.uint64()),
    ("errors_weighted", pa.float64()),
    ("duration_sum", pa.float64()),
    ("hist", HIST),
)
"""Spans per minute and service, all kinds and operations together: one small row for lists and overviews."""

SPAN_BY_SERVICE = schema_of(
    ("tenant", WORD),
    ("service", WORD),
    ("bucket", SECONDS),
    ("start", NS),
    ("name", WORD),
    ("kind", pa.uint8()),
    ("status", pa.uint8()),
    ("duration", pa.uint64()),
    ("trace_id", ID128),
)
"""The slim copy of `spans` in service order: newest spans of a service, heatmaps, co-occurrence."""

ATTR_KEYS = schema_of(
    ("tenant", WORD),
    ("day", pa.date32()),
    ("level", WORD),
    ("key", WORD),
    ("type", WORD),
    ("more", pa.bool_()),
)
"""Attribute keys seen per day; `more` says that some value of the key was not catalogued."""

ATTR_VALUES = schema_of(
    ("tenant", WORD),
    ("day", pa.date32()),
    ("level", WORD),
    ("key", WORD),
    ("type", WORD),
    ("value", pa.utf8()),
)
"""At most 1,000 values per key and day, as text."""

KEPT_TRACES = schema_of(
    ("tenant", WORD),
    ("trace_id", ID128),
    ("archived", MILLIS),
    ("part", pa.uint32()),
    ("body", pa.binary()),
)
"""Traces that somebody has archived, as the OTLP messages that they are exported as; they outlive the retention."""

META = schema_of(("key", pa.utf8()), ("value", pa.utf8()), ("updated", NS))
"""What Clew knows about this data directory: the schema version and what each migration left to do."""


_SEEN = {"first_seen": "min", "last_seen": "max"}
_SPAN_CODECS = {
    "span_id": "NONE",
    "start": TIME_CODEC,
    "bucket": SECONDS_CODEC,
    "received": TIME_CODEC,
    "duration": "T64, ZSTD(1)",
}
_LOG_CODECS = {"time": TIME_CODEC, "observed": TIME_CODEC, "bucket": SECONDS_CODEC, "received": TIME_CODEC}

TABLES: tuple[Table, ...] = (
    Table(
        "spans",
        SPANS,
        partition="toDate(bucket)",
        order="(tenant, bucket, trace_id)",
        day="toDate(bucket)",
        codecs=_SPAN_CODECS,
        indexes=(
            "INDEX ix_start start TYPE minmax GRANULARITY 1",
            "INDEX ix_duration duration TYPE minmax GRANULARITY 1",
        ),
        settings={"index_granularity": 4096},
    ),
    Table(
        "logs",
        LOGS,
        partition="toDate(bucket)",
        order="(tenant, bucket, trace_id, time)",
        day="toDate(bucket)",
        codecs=_LOG_CODECS,
        indexes=("INDEX ix_time time TYPE minmax GRANULARITY 1",),
        settings={"index_granularity": 1024},
    ),
    Table(
        "resources",
        RESOURCES,
        partition="day",
        order="(tenant, resource_id)",
        day="day",
        spare_days=1,
        engine="AggregatingMergeTree",
        aggregates=_SEEN,
        settings={"allow_dimensions_outside_sorting_key": 1},
    ),
    Table(
        "scopes",
        SCOPES,
        partition="day",
        order="(tenant, scope_id)",
        day="day",
        spare_days=1,
        engine="AggregatingMergeTree",
        aggregates=_SEEN,
        settings={"allow_dimensions_outside_sorting_key": 1},
    ),
    Table(
        "trace_index",
        TRACE_INDEX,
        partition="day",
        order="(tenant, trace_id)",
        day="day",
        engine="AggregatingMergeTree",
        aggregates={
            "first": "min",
            "last": "max",
            "min_bucket": "min",
            "max_bucket": "max",
            "spans": "sum",
            "errors": "sum",
            "root": "min",
        },
        codecs={"first": TIME_CODEC, "last": TIME_CODEC, "min_bucket": SECONDS_CODEC, "max_bucket": SECONDS_CODEC},
        indexes=("INDEX ix_last last TYPE minmax GRANULARITY 1",),
        settings={
            "index_granularity": 512,
            "min_bytes_for_wide_part": ALWAYS_COMPACT,
            "allow_dimensions_outside_sorting_key": 1,
        },
    ),
    Table(
        "span_by_service",
        SPAN_BY_SERVICE,
        partition="toDate(bucket)",
        order="(tenant, service, start)",
        day="toDate(bucket)",
        codecs={"start": TIME_CODEC, "bucket": SECONDS_CODEC, "duration": "T64, ZSTD(1)"},
    ),
    Table(
        "red_1m",
        RED_1M,
        partition="toDate(minute)",
        order="(tenant, service, minute, name, kind, status, is_root)",
        day="toDate(minute)",
        keep=Keep.RED,
        engine="AggregatingMergeTree",
        aggregates={"n": "sum", "n_weighted": "sum", "duration_sum": "sum", "hist": "sumMap"},
        codecs={"minute": SECONDS_CODEC},
    ),
    Table(
        "red_service_1m",
        RED_SERVICE_1M,
        partition="toDate(minute)",
        order="(tenant, service, minute)",
        day="toDate(minute)",
        keep=Keep.RED,
        engine="AggregatingMergeTree",
        aggregates={
            "n": "sum",
            "n_weighted": "sum",
            "errors": "sum",
            "errors_weighted": "sum",
            "duration_sum": "sum",
            "hist": "sumMap",
        },
        codecs={"minute": SECONDS_CODEC},
    ),
    Table(
        "attr_keys",
        ATTR_KEYS,
        partition="day",
        order="(tenant, level, key, type)",
        day="day",
        spare_days=1,
        engine="AggregatingMergeTree",
        aggregates={"more": "max"},
        settings={"allow_dimensions_outside_sorting_key": 1},
    ),
    Table(
        "attr_values",
        ATTR_VALUES,
        partition="day",
        order="(tenant, level, key, type, value)",
        day="day",
        engine="ReplacingMergeTree",
    ),
    *DERIVED,
    Table(
        "kept_traces",
        KEPT_TRACES,
        partition="toDate(archived)",
        order="(tenant, trace_id, archived, part)",
        keep=Keep.FOREVER,
        codecs={"archived": TIME_CODEC, "body": "ZSTD(3)"},
        settings={"index_granularity": 64},
    ),
    Table("clew_meta", META, order="key", keep=Keep.FOREVER, engine="ReplacingMergeTree(updated)"),
)
"""Every table, in the order in which they are made."""

BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}

TEXTS: dict[str, str | int | float] = {"string_serialization_version": "single_stream"}
"""Texts stand with their lengths.

Apart, as the engine has it by itself, the lengths of attribute values are eight bytes each before they are packed, take
a sixth more disk and a third to a half more time to read.
"""
COMMON_SETTINGS: dict[str, str | int | float] = {
    "ttl_only_drop_parts": 1,
    "non_replicated_deduplication_window": 1000,
    "fsync_after_insert": 1,
    "fsync_part_directory": 1,
    "materialize_ttl_recalculate_only": 1,
    **TEXTS,
}
"""Settings of every table: whole parts expire, a repeated token changes nothing, an insert that returned is on disk."""
