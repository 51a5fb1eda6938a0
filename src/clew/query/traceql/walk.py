"""The nodes below a node, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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


_BELOW: dict[type, Callable[[Any], tuple[Node, ...]]] = {
    Query: lambda node: (node.root, *node.hints),
    MetricsPipeline: lambda node: (node.pipeline, node.call, *node.second),
    MetricsBinary: lambda node: (node.left, node.right, *node.second),
    MetricsCall: lambda node: tuple(item for item in (node.of, node.selection, *node.by) if item is not None),
    Pipeline: lambda node: node.stages,
    Filter: lambda node: (node.where,),
    PipelineScalar: lambda node: (node.pipeline, node.scalar),
    Aggregate: lambda node: () if node.of is None else (node.of,),
    By: lambda node: node.fields,
    Select: lambda node: node.fields,
    Sort: lambda node: (node.key,),
    Unary: lambda node: (node.operand,),
    **dict.fromkeys((Binary, SpansetBinary, ScalarFilter, ScalarBinary), lambda node: (node.left, node.right)),
}


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, from left to right."""
    below = _BELOW.get(type(node))
    return below(node) if below else ()


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Return every node with its depth, a parent before its children, the root at depth 0."""
    waiting: list[tuple[Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(children(node)))
