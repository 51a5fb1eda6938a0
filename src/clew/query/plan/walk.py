"""Walks over the stages of a pipeline: every condition, field and pattern in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clew.query.plan.comparisons import PATTERNS
from clew.query.plan.linked import Linked
from clew.query.plan.scalarvals import aggregates, pipelines
from clew.query.traceql.ast import (
    Aggregate,
    Binary,
    By,
    Field,
    FieldExpr,
    Filter,
    Pipeline,
    ScalarFilter,
    Select,
    Sort,
    SpansetBinary,
    Stage,
    Static,
    Unary,
)
from clew.query.traceql.lower import fields


def expressions(stages: Sequence[Stage]) -> Iterator[FieldExpr]:
    """Yield every field expression, those inside nested pipelines too."""
    for stage in stages:
        if isinstance(stage, Filter):
            yield stage.where
        elif isinstance(stage, SpansetBinary):
            yield from expressions([stage.left, stage.right])
        elif isinstance(stage, Pipeline):
            yield from expressions(stage.stages)
        elif isinstance(stage, By | Select):
            yield from stage.fields
        elif isinstance(stage, ScalarFilter):
            yield from (one.of for one in aggregates(stage) if one.of is not None)
            for side in (stage.left, stage.right):
                for inner in pipelines(side):
                    yield from expressions(inner.stages)
        elif isinstance(stage, Sort) and not isinstance(stage.key, Aggregate):
            yield stage.key


def mentioned(pipeline: Pipeline) -> list[Field]:
    """Return the fields that spans of the answer are shown with: those of conditions and of `select`, each once."""
    found: dict[Field, None] = {}
    for expr in _shown(pipeline.stages):
        for one in fields(expr):
            if not isinstance(one, Linked):
                found[one] = None
    return list(found)


def _shown(stages: Sequence[Stage]) -> Iterator[FieldExpr]:
    for stage in stages:
        if isinstance(stage, Filter):
            yield stage.where
        elif isinstance(stage, SpansetBinary):
            yield from _shown([stage.left, stage.right])
        elif isinstance(stage, Pipeline):
            yield from _shown(stage.stages)
        elif isinstance(stage, Select):
            yield from stage.fields


def patterns(pipeline: Pipeline) -> Iterator[Static]:
    """Yield every regular expression."""
    for expr in expressions(pipeline.stages):
        stack = [expr]
        while stack:
            one = stack.pop()
            if isinstance(one, Binary):
                stack += [one.right, one.left]
                if one.op in PATTERNS and isinstance(one.right, Static) and isinstance(one.right.value, str):
                    yield one.right
            elif isinstance(one, Unary):
                stack.append(one.operand)
