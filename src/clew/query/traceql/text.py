"""The one spelling of a tree: parsing it gives the tree again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clew.query.literals import print_float, print_value
from clew.query.traceql.ast import (
    Aggregate,
    Attribute,
    Binary,
    By,
    Coalesce,
    Field,
    FieldExpr,
    Filter,
    Hint,
    Intrinsic,
    Level,
    MetricsBinary,
    MetricsCall,
    MetricsExpr,
    MetricsFn,
    MetricsPipeline,
    Pipeline,
    PipelineScalar,
    Query,
    ScalarBinary,
    ScalarExpr,
    ScalarFilter,
    SecondStage,
    Select,
    Sort,
    SpansetBinary,
    SpansetExpr,
    Stage,
    Static,
    TopK,
    Unary,
)
from clew.query.traceql.precedence import COMPARE, LOGIC, POWER, SUM, level
from clew.query.traceql.words import INTRINSICS

END_OF_WORD = frozenset(" \t\r\n{}()=~!<>&|^,")
"""Signs that end an attribute's name."""
_SCOPES = tuple(f"{scope.value}." for scope in Level if scope is not Level.ANY)
_PREFIXED = POWER + 2
_DEFAULT_TOP = 10


def print_query(query: Query) -> str:
    """Return the canonical text of a query."""
    root = query.root
    text = print_stages(root.stages) if isinstance(root, Pipeline) else _series(root)
    return text + (f" with ({', '.join(map(_hint, query.hints))})" if query.hints else "")


def print_field(field: Field) -> str:
    """Return a field as it is written in a query, which is also its name in answers."""
    parent = "parent." if field.parent else ""
    if isinstance(field, Intrinsic):
        return parent + field.name.value
    prefix = f"{field.level.value}." if field.level is not Level.ANY else "" if parent else "."
    unscoped = field.level is Level.ANY
    return f"{parent}{prefix}{print_key(field.key, unscoped=unscoped, parent=field.parent)}"


def print_key(key: str, *, unscoped: bool, parent: bool = False) -> str:
    """Return an attribute's name, quoted where it would not be read as one."""
    plain = bool(key) and not any(char in END_OF_WORD or char == '"' for char in key)
    if plain and unscoped:
        plain = not key[0].isdigit()
        if parent:
            plain = plain and key not in INTRINSICS and not key.startswith((".", *_SCOPES))
    return key if plain else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def print_expression(node: FieldExpr | Aggregate) -> str:
    """Return a field expression as it stands within braces, or an aggregate."""
    return _aggregate(node) if isinstance(node, Aggregate) else _field(node, LOGIC)


def print_stages(stages: Iterable[Stage]) -> str:
    """Return stages joined by pipes."""
    return " | ".join(_PRINTERS[type(stage)](stage) for stage in stages)


def _field(node: FieldExpr, weakest: int) -> str:
    match node:
        case Static():
            return print_value(node.value)
        case Attribute() | Intrinsic():
            return print_field(node)
        case Unary():
            operand = _field(node.operand, _PREFIXED)
            text = f"{node.op.value}{operand}"
            return f"({text})" if COMPARE < weakest < _PREFIXED else text
        case Binary():
            return _binary(node.op.value, node.left, node.right, weakest, _field)


def _binary(sign: str, left: Any, right: Any, weakest: int, inner: Callable[[Any, int], str]) -> str:
    strength = level(sign)
    to_right = strength == POWER
    text = f"{inner(left, strength + to_right)} {sign} {inner(right, strength + (not to_right))}"
    return f"({text})" if strength < weakest else text


def _spanset(node: SpansetExpr, weakest: int) -> str:
    match node:
        case Filter():
            return _filter(node)
        case Pipeline():
            return f"({print_stages(node.stages)})"
        case SpansetBinary():
            return _binary(node.op.value, node.left, node.right, weakest, _spanset)


def _scalar(node: ScalarExpr, weakest: int) -> str:
    match node:
        case Static():
            return print_value(node.value)
        case Aggregate():
            return _aggregate(node)
        case PipelineScalar():
            return f"({print_stages(node.pipeline.stages)} | {_scalar(node.scalar, LOGIC)})"
        case ScalarBinary():
            return _binary(node.op.value, node.left, node.right, weakest, _scalar)


def _series(node: MetricsExpr) -> str:
    match node:
        case Static():
            return print_value(node.value)
        case MetricsPipeline():
            return f"{print_stages(node.pipeline.stages)} | {_call(node.call)}{_second(node.second)}"
        case MetricsBinary():
            return _math(node, LOGIC) + _second(node.second)


def _math(node: MetricsExpr, weakest: int) -> str:
    if isinstance(node, MetricsBinary) and not (node.second and weakest > LOGIC):
        return _binary(node.op.value, node.left, node.right, weakest, _math)
    return _series(node) if isinstance(node, Static) else f"({_series(node)})"


def _call(call: MetricsCall) -> str:
    items = [] if call.of is None else [print_field(call.of)]
    items += map(print_float, call.quantiles)
    if call.fn is MetricsFn.COMPARE and call.selection is not None:
        items.append(_filter(call.selection))
        times = call.start_ns or call.end_ns
        items += [str(call.top_n)] if times or call.top_n != _DEFAULT_TOP else []
        items += [str(call.start_ns), str(call.end_ns)] if times else []
    by = f" by ({', '.join(map(print_field, call.by))})" if call.by else ""
    return f"{call.fn.value}({', '.join(items)}){by}"


def _second(stages: Iterable[SecondStage]) -> str:
    return "".join(
        f" | {'bottomk' if stage.bottom else 'topk'}({stage.n})"
        if isinstance(stage, TopK)
        else f" {stage.op.value} {print_value(stage.value)}"
        for stage in stages
    )


def _hint(hint: Hint) -> str:
    return f"{hint.name}={print_value(hint.value)}"


def _filter(node: Filter) -> str:
    return "{ }" if node.where == Static(value=True) else f"{{ {_field(node.where, LOGIC)} }}"


def _aggregate(node: Aggregate) -> str:
    return f"{node.fn.value}({'' if node.of is None else _field(node.of, LOGIC)})"


def _sort(node: Sort) -> str:
    key = _aggregate(node.key) if isinstance(node.key, Aggregate) else _field(node.key, LOGIC)
    return f"sort({key} {'desc' if node.descending else 'asc'})"


_PRINTERS: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys((Filter, SpansetBinary, Pipeline), lambda node: _spanset(node, LOGIC)),
    ScalarFilter: lambda node: f"{_scalar(node.left, SUM)} {node.op.value} {_scalar(node.right, SUM)}",
    By: lambda node: f"by({', '.join(_field(item, LOGIC) for item in node.fields)})",
    Select: lambda node: f"select({', '.join(map(print_field, node.fields))})",
    Coalesce: lambda _: "coalesce()",
    Sort: _sort,
}
