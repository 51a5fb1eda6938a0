"""The service graph, and the shapes of traces."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clew.api.models.base import Model, TraceId


class GraphNode(Model):
    """A service, database, queue or outside peer."""

    name: str
    kind: Literal["service", "database", "messaging_system", "virtual_node"]
    calls: float = Field(description="calls to it, weighted by upstream sampling")
    errors: float
    p50_ns: float | None
    p95_ns: float | None


class EdgeFigures(Model):
    """What is known of the calls of an edge in one window."""

    calls: float = Field(description="weighted by upstream sampling")
    rate: float = Field(description="calls per second")
    errors: float
    error_share: float
    p50_ns: float | None = Field(description="of the caller's time; of the called service's where no caller is known")
    p95_ns: float | None
    p99_ns: float | None
    gap_ns: float | None = Field(description="mean of caller's minus called service's time: network and queues")
    n: int = Field(description="calls as stored")


class GraphEdge(Model):
    """All calls from one node to another of one kind."""

    client: str
    server: str
    kind: Literal["", "database", "messaging_system", "virtual_node"] = Field(
        description="empty: between two services; else what the end without spans is"
    )
    now: EdgeFigures | None = Field(description="null where the edge is only in the window compared with")
    was: EdgeFigures | None = Field(description="in the window compared with; null without one, or where it is new")
    change: Literal["new", "gone", "same"] | None = Field(description="null without a window compared with")


class Graph(Model):
    """Nodes and edges of a time range."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]


class Shape(Model):
    """Traces with the same set of call paths."""

    shape: str = Field(pattern="^[0-9a-f]{16}$")
    root_service: str | None
    root_name: str | None
    services: list[str]
    paths: int = Field(description="different call paths")
    traces: int
    errors: int = Field(description="traces with a failed span")
    spans: float = Field(description="mean spans of a trace")
    share: float = Field(description="of all traces in the range")
    p50_ns: float | None
    p95_ns: float | None
    example: TraceId | None
