"""Log records that belong to a trace or a span."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clew.model import BUCKET_S
from clew.query.answer import Answer, Meta, Total, Truncated
from clew.query.attrvalues import Attribute, attributes
from clew.query.params import Params
from clew.query.read import Read
from clew.query.trace import where_trace

MOST = 5000
STRING_BODY, OTHER_BODY = 1, 2
PAD_S = BUCKET_S
"""A record may be written a little before or after the spans: one more bucket on either side is read."""


@dataclass(frozen=True, slots=True)
class Log:
    """One record."""

    time_ns: int
    observed_ns: int
    span_id: str | None
    service: str
    severity: int
    severity_text: str
    body: Any
    event_name: str
    attributes: list[Attribute]


@dataclass(frozen=True, slots=True)
class Logs:
    """Records, oldest first."""

    logs: list[Log]


def trace_logs(read: Read, trace_id: str) -> Answer[Logs]:
    """Return the records of a trace, whether or not its spans are stored."""
    found = of_trace(read, trace_id)
    cut = (
        Truncated("more log records than are returned", MOST, "look at one span's logs") if len(found) > MOST else None
    )
    total = Total(len(found), exact=cut is None)
    return Answer(
        Logs(found[:MOST]), Meta(total=total, returned=len(found[:MOST]), truncated=cut, scanned=read.scanned)
    )


def of_trace(read: Read, trace_id: str, span_id: int | None = None) -> list[Log]:
    """Return the records of a trace or of one of its spans, one more than `MOST` at most."""
    params = Params()
    _, indexed = where_trace(read, trace_id, Params())
    where = [f"trace_id = {params.bind(bytes.fromhex(trace_id), 'FixedString(16)')}"]
    if indexed is not None:
        low, high = (params.seconds(edge) for edge in (indexed.min_bucket - PAD_S, indexed.max_bucket + PAD_S))
        where.append(f"bucket >= {low} AND bucket <= {high}")
    if span_id is not None:
        where.append(f"span_id = {params.bind(span_id, 'UInt64')}")
    sql = f"""
        SELECT * EXCEPT (time, observed, bucket, received),
            toUnixTimestamp64Nano(time) AS time_ns, toUnixTimestamp64Nano(observed) AS observed_ns
        FROM logs WHERE tenant = {{tenant:String}} AND {" AND ".join(where)}
        ORDER BY if(time_ns = 0, observed_ns, time_ns), observed_ns LIMIT {MOST + 1}
    """
    return [_log(row) for row in read.query(sql, params.values).to_pylist()]


def _log(row: Mapping[str, Any]) -> Log:
    body = row["body"] if row["body_type"] == STRING_BODY else None
    return Log(
        row["time_ns"],
        row["observed_ns"],
        f"{row['span_id']:016x}" if row["span_id"] else None,
        row["service"],
        row["severity"],
        row["severity_text"],
        json.loads(row["body"]) if row["body_type"] == OTHER_BODY else body,
        row["event_name"],
        attributes(row),
    )
