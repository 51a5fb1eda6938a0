"""Error groups: exceptions and failed spans with the same fingerprint, from the settled rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.errors import ErrorGroupNotFoundError
from clew.query.graph import minutes
from clew.query.params import Params
from clew.query.read import Read
from clew.query.steps import MS, S, round_step

POINTS = 60
MOST = 1000
_NO_TRACE = bytes(16)


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """One error in a time range. Counts are of stored spans."""

    fingerprint: str
    service: str
    type: str
    message: str
    """Template: numbers, ids and addresses stand as what they are."""
    frame: str
    n: int
    origins: int
    """Of these, how many were where the error began."""
    traces: int
    first_ns: int
    last_ns: int
    versions: list[str]
    """Versions of the service, as they appeared."""
    first_version: str
    example: str | None
    """A trace with it; None where that was deleted."""
    sparkline: list[int]
    """Occurrences per step of `ErrorList.step_ms`."""


@dataclass(frozen=True, slots=True)
class ErrorList:
    """Error groups, most frequent first."""

    start_ms: list[int]
    step_ms: int
    groups: list[ErrorGroup]


@dataclass(frozen=True, slots=True)
class VersionCount:
    """Occurrences in one version of the service."""

    version: str
    n: int


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One error group in a range, and since when it is known at all."""

    group: ErrorGroup
    start_ms: list[int]
    step_ms: int
    known_since_ns: int
    """First occurrence in all data that is kept."""
    known_until_ns: int
    all: int
    by_version: list[VersionCount]
    examples: list[str]
    """Traces with it, the newest first."""


def error_groups(read: Read, window: Window, *, service: str | None = None) -> Answer[ErrorList]:
    """Return the errors of the minutes that a window touches."""
    params = Params()
    only = f" AND x.service = {params.text(service)}" if service is not None else ""
    groups, starts, step = _groups(read, window, params, only)
    cut = None
    if len(groups) > MOST:
        cut = Truncated("more errors than are listed", MOST, "narrow the time range or choose a service")
    meta = Meta(
        total=Total(len(groups), exact=True),
        returned=min(len(groups), MOST),
        truncated=cut,
        scanned=read.scanned,
        window=window,
    )
    return Answer(ErrorList(starts, step // MS, groups[:MOST]), meta)


def error_group(read: Read, fingerprint: str, window: Window) -> Answer[ErrorDetail]:
    """Return one error.

    Raises:
        ErrorGroupNotFoundError: it did not occur in the range.
    """
    params = Params()
    is_it = f"x.fingerprint = {params.bind(int(fingerprint, 16), 'UInt64')}"
    groups, starts, step = _groups(read, window, params, f" AND {is_it}")
    if not groups:
        raise ErrorGroupNotFoundError(fingerprint)
    sql = f"""
        SELECT version, sum(x.n) AS n, toUnixTimestamp64Nano(min(x.first)) AS low,
            toUnixTimestamp64Nano(max(x.last)) AS high,
            groupUniqArray(20)((toUnixTimestamp64Nano(x.last), x.example)) AS examples
        FROM exceptions AS x WHERE tenant = {{tenant:String}} AND {is_it} GROUP BY version HAVING n > 0 ORDER BY low
    """
    rows = read.query(sql, params.values).to_pylist()
    seen = sorted((one for row in rows for one in _pairs(row["examples"])), reverse=True)
    newest = dict.fromkeys(trace for _, trace in seen if trace != _NO_TRACE)
    detail = ErrorDetail(
        groups[0],
        starts,
        step // MS,
        min(row["low"] for row in rows),
        max(row["high"] for row in rows),
        sum(row["n"] for row in rows),
        [VersionCount(row["version"], row["n"]) for row in rows],
        [trace.hex() for trace in newest][:10],
    )
    meta = Meta(total=Total(1, exact=True), returned=1, scanned=read.scanned, window=window)
    return Answer(detail, meta)


def _pairs(examples: list[Any]) -> list[tuple[Any, bytes]]:
    return [tuple(one.values()) if isinstance(one, dict) else tuple(one) for one in examples]


def _groups(read: Read, window: Window, params: Params, only: str) -> tuple[list[ErrorGroup], list[int], int]:
    """Return the groups, the start of each step in ms, and the step in ns."""
    step = round_step(window.from_ns, window.to_ns, POINTS, least_ns=60 * S)
    first, last = window.from_ns // step, max(-(-window.to_ns // step), window.from_ns // step + 1)
    at = f"intDiv(toInt64(toUnixTimestamp(x.minute)) * 1000000000 - 1, {params.bind(step, 'Int64')})"
    sql = f"""
        SELECT fingerprint, version, {at} AS step, max(x.service) AS service, max(x.type) AS type,
            max(x.message) AS message, max(x.frame) AS frame, sum(x.n) AS n, sum(x.origins) AS origins,
            sum(x.traces) AS traces, toUnixTimestamp64Nano(min(x.first)) AS low,
            toUnixTimestamp64Nano(max(x.last)) AS high, max(x.example) AS example
        FROM exceptions AS x WHERE tenant = {{tenant:String}} AND {minutes(window, params)}{only}
        GROUP BY fingerprint, version, step HAVING n > 0 ORDER BY low
    """
    by_print: dict[int, list[dict[str, Any]]] = {}
    for row in read.query(sql, params.values).to_pylist():
        by_print.setdefault(row["fingerprint"], []).append(row)
    groups = [_group(rows, first, last) for rows in by_print.values()]
    groups.sort(key=lambda one: (-one.n, one.service, one.type, one.fingerprint))
    return groups, [one * step // MS for one in range(first, last)], step


def _group(rows: list[dict[str, Any]], first: int, last: int) -> ErrorGroup:
    line = np.zeros(last - first, np.int64)
    for row in rows:
        line[min(max(row["step"] - first, 0), last - first - 1)] += row["n"]
    example = max((row["example"] for row in rows), default=_NO_TRACE)
    head = rows[0]
    return ErrorGroup(
        f"{head['fingerprint']:016x}",
        head["service"],
        head["type"],
        head["message"],
        head["frame"],
        sum(row["n"] for row in rows),
        sum(row["origins"] for row in rows),
        sum(row["traces"] for row in rows),
        min(row["low"] for row in rows),
        max(row["high"] for row in rows),
        list(dict.fromkeys(row["version"] for row in rows)),
        head["version"],
        example.hex() if example != _NO_TRACE else None,
        line.tolist(),
    )
