"""Comparisons of structured filters as conditions on one span.

A comparison is false where what it names is absent, and only `not` turns that round. What has several values passes
with one of them; `ne` and `not_in` pass where there is a value and none is equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from clew.api.jaeger.builtin import NESTED, Builtin, Domain
from clew.api.jaeger.constant import TYPES, Constant, known_type, of_field, quoted, typed
from clew.api.jaeger.errors import BadFilterError
from clew.api.jaeger.reference import Operand, Reference, refuse
from clew.api.pb import jaeger_expression_pb2 as pb
from clew.model import Kind, Status
from clew.query.attributes import readable
from clew.query.filters import Op
from clew.query.plan.spanwise import NEAR, Member, OneOf, Only, Present, Reads, joined
from clew.query.plan.values import Type
from clew.query.predicates import NAMELESS
from clew.query.regex import escaped
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Level, Static, Unary, UnaryOp
from clew.query.traceql.lower import FLIPPED

_EQUALITY = frozenset({FieldOp.EQ, FieldOp.NE})
_TRUE = Static(value=True)
_NIL = Static(None)
_EXACT = {"int": Type.INT, "double": Type.FLOAT}
Bound = frozenset[Level]
"""The levels of which one event or link is looked at."""


def negated(where: FieldExpr) -> FieldExpr:
    """Return that a condition does not hold."""
    return Unary(UnaryOp.NOT, where)


def on_span(levels: Iterable[Level], bound: Bound, where: FieldExpr) -> FieldExpr:
    """Return a condition on events and links as one on the span: one of each passes."""
    for level in NESTED:
        if level in levels and level not in bound:
            where = OneOf(level=level, where=where)
    return where


def some_value(of: Reference, bound: Bound, test: Callable[[FieldExpr], FieldExpr]) -> FieldExpr:
    """Return that one of the values of a reference passes."""
    return joined(FieldOp.OR, [on_span({level}, bound, test(value)) for level, value in of.each()])


def present(of: Reference, bound: Bound) -> FieldExpr:
    """Return that a reference has a value."""
    if of.field is None:
        return some_value(of, bound, lambda value: Binary(FieldOp.NE, value, _NIL))
    if of.field.optional:
        return some_value(of, bound, lambda value: Present(of=value))
    return on_span({of.field.level}, bound, _TRUE)


def comparison(op: FieldOp, name: str, left: Operand, right: Operand, bound: Bound) -> FieldExpr:
    """Return a comparison of two operands.

    Raises:
        BadFilterError: they hold different kinds of value, or have no order.
    """
    _comparable(op, name, left, right)
    if isinstance(left, Constant):
        if isinstance(right, Constant):
            return _constants(op, left, right)
        op, left, right = FLIPPED[op], right, left
    if op is not FieldOp.NE or (isinstance(right, Constant) and _always(left)):
        return _passes(op, left, right, bound)
    there = [present(one, bound) for one in (left, right) if isinstance(one, Reference)]
    kept = [one for one in there if one != _TRUE]
    return joined(FieldOp.AND, [*kept, negated(_passes(FieldOp.EQ, left, right, bound))])


def _always(of: Reference) -> bool:
    """Return whether every span has one value of a field, so that `!=` says as much as the negation of `=`."""
    return of.field is not None and of.field.level is Level.SPAN and of.field.plain is not None


def _comparable(op: FieldOp, name: str, left: Operand, right: Operand) -> None:
    """Refuse operands of different kinds, and an order of what has none."""
    if left.domain and right.domain and left.domain is not right.domain:
        said = " and ".join(f"{_said(one)} is {one.domain}" for one in (left, right))
        raise BadFilterError(right.at, f"{name} compares equal kinds: {said}")
    if op in _EQUALITY:
        return
    for one in (left, right):
        words = isinstance(one, Reference) and one.field is not None and one.field.words is not None
        if words or one.domain is Domain.BOOL:
            raise BadFilterError(one.at, f"{name} needs an order, and {_said(one)} has none; use eq, ne, in or not_in")


def _said(one: Operand) -> str:
    return one.said if isinstance(one, Reference) else quoted(one.text)


def _constants(op: FieldOp, left: Constant, right: Constant) -> FieldExpr:
    kind = left.type or right.type or "string"
    one, other = (Static(typed(each.text, each.type or kind, each.at)) for each in (left, right))
    return Binary(op, one, other)


def _passes(op: FieldOp, left: Reference, right: Operand, bound: Bound) -> FieldExpr:
    if isinstance(right, Constant):
        return _with_constant(op, left, right, bound)
    pairs = [
        on_span({one, other}, bound, Binary(op, value, against))
        for one, value in left.each()
        for other, against in right.each()
    ]
    return joined(FieldOp.OR, pairs)


def _with_constant(op: FieldOp, of: Reference, constant: Constant, bound: Bound) -> FieldExpr:
    field, text = of.field, constant.text
    if field is not None:
        against = Static(of_field(text, field, constant.at))
        plain = field.plain if op in _EQUALITY else None
        value = field.value if plain is None else plain
        return on_span({field.level}, bound, Binary(op, value, against))
    if op is FieldOp.EQ and of.levels == NEAR and constant.type in {"", "string"}:
        return Reads(key=of.key, text=text, level=Level.ANY, op=Op.EQ if constant.type else Op.READS)
    if constant.type:
        against = Static(typed(text, constant.type, constant.at))
        exact = _EXACT.get(constant.type)
        return some_value(of, bound, lambda value: Binary(op, _only(value, exact), against))
    if op is FieldOp.EQ:
        [level] = of.levels
        return on_span({level}, bound, Reads(key=of.key, text=text, level=level))
    known, number = readable(text)
    values = [Static(text), *([Static(number)] if known and not isinstance(number, bool) else [])]
    return some_value(of, bound, lambda value: joined(FieldOp.OR, [Binary(op, value, one) for one in values]))


def _only(value: FieldExpr, exact: Type | None) -> FieldExpr:
    return Only(of=value, type=exact) if exact is not None and isinstance(value, Attribute) else value


def member(of: Reference, arg: pb.Expression, at: str, op: str, bound: Bound) -> FieldExpr:
    """Return that a value of a reference is one of a list."""
    if arg.WhichOneof("term") != "list":
        refuse(arg, at, op, "a list as its second argument")
    kind, texts = known_type(arg.list.type, f"{at}.list"), list(arg.list.values)
    if not texts:
        raise BadFilterError(f"{at}.list.values", f"{op} takes a list with at least one element")
    places = [f"{at}.list.values[{number}]" for number in range(len(texts))]
    if of.field is None and not kind:
        raise BadFilterError(f"{at}.list.type", f"a list beside an attribute declares a type: {', '.join(TYPES)}")
    if of.field is not None and kind and TYPES[kind] is not of.field.domain:
        raise BadFilterError(f"{at}.list.type", f"{of.said} is {of.field.domain}, and the list is of {kind}")
    if of.field is None:
        values = [typed(text, kind, place) for text, place in zip(texts, places, strict=True)]
        return some_value(of, bound, lambda value: _one_of(value, kind, values))
    field = of.field
    known = [of_field(text, field, place) for text, place in zip(texts, places, strict=True)]
    return on_span({field.level}, bound, _one_of_field(field, known))


def _one_of(value: FieldExpr, kind: str, values: Sequence[str | int | float | bool]) -> FieldExpr:
    if kind == "string":
        return _one_text(value, [str(one) for one in values])
    if kind == "int":
        return Member(of=value, type=Type.INT, values=tuple(int(one) for one in values))
    if kind == "double":
        return Member(of=value, type=Type.FLOAT, values=tuple(float(one) for one in values))
    return joined(FieldOp.OR, [Binary(FieldOp.EQ, value, Static(one)) for one in dict.fromkeys(values)])


def _one_text(value: FieldExpr, texts: Sequence[str]) -> FieldExpr:
    """Return equality with one of some texts: a pattern of plain alternatives, which has its own index."""
    if len(texts) == 1:
        return Binary(FieldOp.EQ, value, Static(texts[0]))
    return Binary(FieldOp.MATCH, value, Static("|".join(escaped(one) for one in texts)))


def _one_of_field(field: Builtin, values: Sequence[object]) -> FieldExpr:
    if field.words is not None and field.plain is not None:
        found = [Static(one) for one in dict.fromkeys(values) if isinstance(one, Kind | Status)]
        return joined(FieldOp.OR, [Binary(FieldOp.EQ, field.plain, one) for one in found])
    if field.domain is not Domain.TEXT:
        kind = Type.DURATION if field.domain is Domain.DURATION else Type.INT
        return Member(of=field.value, type=kind, values=tuple(int(one) for one in values if isinstance(one, int)))
    texts = [str(one) for one in values]
    if field.plain is not None and not field.lower and not set(texts) & set(NAMELESS):
        return _one_text(field.plain, texts)
    return Member(of=field.value, type=Type.STR, values=tuple(texts))
