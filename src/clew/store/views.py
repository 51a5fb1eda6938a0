"""The view `otel_traces`: spans under the column names that dashboards for ClickHouse already know.

The expressions of its columns stand here once, for the view in the database and for the SQL of people.
"""

from __future__ import annotations

OTEL_TRACES = "otel_traces"

KINDS = "['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']"
STATUSES = "['Unset', 'Ok', 'Error']"


def text_map(prefix: str) -> str:
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


def single_text(prefix: str, key: str) -> str:
    """Return the value of one key of `text_map`, read without building the map; '' when there is none.

    Args:
        prefix: alias of the table with its dot.
        key: letters, digits and `_.:/-` alone, since it stands in the text.
    """
    tries = [("attr_str", f"{prefix}attr_str['{key}']")]
    tries += [(f"attr_{kind}", f"toString({prefix}attr_{kind}['{key}'])") for kind in ("int", "float", "bool")]
    tries += [(f"arr_{kind}", f"toJSONString({prefix}arr_{kind}['{key}'])") for kind in ("str", "int", "float", "bool")]
    tries += [("attr_any", f"{prefix}attr_any['{key}']")]
    branches = ", ".join(f"mapContains({prefix}{column}, '{key}'), {value}" for column, value in tries)
    return f"multiIf({branches}, '')"


def trace_hex(column: str) -> str:
    """Return a trace id as 32 hex digits."""
    return f"lower(hex({column}))"


def span_hex(column: str) -> str:
    """Return a span id as 16 hex digits."""
    return f"lower(leftPad(hex({column}), 16, '0'))"


def parent_hex(column: str) -> str:
    """Return the id of a parent as 16 hex digits, empty when there is none."""
    return f"if({column} = 0, '', {span_hex(column)})"


OTEL_COLUMNS: dict[str, str] = {
    "Timestamp": "s.start",
    "TraceId": trace_hex("s.trace_id"),
    "SpanId": span_hex("s.span_id"),
    "ParentSpanId": parent_hex("s.parent_id"),
    "TraceState": "s.trace_state",
    "SpanName": "s.name",
    "SpanKind": f"{KINDS}[s.kind + 1]",
    "ServiceName": "s.service",
    "ResourceAttributes": text_map("r."),
    "ScopeName": "c.name",
    "ScopeVersion": "c.version",
    "SpanAttributes": text_map("s."),
    "Duration": "s.duration",
    "StatusCode": f"{STATUSES}[s.status + 1]",
    "StatusMessage": "s.status_message",
    "Events.Timestamp": "s.`events.time`",
    "Events.Name": "s.`events.name`",
    "Events.Attributes": "s.`events.attr_str`",
    "Links.TraceId": f"arrayMap(x -> {trace_hex('x')}, s.`links.trace_id`)",
    "Links.SpanId": f"arrayMap(x -> {span_hex('x')}, s.`links.span_id`)",
    "Links.TraceState": "s.`links.trace_state`",
    "Links.Attributes": "s.`links.attr_str`",
}
"""Column to expression: `s` are spans, `r` their resources, `c` their scopes."""

RESOURCE_JOIN = (
    "LEFT ANY JOIN resources AS r ON r.tenant = s.tenant AND r.resource_id = s.resource_id AND r.day = toDate(s.bucket)"
)
SCOPE_JOIN = "LEFT ANY JOIN scopes AS c ON c.tenant = s.tenant AND c.scope_id = s.scope_id AND c.day = toDate(s.bucket)"


def otel_traces() -> str:
    """Return the CREATE statement; filter by `Tenant`, and by `Bucket` or `Timestamp` to stay fast."""
    columns = {"Tenant": "s.tenant", "Bucket": "s.bucket", **OTEL_COLUMNS}
    lines = ",\n".join(f"    {sql} AS {f'`{name}`' if '.' in name else name}" for name, sql in columns.items())
    return f"CREATE OR REPLACE VIEW {OTEL_TRACES} AS\nSELECT\n{lines}\nFROM spans AS s\n{RESOURCE_JOIN}\n{SCOPE_JOIN}"
