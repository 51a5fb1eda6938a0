"""Spans, logs and scopes of the reference codec as rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from clew.codec.reference_values import Any_, Row, any_json, attribute_columns, content_id, text_of
from clew.model import BUCKET_S, Kind, Mark

_NS = 1_000_000_000
_LATEST = 2**63
_OUTGOING = {Kind.CLIENT, Kind.PRODUCER, Kind.CONSUMER}
_PEERS = ("service.peer.name", "peer.service", "server.address", "net.peer.name", "net.sock.peer.addr")


class Refused(Exception):  # noqa: N818 - an outcome, not an error
    """A row that is refused alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whose request it is and when it came."""

    tenant: str
    received_ns: int
    retention_s: int

    def bucket(self, time_ns: int) -> tuple[int, Mark]:
        """Return the bucket in seconds, and the mark that it needs."""
        earliest, latest = self.received_ns - self.retention_s * _NS, self.received_ns + BUCKET_S * _NS
        if earliest <= time_ns <= latest:
            return time_ns // (BUCKET_S * _NS) * BUCKET_S, Mark(0)
        return self.received_ns // (BUCKET_S * _NS) * BUCKET_S, Mark.CLAMPED


def _id(value: bytes, size: int, reason: str, *, zero: bool, empty: bool = True) -> bytes:
    if (len(value) != size and not (empty and not value)) or (not zero and not any(value)):
        raise Refused(reason)
    return value or bytes(size)


def _time(value: int) -> int:
    if value >= _LATEST:
        raise Refused("time_out_of_range")
    return value


def _byte(value: int) -> int:
    return value if 0 <= value <= 255 else 0  # noqa: PLR2004


def span_row(span: Any_, arrival: Arrival, resource: Row, scope: Row) -> Row:
    """Return a row of `SPANS`; which of several reasons is named follows the native code."""
    trace_id = _id(span.get("trace_id", b""), 16, "invalid_trace_id", zero=False)
    span_id = _id(span.get("span_id", b""), 8, "invalid_span_id", zero=False)
    parent_id = _id(span.get("parent_span_id", b""), 8, "invalid_parent_id", zero=True)
    start, end = _time(span.get("start_time_unix_nano", 0)), _time(span.get("end_time_unix_nano", 0))
    events, links = _nested(span)
    bucket, marks = arrival.bucket(start)
    negative = end < start
    attributes = span.get("attributes", [])
    kind, status = _byte(span.get("kind", 0)), span.get("status", {})
    return {
        **attribute_columns(attributes),
        **_promoted(attributes, kind),
        "tenant": arrival.tenant,
        "trace_id": trace_id,
        "span_id": int.from_bytes(span_id),
        "parent_id": int.from_bytes(parent_id),
        "start": start,
        "bucket": bucket,
        "duration": 0 if negative else end - start,
        "end_raw": end if negative else 0,
        "service": resource["service"],
        "name": span.get("name", ""),
        "kind": kind,
        "status": _byte(status.get("code", 0)),
        "status_message": status.get("message", ""),
        "trace_state": span.get("trace_state", ""),
        "flags": span.get("flags", 0),
        "dropped_attributes": span.get("dropped_attributes_count", 0),
        "dropped_events": span.get("dropped_events_count", 0),
        "dropped_links": span.get("dropped_links_count", 0),
        "scope_id": scope["scope_id"],
        "resource_id": resource["resource_id"],
        "events": events,
        "links": links,
        "weight": weight(span.get("trace_state", "")),
        "marks": int(marks | (Mark.NEGATIVE_DURATION if negative else Mark(0))),
        "received": arrival.received_ns // 1_000_000,
        "env": resource["env"],
        "version": resource["version"],
    }


def _nested(span: Any_) -> tuple[list[Row], list[Row]]:
    """Return events and links; where both are wrong, what is wrong with an event is named."""
    return [_event(event) for event in span.get("events", [])], [_link(link) for link in span.get("links", [])]


def _event(event: Any_) -> Row:
    return {
        **attribute_columns(event.get("attributes", []), arrays=False),
        "time": _time(event.get("time_unix_nano", 0)),
        "name": event.get("name", ""),
        "dropped": event.get("dropped_attributes_count", 0),
    }


def _link(link: Any_) -> Row:
    return {
        **attribute_columns(link.get("attributes", []), arrays=False),
        "trace_id": _id(link.get("trace_id", b""), 16, "invalid_link_id", zero=True),
        "span_id": int.from_bytes(_id(link.get("span_id", b""), 8, "invalid_link_id", zero=True)),
        "trace_state": link.get("trace_state", ""),
        "flags": link.get("flags", 0),
        "dropped": link.get("dropped_attributes_count", 0),
    }


def _promoted(attributes: list[Any_], kind: int) -> Row:
    status = 0
    for key in ("http.status_code", "http.response.status_code"):
        codes = [
            a["value"]["int_value"] for a in attributes if a.get("key") == key and "int_value" in a.get("value", {})
        ]
        status = next((code for code in codes if 0 <= code < 2**16), status)
    return {
        "http_route": text_of(attributes, "http.route"),
        "http_status": status,
        "db_system": text_of(attributes, "db.system.name", "db.system"),
        "peer": text_of(attributes, *_PEERS) if kind in _OUTGOING else "",
    }


def weight(trace_state: str) -> float:
    """Return 1 / sampling probability from `ot=th:...`, 1 where nothing (valid) is said."""
    members = [member.strip(" \t\n\r\f") for member in trace_state.split(",")]
    entry = next((member[3:] for member in members if member.startswith("ot=")), "")
    field = next((field[3:] for field in entry.split(";") if field.startswith("th:")), "")
    if not re.fullmatch(r"[0-9a-fA-F]{1,14}", field, re.ASCII):
        return 1.0
    return 2.0**56 / (2**56 - int(field.ljust(14, "0"), 16))


def log_row(log: Any_, arrival: Arrival, resource: Row, scope: Row) -> Row:
    """Return a row of `LOGS`."""
    trace_id = _id(log.get("trace_id", b""), 16, "invalid_trace_id", zero=True)
    span_id = _id(log.get("span_id", b""), 8, "invalid_span_id", zero=True)
    time, observed = _time(log.get("time_unix_nano", 0)), _time(log.get("observed_time_unix_nano", 0))
    bucket, marks = arrival.bucket(time or observed)
    body_type, body = _body(log.get("body"))
    return {
        **attribute_columns(log.get("attributes", [])),
        "tenant": arrival.tenant,
        "trace_id": trace_id,
        "span_id": int.from_bytes(span_id),
        "time": time,
        "observed": observed,
        "bucket": bucket,
        "service": resource["service"],
        "severity": _byte(log.get("severity_number", 0)),
        "severity_text": log.get("severity_text", ""),
        "body_type": body_type,
        "body": body,
        "event_name": log.get("event_name", ""),
        "flags": log.get("flags", 0),
        "dropped_attributes": log.get("dropped_attributes_count", 0),
        "scope_id": scope["scope_id"],
        "resource_id": resource["resource_id"],
        "marks": int(marks),
        "received": arrival.received_ns // 1_000_000,
    }


def _body(body: Any_ | None) -> tuple[int, str]:
    if body is None:
        return 0, ""
    if "string_value" in body:
        return 1, str(body["string_value"])
    return 2, any_json(body)


def scope_row(scope: Any_, schema_url: str) -> dict[str, Any]:
    """Return the columns of `SCOPES` that do not depend on the request."""
    attributes = scope.get("attributes", [])
    name, version = scope.get("name", ""), scope.get("version", "")
    dropped = scope.get("dropped_attributes_count", 0)
    return {
        **attribute_columns(attributes),
        "scope_id": content_id(attributes, [schema_url, name, version], dropped),
        "name": name,
        "version": version,
        "schema_url": schema_url,
        "dropped": dropped,
    }
