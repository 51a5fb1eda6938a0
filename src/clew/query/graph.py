"""The service graph: calls between services, databases, queues and outside peers, from the settled edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clew.query.answer import Answer, Meta, Total, Window
from clew.query.params import Params
from clew.query.read import Read
from clew.query.rollup import MINUTE_NS
from clew.store.histogram import quantile_of

Hist = dict[int, float]
"""Weighted calls per duration bucket, see `clew.store.histogram`."""

DATABASE, MESSAGING, VIRTUAL = "database", "messaging_system", "virtual_node"
"""Kinds of edges beside the empty one, which is a plain call between two services."""

_SUMS = "n, calls, errors, client_sum, server_sum, pairs, gap_sum"
_FOLDED = ", ".join(f"sum(e.{name}) AS {name}" for name in _SUMS.split(", "))


@dataclass(frozen=True, slots=True)
class Edge:
    """All calls from one node to another of one kind. Counts are weighted by upstream sampling, except `n`."""

    client: str
    server: str
    kind: str
    calls: float
    errors: float
    client_sum_ns: float
    """Time of the calls as the caller saw it; of those whose calling span is known."""
    server_sum_ns: float
    """Time of the calls as the called service saw it; of those whose serving span is known."""
    client_hist: Hist = field(default_factory=dict)
    server_hist: Hist = field(default_factory=dict)
    gap_sum_ns: float = 0.0
    """Caller's minus called service's time: network and queues; of the calls with both spans."""
    pairs: float = 0.0
    """Calls with both spans."""
    n: int = 0
    """Calls as stored."""

    @property
    def gap_ns(self) -> float | None:
        """The mean gap."""
        return self.gap_sum_ns / self.pairs if self.pairs else None

    def quantile_ns(self, wanted: float) -> float | None:
        """Return a quantile of the caller's time, or of the called service's where no caller is known."""
        hist = self.client_hist or self.server_hist
        return quantile_of(hist, wanted) if hist else None


@dataclass(frozen=True, slots=True)
class EdgeSeries:
    """Edges per step; entry i of `steps` covers (times_ns[i] - step_ns, times_ns[i]]."""

    times_ns: list[int]
    step_ns: int
    steps: list[list[Edge]]
    """Edges with calls in the step, ordered by client, server and kind."""


def edges(read: Read, window: Window, *, client: str | None = None, server: str | None = None) -> Answer[list[Edge]]:
    """Return the edges of the minutes that the window touches, most calls first.

    Args:
        read: whose.
        window: start of the calls; widened to whole right-closed minutes.
        client: only calls from this node.
        server: only calls to this node.
    """
    params = Params()
    sql = f"""
        SELECT client, server, kind, {_FOLDED},
            sumMap(e.client_hist) AS client_hist, sumMap(e.server_hist) AS server_hist
        FROM edges_1m AS e WHERE tenant = {{tenant:String}} AND {_minutes(window, params)}
            {_only(params, client, server)}
        GROUP BY client, server, kind HAVING n > 0 ORDER BY calls DESC, client, server, kind
    """
    found = list(_edges(read.query(sql, params.values).to_pylist()))
    meta = Meta(total=Total(len(found), exact=True), returned=len(found), scanned=read.scanned, window=window)
    return Answer(found, meta)


def edge_series(
    read: Read, window: Window, step_ns: int, *, client: str | None = None, server: str | None = None
) -> EdgeSeries:
    """Return the edges per step of a window whose ends are widened to whole steps.

    Args:
        read: whose.
        window: start of the calls.
        step_ns: a multiple of a minute; smaller steps are taken as a minute.
        client: only calls from this node.
        server: only calls to this node.
    """
    step = max(-(-step_ns // MINUTE_NS), 1) * MINUTE_NS
    first, last = window.from_ns // step, -(-window.to_ns // step)
    last = max(last, first + 1)
    params = Params()
    at = f"intDiv(toInt64(toUnixTimestamp(e.minute)) * 1000000000 - 1, {params.bind(step, 'Int64')})"
    sql = f"""
        SELECT {at} AS step, client, server, kind, {_FOLDED},
            sumMap(e.client_hist) AS client_hist, sumMap(e.server_hist) AS server_hist
        FROM edges_1m AS e
        WHERE tenant = {{tenant:String}} AND {_minutes(Window(first * step + 1, last * step), params)}
            {_only(params, client, server)}
        GROUP BY step, client, server, kind HAVING n > 0 ORDER BY step, client, server, kind
    """
    steps: list[list[Edge]] = [[] for _ in range(first, last)]
    rows = read.query(sql, params.values).to_pylist()
    for row, edge in zip(rows, _edges(rows), strict=True):
        steps[row["step"] - first].append(edge)
    return EdgeSeries([(one + 1) * step for one in range(first, last)], step, steps)


def _minutes(window: Window, params: Params) -> str:
    """Return the condition on right-closed minutes that a window touches."""
    low, high = (params.seconds(edge // 10**9) for edge in (window.from_ns, window.to_ns + MINUTE_NS - 1))
    return f"minute > {low} AND minute <= {high}"


def _only(params: Params, client: str | None, server: str | None) -> str:
    wanted = {"client": client, "server": server}
    return "".join(f" AND {name} = {params.text(value)}" for name, value in wanted.items() if value is not None)


def _edges(rows: list[dict[str, Any]]) -> Iterator[Edge]:
    for row in rows:
        yield Edge(
            row["client"],
            row["server"],
            row["kind"],
            row["calls"],
            row["errors"],
            row["client_sum"],
            row["server_sum"],
            _hist(row["client_hist"]),
            _hist(row["server_hist"]),
            row["gap_sum"],
            row["pairs"],
            row["n"],
        )


def _hist(pairs: list[tuple[int, float]]) -> Hist:
    """Return the buckets that hold something; what was taken out again is left out."""
    return {bucket: weight for bucket, weight in pairs if weight > 0}
