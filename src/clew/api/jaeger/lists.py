"""What every API of Jaeger lists: services, operations, dependencies, summaries of traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from clew.api.deps import ApiDeps
from clew.api.jaeger.tags import NO_SERVICE
from clew.query.answer import Window
from clew.query.graph import edges
from clew.query.hydrate import TraceRow, hydrate
from clew.query.index import IndexedTrace
from clew.query.names import operation_names, service_names
from clew.query.orphans import orphans
from clew.query.read import Read

DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in a list."""

    row: TraceRow
    orphans: int

    @property
    def end_ns(self) -> int:
        """When its last span ended."""
        return self.row.start_ns + self.row.duration_ns


def kept(deps: ApiDeps, now: int) -> Window:
    """Return the range that spans are kept for: what lists without a range of time look at."""
    return Window(max(now - deps.retention_days * DAY_NS, 0), now + DAY_NS)


def services(read: Read, deps: ApiDeps, now: int) -> list[str]:
    """Return the names of all services, in order."""
    return service_names(read, kept(deps, now))


def operations(read: Read, deps: ApiDeps, now: int, service: str, kind: str = "") -> list[tuple[str, str]]:
    """Return (name, kind) of a service's spans, in order; `kind` keeps one kind, an unspecified kind is empty."""
    name = "unknown_service" if service == NO_SERVICE else service
    found = operation_names(read, kept(deps, now), name)
    shown = [(operation, "" if one == "unspecified" else one) for operation, one in found]
    return [(operation, one) for operation, one in shown if kind.lower() in {"", one}]


def dependencies(read: Read, window: Window, service: str = "") -> list[tuple[str, str, int]]:
    """Return (caller, called, calls), each pair once and none with itself; `service` keeps those that it is part of."""
    calls: dict[tuple[str, str], float] = defaultdict(float)
    for edge in edges(read, window).data:
        if edge.client != edge.server and edge.client and edge.server:
            calls[edge.client, edge.server] += edge.calls
    return [(*pair, round(n)) for pair, n in sorted(calls.items()) if not service or service in pair]


def summaries(read: Read, traces: Sequence[IndexedTrace]) -> list[Summary]:
    """Return the traces as they stand in a list, in the order given."""
    missing = orphans(read, traces)
    return [Summary(row, missing.get(bytes.fromhex(row.trace_id), 0)) for row in hydrate(read, traces, [])]
