"""Field expressions that look at the tree of a trace (`parent.`, child counts, nested sets) over loaded spans.

The parts that one span decides come as columns from the engine; only what is left is put together here, as vectors. A
span without a parent has nil for all fields of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from clew.derive.numbers import Ints
from clew.query.filters import Value
from clew.query.plan import scalars
from clew.query.plan.arithmetic import OPERATORS
from clew.query.plan.comparisons import OR_NIL, PATTERNS
from clew.query.plan.forest import Forest, Mask
from clew.query.plan.spanrows import SpanRows
from clew.query.plan.typed import Objects, Typed
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Intrinsic, Name, Static, Unary, UnaryOp
from clew.query.traceql.lower import TREE_NAMES, field_and_literal, fields, flatten, is_local, is_logical
from clew.query.traceql.walk import changed

AT_A_TIME = 50_000
"""Rows of a step in Python between two looks at the clock."""
_ORDER: dict[FieldOp, Callable[[Ints, float], Mask]] = {
    FieldOp.EQ: np.equal,
    FieldOp.NE: np.not_equal,
    FieldOp.LT: np.less,
    FieldOp.LE: np.less_equal,
    FieldOp.GT: np.greater,
    FieldOp.GE: np.greater_equal,
}


class Needed:
    """The columns that expressions take from the engine."""

    def __init__(self) -> None:
        self.conditions: dict[FieldExpr, None] = {}
        self.values: dict[FieldExpr, None] = {}

    def condition(self, expr: FieldExpr) -> None:
        """Note what a condition takes."""
        if isinstance(expr, Static):
            return
        if is_local(expr):
            self.conditions[expr] = None
        elif (below := _of_parent(expr)) is not None:
            self.conditions[below] = None
        elif parts := _connected(expr):
            for one in parts:
                self.condition(one)
        elif isinstance(expr, Unary) and expr.op is UnaryOp.NOT and is_logical(expr.operand):
            self.condition(expr.operand)
        elif isinstance(expr, Unary):
            self.value(expr.operand)
        elif isinstance(expr, Binary):
            self.value(expr.left)
            self.value(expr.right)
        else:
            self.value(expr)

    def value(self, expr: FieldExpr) -> None:
        """Note what a value takes."""
        if isinstance(expr, Static) or _tree_name(expr):
            return
        below = None if is_logical(expr) else _of_parent(expr)
        if is_local(expr) or below is not None:
            self.values[expr if below is None else below] = None
        elif is_logical(expr):
            self.condition(expr)
        elif isinstance(expr, Unary):
            self.value(expr.operand)
        elif isinstance(expr, Binary):
            self.value(expr.left)
            self.value(expr.right)


def condition(expr: FieldExpr, rows: SpanRows) -> Mask:  # noqa: PLR0911 - one case after the other
    """Return which spans pass."""
    if isinstance(expr, Static):
        return np.full(rows.size, expr.value is True)
    if is_local(expr):
        return rows.conditions[expr]
    below = _of_parent(expr)
    if below is not None:
        up = rows.forest.up
        return np.where(up >= 0, rows.conditions[below][np.maximum(up, 0)], passes_nil(expr))
    if parts := _connected(expr):
        masks = [condition(one, rows) for one in parts]
        assert isinstance(expr, Binary)  # noqa: S101 - only those are connected
        joined = np.logical_and if expr.op is FieldOp.AND else np.logical_or
        mask: Mask = joined.reduce(masks)
        return mask
    if isinstance(expr, Unary) and expr.op is UnaryOp.NOT:
        if is_logical(expr.operand):
            return ~condition(expr.operand, rows)
        return _equal(value(expr.operand, rows).objects(), wanted=False)
    if isinstance(expr, Binary) and expr.op not in OPERATORS:
        return _compared(expr, rows)
    return _equal(value(expr, rows).objects(), wanted=True)


def _compared(expr: Binary, rows: SpanRows) -> Mask:
    sides = field_and_literal(expr)
    if sides is not None and _tree_name(sides[0]) and not sides[0].parent and sides[1] in _ORDER:
        number = sides[2]
        if isinstance(number, int | float) and not isinstance(number, bool):
            ordered: Mask = _ORDER[sides[1]](value(sides[0], rows).whole, number)
            return ordered
    if expr.op in PATTERNS:  # patterns of texts never depend on the tree: fields of a parent were taken out before
        return np.full(rows.size, expr.op in OR_NIL)
    for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if isinstance(side, Static) and side.value is None:
            absent: Mask = value(other, rows).type == 0
            return absent if expr.op is FieldOp.EQ else np.logical_and(~absent, expr.op is FieldOp.NE)
    left, right = (_objects(one, rows) for one in (expr.left, expr.right))
    return _each(rows, lambda one, other: scalars.compare(expr.op, one, other), left, right).astype(np.bool_)


def value(expr: FieldExpr, rows: SpanRows) -> Typed:
    """Return a value per span."""
    name = _tree_name(expr)
    if name is not None:
        numbers = Typed.of_whole(_tree_values(name, rows.forest))
        assert isinstance(expr, Intrinsic)  # noqa: S101 - only those have names
        return numbers.take(rows.forest.up) if expr.parent else numbers
    if is_local(expr) and not isinstance(expr, Static):
        return rows.values[expr]
    below = None if is_logical(expr) else _of_parent(expr)
    if below is not None:
        return rows.values[below].take(rows.forest.up)
    return Typed.of_objects(_objects(expr, rows))


def _objects(expr: FieldExpr, rows: SpanRows) -> Objects:
    if isinstance(expr, Static):
        return _constant(expr.value, rows.size)
    if not is_local(expr) and is_logical(expr):
        return condition(expr, rows).astype(np.object_)
    if not is_local(expr) and _of_parent(expr) is None and _tree_name(expr) is None:
        if isinstance(expr, Unary):
            return _each(rows, scalars.negate, _objects(expr.operand, rows))
        if isinstance(expr, Binary):
            left, right = (_objects(one, rows) for one in (expr.left, expr.right))
            return _each(rows, lambda a, b: scalars.compute(expr.op, a, b), left, right)
    return value(expr, rows).objects()


def _each(rows: SpanRows, made: Callable[..., object], *given: Objects) -> Objects:
    """Return what a function makes of each row: a step that the clock and a cancellation must reach in between."""
    apply = np.frompyfunc(made, len(given), 1)
    found = np.empty(rows.size, np.object_)
    for at in range(0, rows.size, AT_A_TIME):
        rows.forest.check()
        with np.errstate(all="ignore"):  # numbers compute as IEEE says, and numpy would warn of what they leave behind
            found[at : at + AT_A_TIME] = apply(*(one[at : at + AT_A_TIME] for one in given))
    return found


def _constant(given: Value, size: int) -> Objects:
    made = np.empty(size, np.object_)
    made.fill(given)
    return made


def _equal(objects: Objects, *, wanted: bool) -> Mask:
    return np.frompyfunc(lambda one: one is wanted, 1, 1)(objects).astype(np.bool_)  # type: ignore[no-any-return]


def _tree_values(name: Name, forest: Forest) -> Ints:
    if name is Name.CHILD_COUNT:
        return forest.child_count
    left, right, parent = forest.nested_set
    return {Name.NESTED_LEFT: left, Name.NESTED_RIGHT: right}.get(name, parent)


def _tree_name(expr: FieldExpr) -> Name | None:
    return expr.name if isinstance(expr, Intrinsic) and expr.name in TREE_NAMES else None


def _connected(expr: FieldExpr) -> list[FieldExpr]:
    """Return the operands of `&&` and `||`; of a conjunction those of one span, and of its parent, stay together."""
    if not isinstance(expr, Binary) or expr.op not in {FieldOp.AND, FieldOp.OR}:
        return []
    parts = flatten(expr, expr.op)
    if expr.op is FieldOp.OR:
        return parts
    local = [one for one in parts if is_local(one)]
    above = [one for one in parts if not is_local(one) and _of_parent(one) is not None]
    rest = [one for one in parts if one not in local and one not in above]
    groups = [_conjunction(group) for group in (local, above) if group]
    return [*groups, *rest]


def _conjunction(parts: list[FieldExpr]) -> FieldExpr:
    made = parts[0]
    for one in parts[1:]:
        made = Binary(FieldOp.AND, made, one)
    return made


def _of_parent(expr: FieldExpr) -> FieldExpr | None:
    """Return an expression as the parent sees it, when it has no field but of the parent, none of the tree."""
    found = list(fields(expr))
    if not found or not all(one.parent for one in found):
        return None
    below = changed(expr, lambda one: replace(one, parent=False) if isinstance(one, Attribute | Intrinsic) else one)
    return below if is_local(below) else None


def passes_nil(expr: FieldExpr) -> bool:  # noqa: PLR0911 - one case after the other
    """Return whether a condition holds where all of its fields are nil."""
    if isinstance(expr, Static):
        return expr.value is True
    if isinstance(expr, Unary):
        return expr.op is UnaryOp.NOT and is_logical(expr.operand) and not passes_nil(expr.operand)
    if not isinstance(expr, Binary):
        return False
    if expr.op is FieldOp.AND:
        return passes_nil(expr.left) and passes_nil(expr.right)
    if expr.op is FieldOp.OR:
        return passes_nil(expr.left) or passes_nil(expr.right)
    if expr.op in OR_NIL:
        return not passes_nil(replace(expr, op=OR_NIL[expr.op]))
    nil = Static(None)
    if nil in {expr.left, expr.right}:
        return expr.op is FieldOp.EQ and expr.left != expr.right
    return scalars.compare(expr.op, _of_nil(expr.left), _of_nil(expr.right))


def _of_nil(expr: FieldExpr) -> Value:
    """Return the value of an expression all of whose fields are nil: conditions have one still."""
    if isinstance(expr, Static):
        return expr.value
    return passes_nil(expr) if is_logical(expr) else None
