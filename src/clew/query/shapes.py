"""The shapes of traces: how many traces took the same call paths, how long, how often failing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.params import Params
from clew.query.read import Read
from clew.store.histogram import quantile_of

MOST = 1000
_HOUR_S = 3600
_NO_TRACE = bytes(16)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape in a time range."""

    shape: str
    root_service: str | None
    root_name: str | None
    services: list[str]
    paths: int
    """Different call paths."""
    traces: int
    errors: int
    """Traces with a failed span."""
    spans: float
    """Mean spans of a trace."""
    share: float
    """Of all traces in the range."""
    p50_ns: float | None
    p95_ns: float | None
    example: str | None


def shapes(read: Read, window: Window, *, service: str | None = None) -> Answer[list[Shape]]:
    """Return the shapes of the traces that start in the hours which a window touches, the most frequent first.

    Args:
        read: whose.
        window: start of the traces, widened to whole hours.
        service: only shapes in which this service takes part.
    """
    params = Params()
    low, high = (params.seconds(edge // 10**9 // _HOUR_S * _HOUR_S) for edge in (window.from_ns, window.to_ns))
    sql = f"""
        SELECT shape, max(x.root_service) AS root_service, max(x.root_name) AS root_name, max(x.services) AS services,
            max(x.paths) AS paths, sum(x.n) AS n, sum(x.errors) AS errors, sum(x.spans) AS spans,
            sumMap(x.hist) AS hist, max(x.example) AS example
        FROM shapes AS x WHERE tenant = {{tenant:String}} AND hour >= {low} AND hour <= {high}
        GROUP BY shape HAVING n > 0 ORDER BY n DESC, shape
    """
    rows = read.query(sql, params.values).to_pylist()
    every = sum(row["n"] for row in rows)
    found = [_shape(row, every) for row in rows if service is None or service in row["services"]]
    cut = Truncated("more shapes than are listed", MOST, "narrow the time range") if len(found) > MOST else None
    meta = Meta(
        total=Total(len(found), exact=True),
        returned=min(len(found), MOST),
        truncated=cut,
        scanned=read.scanned,
        window=window,
    )
    return Answer(found[:MOST], meta)


def _shape(row: dict[str, Any], every: int) -> Shape:
    hist = {bucket: weight for bucket, weight in row["hist"] if weight > 0}
    return Shape(
        f"{row['shape']:016x}",
        row["root_service"] or None,
        row["root_name"] or None,
        row["services"],
        row["paths"],
        row["n"],
        row["errors"],
        row["spans"] / row["n"],
        row["n"] / every,
        quantile_of(hist, 0.5) if hist else None,
        quantile_of(hist, 0.95) if hist else None,
        row["example"].hex() if row["example"] != _NO_TRACE else None,
    )
