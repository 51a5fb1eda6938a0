"""The service graph of many traces: who called whom, how often, how long it took on both sides.

A call is a client and the server below it, a producer and the consumer below it or linked to it, and whatever else
leads from one service into another. A client without any of these below it called something that sends no spans: a
database, a queue or an outside peer, named by its attributes. A root server was called by `user`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.derive.batches import batch, minutes, words
from clew.derive.forest import Forest
from clew.derive.numbers import Flags, Floats, Ints
from clew.derive.parents import ROOT
from clew.derive.spans import Spans
from clew.model import Kind, Status
from clew.store.groups import Groups, group, histograms
from clew.store.histogram import histogram_index
from clew.store.tables import BY_NAME

KINDS = ["", "database", "messaging_system", "virtual_node"]
CALL, DATABASE, MESSAGING, VIRTUAL = range(4)
USER = "user"
"""The node that calls services from outside."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Producers that consumers are linked to, not below; entries of equal place belong together."""

    consumer: Ints
    """Rows of the spans."""
    service: Sequence[str]
    start: Ints
    duration: Ints
    failed: Flags
    weight: Floats

    def beside(self, other: Remote) -> Remote:
        """Return these and then others."""
        return Remote(
            np.concatenate([self.consumer, other.consumer]),
            [*self.service, *other.service],
            np.concatenate([self.start, other.start]),
            np.concatenate([self.duration, other.duration]),
            np.concatenate([self.failed, other.failed]),
            np.concatenate([self.weight, other.weight]),
        )


NO_REMOTE = Remote(*(np.zeros(0, np.int64),), [], *(np.zeros(0, np.int64),) * 2, np.zeros(0, np.bool_), np.zeros(0))


@dataclass(slots=True)
class Calls:
    """Calls as columns; a side without a span has the duration -1."""

    trace: Ints
    client: Ints
    server: Ints
    kind: Ints
    start: Ints
    failed: Flags
    weight: Floats
    client_ns: Ints
    server_ns: Ints


class Nodes:
    """Numbers the names of nodes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._known: dict[str, int] = {}

    def codes(self, names: Sequence[str]) -> Ints:
        """Return the number of each name."""
        found = []
        for name in names:
            code = self._known.setdefault(name, len(self.names))
            if code == len(self.names):
                self.names.append(name)
            found.append(code)
        return np.array(found, np.int64)


def edges(
    tenant: str, spans: Spans, forest: Forest, *, sign: Floats, queues: Mapping[int, str], remote: Remote = NO_REMOTE
) -> pa.RecordBatch:
    """Return the rows of `edges_1m`.

    Args:
        tenant: whose.
        spans: distinct spans.
        forest: their trees.
        sign: per trace, 1 to add it and -1 to take it out.
        queues: name of the queue by row, for producers and consumers without a partner.
        remote: partners in other traces.
    """
    nodes = Nodes()
    parts = [
        *_between(spans, forest, nodes),
        _linked(spans, remote, nodes),
        *_outside(spans, forest, nodes, queues, remote),
        _from_users(spans, forest, nodes),
    ]
    names = Calls.__slots__
    calls = Calls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return _rows(tenant, calls, sign[calls.trace], nodes.names)


def lonely(spans: Spans, forest: Forest) -> Flags:
    """Return which client, producer and consumer rows have no partner within their trace."""
    pairs = _pairs(spans, forest)
    alone = np.isin(spans.kind, (Kind.CLIENT, Kind.PRODUCER, Kind.CONSUMER))
    alone[forest.up[pairs]] = False
    alone[pairs] = False
    return alone


def _pairs(spans: Spans, forest: Forest) -> Ints:
    """Return the rows that were called by their parent."""
    rows = forest.inner
    above = forest.up[rows]
    kind, outer = spans.kind[rows], spans.kind[above]
    called = (outer == Kind.CLIENT) & (kind == Kind.SERVER)
    called |= (outer == Kind.PRODUCER) & (kind == Kind.CONSUMER)
    called |= spans.service[rows] != spans.service[above]
    found: Ints = rows[called]
    return found


def _between(spans: Spans, forest: Forest, nodes: Nodes) -> list[Calls]:
    """Return the calls between a span and its parent."""
    rows = _pairs(spans, forest)
    above = forest.up[rows]
    service = nodes.codes(spans.words["service"])
    outgoing = np.isin(spans.kind[above], (Kind.CLIENT, Kind.PRODUCER))
    queued = (spans.kind[above] == Kind.PRODUCER) | (spans.kind[rows] == Kind.CONSUMER)
    failed = (spans.status[rows] == Status.ERROR) | (outgoing & (spans.status[above] == Status.ERROR))
    return [
        Calls(
            spans.trace[rows],
            service[spans.service[above]],
            service[spans.service[rows]],
            np.where(queued, MESSAGING, CALL),
            np.where(outgoing, spans.start[above], spans.start[rows]),
            failed,
            spans.weight[rows],
            np.where(outgoing, spans.duration[above], -1),
            spans.duration[rows],
        )
    ]


def _linked(spans: Spans, remote: Remote, nodes: Nodes) -> Calls:
    """Return the calls from producers by a link."""
    rows = remote.consumer
    service = nodes.codes(spans.words["service"])
    return Calls(
        spans.trace[rows],
        nodes.codes(remote.service),
        service[spans.service[rows]] if rows.size else rows,
        np.full(rows.size, MESSAGING),
        remote.start,
        remote.failed | (spans.status[rows] == Status.ERROR),
        remote.weight,
        remote.duration,
        spans.duration[rows],
    )


def _outside(spans: Spans, forest: Forest, nodes: Nodes, queues: Mapping[int, str], remote: Remote) -> list[Calls]:
    """Return the calls to and from what sends no spans."""
    alone = lonely(spans, forest)
    alone[remote.consumer] = False
    service = nodes.codes(spans.words["service"])
    peer, system = spans.words["peer"], spans.words["db_system"]
    has_peer = np.array([bool(name) for name in peer], np.bool_)
    has_system = np.array([bool(name) for name in system], np.bool_)
    rows = np.flatnonzero(alone & (spans.kind == Kind.CLIENT))
    known, database = has_peer[spans.peer[rows]], has_system[spans.db_system[rows]]
    rows, known, database = rows[known | database], known[known | database], database[known | database]
    named = np.where(known, nodes.codes(peer)[spans.peer[rows]], nodes.codes(system)[spans.db_system[rows]])
    clients = _one_sided(spans, rows, service[spans.service[rows]], named, np.where(database, DATABASE, VIRTUAL))
    places = np.array(sorted(row for row in queues if alone[row]), np.int64)
    queue = nodes.codes([queues[row] for row in places.tolist()])
    sends = spans.kind[places] == Kind.PRODUCER
    own = service[spans.service[places]] if places.size else places
    ends = np.where(sends, own, queue), np.where(sends, queue, own)
    return [clients, _one_sided(spans, places, *ends, np.full(places.size, MESSAGING))]


def _from_users(spans: Spans, forest: Forest, nodes: Nodes) -> Calls:
    """Return the calls of root servers, which come from outside."""
    rows = forest.levels[0] if forest.levels else np.zeros(0, np.int64)
    rows = rows[(forest.up[rows] == ROOT) & (spans.kind[rows] == Kind.SERVER)]
    service = nodes.codes(spans.words["service"])
    user = np.full(rows.size, int(nodes.codes([USER])[0]))
    return _one_sided(spans, rows, user, service[spans.service[rows]], np.full(rows.size, VIRTUAL))


def _one_sided(spans: Spans, rows: Ints, client: Ints, server: Ints, kind: npt.NDArray[Any]) -> Calls:
    """Return calls of which one span is known; a server's or consumer's span is the called side."""
    called = np.isin(spans.kind[rows], (Kind.SERVER, Kind.CONSUMER))
    return Calls(
        spans.trace[rows],
        client,
        server,
        kind,
        spans.start[rows],
        spans.status[rows] == Status.ERROR,
        spans.weight[rows],
        np.where(called, -1, spans.duration[rows]),
        np.where(called, spans.duration[rows], -1),
    )


def _rows(tenant: str, calls: Calls, sign: Floats, names: Sequence[str]) -> pa.RecordBatch:
    """Add up the calls of each minute, pair of nodes and kind."""
    minute = minutes(calls.start)
    groups = group(minute, calls.client, calls.server, calls.kind)
    at = groups.first
    weight = calls.weight * sign
    client, server = calls.client_ns >= 0, calls.server_ns >= 0
    both = client & server
    tenants = words(np.zeros(at.size, np.int64), [tenant])
    return batch(
        BY_NAME["edges_1m"].schema,
        {
            "tenant": tenants,
            "minute": minute[at],
            "client": words(calls.client[at], names),
            "server": words(calls.server[at], names),
            "kind": words(calls.kind[at], KINDS),
            "n": groups.sums(sign).astype(np.int64),
            "calls": groups.sums(weight),
            "errors": groups.sums(weight * calls.failed),
            "client_sum": groups.sums(np.where(client, weight * calls.client_ns, 0.0)),
            "client_hist": sparse(groups, np.flatnonzero(client), calls.client_ns, weight),
            "server_sum": groups.sums(np.where(server, weight * calls.server_ns, 0.0)),
            "server_hist": sparse(groups, np.flatnonzero(server), calls.server_ns, weight),
            "pairs": groups.sums(weight * both),
            "gap_sum": groups.sums(np.where(both, weight * (calls.client_ns - calls.server_ns), 0.0)),
        },
    )


def sparse(groups: Groups, rows: Ints, durations: Ints, weight: Floats) -> pa.MapArray:
    """Return the histogram of each group over some of its rows."""
    bucket = histogram_index(durations[rows].astype(np.uint64)).astype(np.int64)
    cells = group(groups.codes[rows].astype(np.int64), bucket)
    outer = Groups(groups.codes[rows][cells.first], groups.first)
    return histograms(outer, bucket[cells.first], cells.sums(weight[rows]))
