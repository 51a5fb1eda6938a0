"""The tables that the settle job fills from stored spans."""

from __future__ import annotations

import pyarrow as pa

from clew.model.schema import ID128, MILLIS, NS, SECONDS, WORD
from clew.store.table import ALWAYS_COMPACT, HIST, SECONDS_CODEC, TIME_CODEC, Keep, Table, schema_of

COUNTS = pa.map_(WORD, pa.uint64())

TRACES = schema_of(
    ("tenant", WORD),
    ("trace_id", ID128),
    ("day", pa.date32()),
    ("rows", pa.uint64()),
    ("received", MILLIS),
    ("start", NS),
    ("duration", pa.uint64()),
    ("min_bucket", SECONDS),
    ("max_bucket", SECONDS),
    ("has_root", pa.bool_()),
    ("root_span", pa.uint64()),
    ("root_service", WORD),
    ("root_name", WORD),
    ("root_duration", pa.uint64()),
    ("spans", pa.uint64()),
    ("errors", pa.uint64()),
    ("roots", pa.uint32()),
    ("orphans", pa.uint32()),
    ("late", pa.uint32()),
    ("depth", pa.uint32()),
    ("origin_span", pa.uint64()),
    ("origin_service", WORD),
    ("origin_name", WORD),
    ("services", COUNTS),
    ("failed", COUNTS),
    ("critical", COUNTS),
    ("shape", pa.uint64()),
    ("weight", pa.float32()),
)
"""One row per settled trace; the row with the most `rows` counts.

`rows` are the stored rows that were seen (spans sent twice count twice), `spans` the distinct spans, `received` when
the last of them came in. `late` counts spans that came after a silence of a minute. `origin_*` is the first failed span
without a failed child. The maps go by service: spans, failed spans, and ns on the critical path. `shape` is equal for
traces with the same set of call paths.
"""

SHAPES = schema_of(
    ("tenant", WORD),
    ("hour", SECONDS),
    ("shape", pa.uint64()),
    ("root_service", WORD),
    ("root_name", WORD),
    ("services", pa.list_(pa.utf8())),
    ("paths", pa.uint32()),
    ("n", pa.int64()),
    ("errors", pa.int64()),
    ("spans", pa.int64()),
    ("duration_sum", pa.float64()),
    ("hist", HIST),
    ("example", ID128),
)
"""Traces per shape and hour of their start. Sums are signed: a trace that grows is taken out and added again."""

EDGES_1M = schema_of(
    ("tenant", WORD),
    ("minute", SECONDS),
    ("client", WORD),
    ("server", WORD),
    ("kind", WORD),
    ("n", pa.int64()),
    ("calls", pa.float64()),
    ("errors", pa.float64()),
    ("client_sum", pa.float64()),
    ("client_hist", HIST),
    ("server_sum", pa.float64()),
    ("server_hist", HIST),
    ("pairs", pa.float64()),
    ("gap_sum", pa.float64()),
)
"""Calls between two services (kind empty), or with a database, a queue (`messaging_system`) or an outside peer
(`virtual_node`), per right-closed minute of the call's start.

`n` counts calls as stored, everything else is weighted by upstream sampling. A side whose span is unknown adds nothing
to its sum and histogram. `gap_sum` is client minus server time over `pairs` with both sides. Sums are signed.
"""

EXCEPTIONS = schema_of(
    ("tenant", WORD),
    ("fingerprint", pa.uint64()),
    ("minute", SECONDS),
    ("version", WORD),
    ("service", WORD),
    ("type", WORD),
    ("message", pa.utf8()),
    ("frame", pa.utf8()),
    ("n", pa.int64()),
    ("n_weighted", pa.float64()),
    ("origins", pa.int64()),
    ("traces", pa.int64()),
    ("first", NS),
    ("last", NS),
    ("example", ID128),
)
"""Exceptions and failed spans per fingerprint, right-closed minute and version of the service.

`origins` counts those on spans where an error began, `traces` the traces. Sums are signed; `first`, `last` and
`example` are of any occurrence.
"""

_SIGNED = {"allow_dimensions_outside_sorting_key": 1}

DERIVED: tuple[Table, ...] = (
    Table(
        "traces",
        TRACES,
        partition="day",
        order="(tenant, trace_id)",
        day="day",
        engine="ReplacingMergeTree(rows)",
        codecs={"start": TIME_CODEC, "received": TIME_CODEC, "min_bucket": SECONDS_CODEC, "max_bucket": SECONDS_CODEC},
        settings={"index_granularity": 2048, "min_bytes_for_wide_part": ALWAYS_COMPACT},
    ),
    Table(
        "shapes",
        SHAPES,
        partition="toDate(hour)",
        order="(tenant, hour, shape)",
        day="toDate(hour)",
        keep=Keep.RED,
        engine="AggregatingMergeTree",
        aggregates={
            "root_service": "max",
            "root_name": "max",
            "services": "max",
            "paths": "max",
            "n": "sum",
            "errors": "sum",
            "spans": "sum",
            "duration_sum": "sum",
            "hist": "sumMap",
            "example": "max",
        },
        settings=_SIGNED,
    ),
    Table(
        "edges_1m",
        EDGES_1M,
        partition="toDate(minute)",
        order="(tenant, minute, client, server, kind)",
        day="toDate(minute)",
        keep=Keep.RED,
        engine="AggregatingMergeTree",
        aggregates={
            "n": "sum",
            "calls": "sum",
            "errors": "sum",
            "client_sum": "sum",
            "client_hist": "sumMap",
            "server_sum": "sum",
            "server_hist": "sumMap",
            "pairs": "sum",
            "gap_sum": "sum",
        },
        codecs={"minute": SECONDS_CODEC},
    ),
    Table(
        "exceptions",
        EXCEPTIONS,
        partition="toDate(minute)",
        order="(tenant, fingerprint, minute, version)",
        day="toDate(minute)",
        keep=Keep.RED,
        engine="AggregatingMergeTree",
        aggregates={
            "service": "max",
            "type": "max",
            "message": "max",
            "frame": "max",
            "n": "sum",
            "n_weighted": "sum",
            "origins": "sum",
            "traces": "sum",
            "first": "min",
            "last": "max",
            "example": "max",
        },
        codecs={"minute": SECONDS_CODEC, "first": TIME_CODEC, "last": TIME_CODEC},
        settings=_SIGNED,
    ),
)
"""Tables of this room, in the order in which they are made."""
