"""The nodes below a node, and trees with some of them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar, cast

from clew.query.traceql.ast import (
    Aggregate,
    Attribute,
    Binary,
    By,
    Coalesce,
    Filter,
    Hint,
    Intrinsic,
    MetricsBinary,
    MetricsCall,
    MetricsPipeline,
    Pipeline,
    PipelineScalar,
    Query,
    ScalarBinary,
    ScalarFilter,
    Select,
    Sort,
    SpansetBinary,
    Static,
    Threshold,
    TopK,
    Unary,
)

Node = (
    Query
    | Hint
    | MetricsPipeline
    | MetricsBinary
    | MetricsCall
    | TopK
    | Threshold
    | Pipeline
    | Filter
    | SpansetBinary
    | ScalarFilter
    | ScalarBinary
    | PipelineScalar
    | Aggregate
    | By
    | Select
    | Coalesce
    | Sort
    | Static
    | Attribute
    | Intrinsic
    | Unary
    | Binary
)
T = TypeVar("T", bound=Node)


_PARTS: dict[type, tuple[str, ...]] = {
    Query: ("root", "hints"),
    MetricsPipeline: ("pipeline", "call", "second"),
    MetricsBinary: ("left", "right", "second"),
    MetricsCall: ("of", "selection", "by"),
    Pipeline: ("stages",),
    Filter: ("where",),
    PipelineScalar: ("pipeline", "scalar"),
    Aggregate: ("of",),
    By: ("fields",),
    Select: ("fields",),
    Sort: ("key",),
    Unary: ("operand",),
    **dict.fromkeys((Binary, SpansetBinary, ScalarFilter, ScalarBinary), ("left", "right")),
}
"""Where the nodes below a node stand: each a node, several, or none."""


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, from left to right."""
    found: list[Node] = []
    for name in _PARTS.get(type(node), ()):
        part = getattr(node, name)
        found.extend(part if isinstance(part, tuple) else () if part is None else (part,))
    return tuple(found)


def changed(node: T, change: Callable[[Node], Node]) -> T:
    """Return a tree with its nodes changed, from the top; what `change` returns as another node is not looked into."""
    made = change(node)
    return _below(node, change) if made is node else cast("T", made)  # it stands where the other stood


def _below(node: T, change: Callable[[Node], Node]) -> T:
    """Return a node with what is below it changed."""
    parts: dict[str, Any] = {}
    for name in _PARTS.get(type(node), ()):
        part = getattr(node, name)
        listed = part if isinstance(part, tuple) else () if part is None else (part,)
        made = tuple(changed(one, change) for one in listed)
        if any(one is not other for one, other in zip(made, listed, strict=True)):
            parts[name] = made if isinstance(part, tuple) else made[0]
    return replace(node, **parts) if parts else node


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Return every node with its depth, a parent before its children, the root at depth 0; without recursion."""
    waiting: list[tuple[Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(children(node)))
