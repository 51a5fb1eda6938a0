"""The figures of receiving, keeping and searching spans: what each must and should be, and the best measured peer."""

from __future__ import annotations

from bench.part import Promise

PROMISES = (
    Promise("decode OTLP protobuf into shared builders", "decode_protobuf_us", "us/span", 1.3, 0.7, "9.3 (Collector)"),
    Promise("total CPU, no attribute index", "cpu_no_index_us", "us/span", 11, 7, "22 (Jaeger in memory)"),
    Promise("total CPU, default indexes", "cpu_default_us", "us/span", 14, 9, "63 (VictoriaTraces)"),
    Promise(
        "acknowledged burst", "burst_acked", "spans/s", 200_000, 300_000, "72k (Jaeger in memory)", more_is_better=True
    ),
    Promise("sustained and queryable", "burst_stored", "spans/s", 120_000, 170_000, "27k (Tempo)", more_is_better=True),
    Promise("10,000 spans/s: CPU of one core", "steady_cpu", "%", 25, 12, "64 (VictoriaTraces)"),
    Promise("10,000 spans/s: resident memory", "steady_rss_mib", "MiB", 700, 450, "183 (VictoriaTraces)"),
    Promise("idle: CPU of one core", "idle_cpu", "%", 2, 1),
    Promise("10 spans/s: CPU of one core", "trickle_cpu", "%", 2, 1),
    Promise(
        "10 spans/s: parts of all tables, counted after the run (promised after an hour)",
        "trickle_parts",
        "parts",
        100,
        40,
    ),
    Promise("acknowledgement p99 at 10,000 spans/s", "steady_ack_p99_ms", "ms", 40, 20),
    Promise("visible to search p99 at 10,000 spans/s", "visible_p99_s", "s", 2, 1, "10 (VictoriaTraces), 31 (Tempo)"),
    Promise("disk, spans alone", "disk_spans_bytes", "B/span", 55, 45),
    Promise("disk, everything", "disk_all_bytes", "B/span", 95, 70, "75.7 (Jaeger + ClickHouse, no index)"),
    Promise("trace by id, 30 days, time unknown", "trace_by_id_ms", "ms", 30, 15, "17 (VictoriaTraces at 1M)"),
    Promise("newest 20 of a service, 24 h", "newest_of_service_ms", "ms", 25, 10, "37 (published)"),
    Promise("newest 20 of anything over 1 s, 24 h", "slow_traces_ms", "ms", 120, 40, "43 (published)"),
    Promise("one attribute value, newest 20, 24 h", "attribute_value_ms", "ms", 60, 25, "1,769 (published)"),
    Promise("RED with p99 per minute, 24 h", "red_p99_ms", "ms", 150, 40, "18 (Tempo at 0.6M)"),
    Promise("the three searches under 10,000 spans/s", "search_slowdown", "times", 2, 1.3),
    Promise("trace of 100,000 spans: first byte", "big_trace_first_byte_ms", "ms", 400, 150),
    Promise("trace of 100,000 spans: last byte", "big_trace_last_byte_ms", "ms", 900, 500),
)

ASKING = "Ask anything"
"""Heading of the table of questions."""
SEARCHES = (
    Promise("a long attribute value without an index, 24 h", "long_value_ms", "ms", 1100, 500),
    Promise("{ A } >> { B }, newest 20, 24 h", "descendants_ms", "ms", 500, 200),
    Promise("{ A } && { B }, newest 20, 24 h", "both_ms", "ms", 500, 200),
)
"""Its rows that `bench.query` measures."""
