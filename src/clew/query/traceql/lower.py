"""Searches that are one conjunction, as the filters that simple reads and the page's builder take."""

from __future__ import annotations

from clew.query.filters import INTRINSICS, Filter, FilterScope, Op
from clew.query.traceql import ast
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Intrinsic, Level, Pipeline, Query, Static

_SCOPES = {
    Level.ANY: FilterScope.ANY,
    Level.SPAN: FilterScope.SPAN,
    Level.RESOURCE: FilterScope.RESOURCE,
    Level.EVENT: FilterScope.EVENT,
    Level.LINK: FilterScope.LINK,
}
_OPS = frozenset(op.value for op in Op)


def lower(query: Query) -> list[Filter] | None:
    """Return the filters of `{ a && b && ... }`, or `None` for every other query, and for one with hints."""
    root = query.root
    if query.hints or not isinstance(root, Pipeline) or len(root.stages) != 1:
        return None
    [only] = root.stages
    if not isinstance(only, ast.Filter):
        return None
    if only.where == Static(value=True):
        return []
    found = [_filter(item) for item in _conditions(only.where)]
    filters = [item for item in found if item is not None]
    return filters if len(filters) == len(found) else None


def plain_conditions(query: Query) -> list[Filter]:
    """Return those conditions of a conjunction that filters stand for; the others are left out."""
    root = query.root
    only = root.stages[0] if isinstance(root, Pipeline) and len(root.stages) == 1 else None
    conditions = _conditions(only.where) if isinstance(only, ast.Filter) else []
    return [item for item in map(_filter, conditions) if item is not None]


def _conditions(root: FieldExpr) -> list[FieldExpr]:
    waiting, found = [root], []
    while waiting:
        node = waiting.pop()
        if isinstance(node, Binary) and node.op is FieldOp.AND:
            waiting += [node.right, node.left]
        else:
            found.append(node)
    return found


def _filter(node: FieldExpr) -> Filter | None:
    if not isinstance(node, Binary) or node.op.value not in _OPS or not isinstance(node.right, Static):
        return None
    field, op, value = node.left, Op(node.op.value), node.right.value
    if not isinstance(field, Attribute | Intrinsic) or field.parent:
        return None
    if isinstance(field, Intrinsic):
        known = field.name.value in INTRINSICS
        return Filter(FilterScope.INTRINSIC, field.name.value, op, value) if known else None
    scope = _SCOPES.get(field.level)
    return Filter(scope, field.key, op, value) if scope else None
