"""Spans as a running Clew gives them back, in a form that tests can ask."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from clew.testing.running import RunningClew

_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_ERROR = 2


@dataclass(frozen=True)
class StoredSpan:
    """One span of a trace."""

    trace: str
    id: str
    parent: str
    """Empty for a root."""
    service: str
    name: str
    kind: str
    failed: bool
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    resource: dict[str, Any]


def otlp_of(clew: RunningClew, trace: str) -> dict[str, Any]:
    """Return a trace as OTLP JSON; without spans where nothing of it is stored."""
    try:
        told: dict[str, Any] = clew.get(f"/traces/{trace}/export?format=otlp-json")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return {"resourceSpans": []}
    return told


def each(told: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the spans of OTLP JSON, each with the attributes of its resource."""
    for part in told["resourceSpans"]:
        resource = _values(part["resource"]["attributes"])
        for scope in part["scopeSpans"]:
            for span in scope["spans"]:
                yield resource, span


def stored_spans(clew: RunningClew, trace: str) -> list[StoredSpan]:
    """Return the spans of a trace that are stored now, by their start; none where there is no such trace."""
    found = [
        StoredSpan(
            trace,
            span["spanId"],
            span.get("parentSpanId", ""),
            resource["service.name"],
            span["name"],
            _KINDS[span["kind"]],
            span.get("status", {}).get("code") == _ERROR,
            int(span["startTimeUnixNano"]),
            int(span["endTimeUnixNano"]),
            _values(span.get("attributes", [])),
            resource,
        )
        for resource, span in each(otlp_of(clew, trace))
    ]
    return sorted(found, key=lambda one: one.start_ns)


def _values(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values()), None) for one in attributes}
