"""The service graph: calls between services, databases, queues and outside peers, from the settled edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
SERVICE = "service"
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
        FROM edges_1m AS e WHERE tenant = {{tenant:String}} AND {minutes(window, params)}
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
        WHERE tenant = {{tenant:String}} AND {minutes(Window(first * step + 1, last * step), params)}
            {_only(params, client, server)}
        GROUP BY step, client, server, kind HAVING n > 0 ORDER BY step, client, server, kind
    """
    steps: list[list[Edge]] = [[] for _ in range(first, last)]
    rows = read.query(sql, params.values).to_pylist()
    for row, edge in zip(rows, _edges(rows), strict=True):
        steps[row["step"] - first].append(edge)
    return EdgeSeries([(one + 1) * step for one in range(first, last)], step, steps)


def minutes(window: Window, params: Params) -> str:
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


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the calls of an edge in one window."""

    calls: float
    rate: float
    """Calls per second."""
    errors: float
    error_share: float
    p50_ns: float | None
    p95_ns: float | None
    p99_ns: float | None
    gap_ns: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Compared:
    """An edge now and, where asked for, in another window."""

    client: str
    server: str
    kind: str
    now: Figures | None
    was: Figures | None
    change: str | None
    """`new`, `gone` or `same`; None without another window."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with the calls to it."""

    name: str
    kind: str
    """`service`, or the kind of the edges to what sends no spans."""
    calls: float
    errors: float
    p50_ns: float | None
    p95_ns: float | None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges."""

    nodes: list[Node]
    edges: list[Compared]


def graph(read: Read, window: Window, against: Window | None = None) -> Answer[Graph]:
    """Return the service graph of a window, and what differs from another one."""
    now = edges(read, window).data
    was = edges(read, against).data if against is not None else []
    before = {(one.client, one.server, one.kind): one for one in was}
    found = []
    for one in now:
        other = before.pop((one.client, one.server, one.kind), None)
        change = None if against is None else "new" if other is None else "same"
        figures = _figures(other, against) if other is not None and against is not None else None
        found.append(Compared(one.client, one.server, one.kind, _figures(one, window), figures, change))
    if against is not None:
        found += [
            Compared(one.client, one.server, one.kind, None, _figures(one, against), "gone") for one in before.values()
        ]
    meta = Meta(total=Total(len(found), exact=True), returned=len(found), scanned=read.scanned, window=window)
    return Answer(Graph(_nodes([*now, *before.values()], now), found), meta)


def _figures(edge: Edge, window: Window) -> Figures:
    seconds = max((window.to_ns - window.from_ns) / 10**9, 1e-9)
    return Figures(
        edge.calls,
        edge.calls / seconds,
        edge.errors,
        edge.errors / edge.calls if edge.calls else 0.0,
        edge.quantile_ns(0.5),
        edge.quantile_ns(0.95),
        edge.quantile_ns(0.99),
        edge.gap_ns,
        edge.n,
    )


def _nodes(every: Sequence[Edge], now: Sequence[Edge]) -> list[Node]:
    """Return all ends of edges, with the calls that come in now."""
    kinds: dict[str, str] = {}
    for one in every:
        for name, kind in _ends(one):
            if kind == SERVICE or name not in kinds:
                kinds[name] = kind
    found = []
    for name, kind in kinds.items():
        into = [one for one in now if one.server == name]
        hist: Hist = {}
        for one in into:
            for bucket, weight in (one.server_hist or one.client_hist).items():
                hist[bucket] = hist.get(bucket, 0.0) + weight
        calls, errors = sum(one.calls for one in into), sum(one.errors for one in into)
        p50, p95 = (quantile_of(hist, wanted) if hist else None for wanted in (0.5, 0.95))
        found.append(Node(name, kind, calls, errors, p50, p95))
    return sorted(found, key=lambda one: (-one.calls, one.name))


def _ends(edge: Edge) -> list[tuple[str, str]]:
    """Return the nodes of an edge with their kinds; the end without spans is what the edge is."""
    if not edge.kind or (edge.kind == MESSAGING and edge.pairs > 0):
        return [(edge.client, SERVICE), (edge.server, SERVICE)]
    if edge.client_sum_ns or edge.client_hist:
        return [(edge.client, SERVICE), (edge.server, edge.kind)]
    return [(edge.client, edge.kind), (edge.server, SERVICE)]
