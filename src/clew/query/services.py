"""Services and their operations in a time range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clew.model import KIND_NAMES
from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.params import Params
from clew.query.read import Read
from clew.query.rollup import Source, quantile, source

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Service:
    """One service."""

    service: str
    spans: int
    errors: int
    p50_ns: float | None
    p95_ns: float | None
    last_seen_ns: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One span name and kind of a service."""

    name: str
    kind: str
    spans: int
    errors: int
    p50_ns: float | None
    p95_ns: float | None
    p99_ns: float | None
    rate: float = 0.0
    """Spans per second."""
    error_share: float = 0.0
    share: float = 0.0
    """Of the time of all spans of the service."""


def services(read: Read, window: Window) -> Answer[list[Service]]:
    """Return the services with spans in the window, most spans first. Short windows are exact, others by minute."""
    params = Params()
    of = source(window, params, by_operation=False)
    rows = _grouped(read, of, params, "service", more=f"{of.latest} AS latest")
    found = [
        Service(row["service"], row["spans"], row["errors"], quantile(row, 0.5), quantile(row, 0.95), row["latest"])
        for row in rows
    ]
    return Answer(found[:MOST], _meta(read, window, len(found)))


def operations(read: Read, service: str, window: Window) -> Answer[list[Operation]]:
    """Return the operations of a service, most spans first."""
    params = Params()
    of = source(window, params, by_operation=True)
    extra = f"AND service = {params.text(service)}"
    rows = _grouped(read, of, params, "name, kind", more=f"{of.time} AS took", extra=extra)
    seconds = max((window.to_ns - window.from_ns) / 10**9, 1e-9)
    took = sum(row["took"] for row in rows) or 1.0
    found = [
        Operation(
            row["name"],
            KIND_NAMES.get(row["kind"], str(row["kind"])),
            row["spans"],
            row["errors"],
            quantile(row, 0.5),
            quantile(row, 0.95),
            quantile(row, 0.99),
            row["spans"] / seconds,
            row["errors"] / row["spans"],
            row["took"] / took,
        )
        for row in rows
    ]
    return Answer(found[:MOST], _meta(read, window, len(found)))


def _grouped(read: Read, of: Source, params: Params, keys: str, *, more: str, extra: str = "") -> list[dict[str, Any]]:
    sql = f"""
        SELECT {keys}, {of.count} AS spans, {of.errors} AS errors, {of.hist} AS merged, {more}
        FROM {of.table} WHERE tenant = {{tenant:String}} AND {of.where} {extra}
        GROUP BY {keys} ORDER BY spans DESC, {keys} LIMIT {MOST + 1}
    """
    rows: list[dict[str, Any]] = read.query(sql, params.values).to_pylist()
    return rows


def _meta(read: Read, window: Window, found: int) -> Meta:
    cut = Truncated("more entries than are listed", MOST, "narrow the time range") if found > MOST else None
    total = Total(found, exact=cut is None)
    return Meta(total=total, returned=min(found, MOST), truncated=cut, scanned=read.scanned, window=window)
