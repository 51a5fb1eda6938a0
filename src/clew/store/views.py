"""The view `otel_traces`: spans under the column names that dashboards for ClickHouse already know."""

from __future__ import annotations

OTEL_TRACES = "otel_traces"

_KINDS = "['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']"
_STATUSES = "['Unset', 'Ok', 'Error']"


def _text_map(prefix: str) -> str:
    """Return one Map(String, String) of all attribute columns behind a prefix, values as text."""

    def cast(column: str, value: str) -> str:
        keys = f"arrayMap(k -> toString(k), mapKeys({prefix}{column}))"
        return f"({keys}, arrayMap(v -> {value}, mapValues({prefix}{column})))"

    pairs = [
        cast("attr_str", "v"),
        *(cast(f"attr_{kind}", "toString(v)") for kind in ("int", "float", "bool")),
        *(cast(f"arr_{kind}", "toJSONString(v)") for kind in ("str", "int", "float", "bool")),
        cast("attr_any", "v"),
    ]
    keys = ", ".join(f"tupleElement({pair}, 1)" for pair in pairs)
    values = ", ".join(f"tupleElement({pair}, 2)" for pair in pairs)
    return f"mapFromArrays(arrayConcat({keys}), arrayConcat({values}))"


def _trace_hex(column: str) -> str:
    return f"lower(hex({column}))"


def _span_hex(column: str) -> str:
    return f"lower(leftPad(hex({column}), 16, '0'))"


def otel_traces() -> str:
    """Return the CREATE statement; filter by `Tenant`, and by `Bucket` or `Timestamp` to stay fast."""
    return f"""CREATE OR REPLACE VIEW {OTEL_TRACES} AS
SELECT
    s.tenant AS Tenant,
    s.bucket AS Bucket,
    s.start AS Timestamp,
    {_trace_hex("s.trace_id")} AS TraceId,
    {_span_hex("s.span_id")} AS SpanId,
    if(s.parent_id = 0, '', {_span_hex("s.parent_id")}) AS ParentSpanId,
    s.trace_state AS TraceState,
    s.name AS SpanName,
    {_KINDS}[s.kind + 1] AS SpanKind,
    s.service AS ServiceName,
    {_text_map("r.")} AS ResourceAttributes,
    c.name AS ScopeName,
    c.version AS ScopeVersion,
    {_text_map("s.")} AS SpanAttributes,
    s.duration AS Duration,
    {_STATUSES}[s.status + 1] AS StatusCode,
    s.status_message AS StatusMessage,
    s.`events.time` AS `Events.Timestamp`,
    s.`events.name` AS `Events.Name`,
    s.`events.attr_str` AS `Events.Attributes`,
    arrayMap(x -> {_trace_hex("x")}, s.`links.trace_id`) AS `Links.TraceId`,
    arrayMap(x -> {_span_hex("x")}, s.`links.span_id`) AS `Links.SpanId`,
    s.`links.trace_state` AS `Links.TraceState`,
    s.`links.attr_str` AS `Links.Attributes`
FROM spans AS s
LEFT ANY JOIN resources AS r ON r.tenant = s.tenant AND r.resource_id = s.resource_id AND r.day = toDate(s.bucket)
LEFT ANY JOIN scopes AS c ON c.tenant = s.tenant AND c.scope_id = s.scope_id AND c.day = toDate(s.bucket)"""
