"""Functions of the outer language, from name and arguments to nodes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from lark import Token

from clew.query.errors import InvalidQueryError
from clew.query.traceql.ast import (
    Aggregate,
    AggregateFn,
    Attribute,
    Binary,
    By,
    Coalesce,
    Field,
    FieldExpr,
    Filter,
    Intrinsic,
    MetricsCall,
    MetricsFn,
    Pos,
    SecondStage,
    Select,
    Sort,
    Static,
    TopK,
    Unary,
)

FIELD_HINT = "write a field such as duration, span.http.route or resource.service.name"
MAX_COMPARE_ARGUMENTS = 4


@dataclass(frozen=True, slots=True)
class Ordered:
    """`key asc` or `key desc`."""

    key: FieldExpr | Aggregate
    descending: bool
    pos: Pos


@dataclass(frozen=True, slots=True)
class Measured:
    """A function to series, with the second stages that follow it, before its pipeline is known."""

    call: MetricsCall
    second: tuple[SecondStage, ...]
    pos: Pos


@dataclass(frozen=True, slots=True)
class Later:
    """Second stages, before their series are known."""

    second: tuple[SecondStage, ...]
    pos: Pos


Argument = FieldExpr | Filter | Ordered | Aggregate | Measured | Later | Select | Coalesce | Sort
Called = Aggregate | Measured | Later | Select | Coalesce | Sort


def call(name: Token, arguments: Sequence[Argument], by: By | None, pos: Pos) -> Called:
    """Return the node of a function call.

    Raises:
        InvalidQueryError: there is no such function, or it takes other arguments.
    """
    make = _FUNCTIONS.get(name)
    if make is None:
        near = difflib.get_close_matches(name, _FUNCTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else f"functions are {', '.join(sorted(_FUNCTIONS))}"
        start, end = name.start_pos or 0, name.end_pos or 0
        raise InvalidQueryError(f"unknown function {name}", start=start, end=end, hint=hint)
    node = make(str(name), arguments, pos)
    if by is None:
        return node
    if not isinstance(node, Measured):
        hint = f"group in a stage before it: | by(...) | {name}(...)"
        raise InvalidQueryError(f"{name} takes no by(...)", start=by.pos.start, end=by.pos.end, hint=hint)
    groups = tuple(plain_field(item, "by") for item in by.fields)
    return Measured(replace(node.call, by=groups, pos=pos), (), pos)


def plain_field(argument: Argument | By, name: str) -> Field:
    """Return an argument that must be an attribute or intrinsic."""
    if isinstance(argument, Attribute | Intrinsic):
        return argument
    raise InvalidQueryError(
        f"{name} takes attributes and intrinsics only", start=argument.pos.start, end=argument.pos.end, hint=FIELD_HINT
    )


def _wrong(name: str, pos: Pos, usage: str) -> NoReturn:
    raise InvalidQueryError(f"{name} takes other arguments", start=pos.start, end=pos.end, hint=f"write {usage}")


def _one(name: str, arguments: Sequence[Argument], pos: Pos, usage: str) -> Argument:
    if len(arguments) != 1:
        _wrong(name, pos, usage)
    return arguments[0]


def _none(name: str, arguments: Sequence[Argument], pos: Pos) -> None:
    if arguments:
        _wrong(name, pos, f"{name}()")


def _whole(argument: Argument, name: str, usage: str) -> int:
    value = argument.value if isinstance(argument, Static) else None
    if type(value) is not int:
        _wrong(name, argument.pos, usage)
    return value


def _aggregate(name: str, arguments: Sequence[Argument], pos: Pos) -> Aggregate:
    fn = AggregateFn(name)
    if fn is AggregateFn.COUNT:
        _none(name, arguments, pos)
        return Aggregate(fn, None, pos)
    of = _one(name, arguments, pos, f"{name}(duration)")
    if not isinstance(of, Static | Attribute | Intrinsic | Unary | Binary):
        _wrong(name, of.pos, f"{name}(duration)")
    return Aggregate(fn, of, pos)


def _metrics(name: str, arguments: Sequence[Argument], pos: Pos) -> Measured:
    fn = MetricsFn(name)
    if fn in {MetricsFn.RATE, MetricsFn.COUNT}:
        _none(name, arguments, pos)
        return Measured(MetricsCall(fn, pos=pos), (), pos)
    if fn is MetricsFn.QUANTILE:
        return Measured(_quantile(name, arguments, pos), (), pos)
    of = plain_field(_one(name, arguments, pos, f"{name}(duration)"), name)
    return Measured(MetricsCall(fn, of, pos=pos), (), pos)


def _quantile(name: str, arguments: Sequence[Argument], pos: Pos) -> MetricsCall:
    usage = f"{name}(duration, 0.5, 0.99)"
    if len(arguments) < 2:  # noqa: PLR2004 - a field and a quantile
        _wrong(name, pos, usage)
    quantiles = []
    for item in arguments[1:]:
        value = item.value if isinstance(item, Static) else None
        if type(value) not in {int, float} or not isinstance(value, int | float):
            _wrong(name, item.pos, usage)
        quantiles.append(float(value))
    return MetricsCall(MetricsFn.QUANTILE, plain_field(arguments[0], name), tuple(dict.fromkeys(quantiles)), pos=pos)


def _compare(name: str, arguments: Sequence[Argument], pos: Pos) -> Measured:
    usage = "compare({ status = error }, 10)"
    if len(arguments) not in {1, 2, MAX_COMPARE_ARGUMENTS}:
        _wrong(name, pos, usage)
    selection = arguments[0]
    if not isinstance(selection, Filter):
        _wrong(name, selection.pos, usage)
    numbers = [_whole(item, name, "compare({ status = error }, 10, startNs, endNs)") for item in arguments[1:]]
    top, start, end = (*numbers, *(10, 0, 0)[len(numbers) :])
    found = MetricsCall(MetricsFn.COMPARE, selection=selection, top_n=top, start_ns=start, end_ns=end, pos=pos)
    return Measured(found, (), pos)


def _top(name: str, arguments: Sequence[Argument], pos: Pos) -> Later:
    usage = f"{name}(10)"
    number = _whole(_one(name, arguments, pos, usage), name, usage)
    return Later((TopK(number, bottom=name == "bottomk", pos=pos),), pos)


def _select(name: str, arguments: Sequence[Argument], pos: Pos) -> Select:
    if not arguments:
        _wrong(name, pos, "select(span.http.route, resource.service.name)")
    return Select(tuple(plain_field(item, name) for item in arguments), pos)


def _coalesce(name: str, arguments: Sequence[Argument], pos: Pos) -> Coalesce:
    _none(name, arguments, pos)
    return Coalesce(pos)


def _sort(name: str, arguments: Sequence[Argument], pos: Pos) -> Sort:
    usage = "sort(duration desc)"
    argument = _one(name, arguments, pos, usage)
    key: Argument = argument.key if isinstance(argument, Ordered) else argument
    descending = not isinstance(argument, Ordered) or argument.descending
    if not isinstance(key, Static | Attribute | Intrinsic | Unary | Binary | Aggregate):
        _wrong(name, key.pos, usage)
    return Sort(key, descending, pos)


_FUNCTIONS: dict[str, Callable[[str, Sequence[Argument], Pos], Called]] = {
    **dict.fromkeys([fn.value for fn in AggregateFn], _aggregate),
    **dict.fromkeys([fn.value for fn in MetricsFn], _metrics),
    "compare": _compare,
    "topk": _top,
    "bottomk": _top,
    "select": _select,
    "coalesce": _coalesce,
    "sort": _sort,
}
FUNCTIONS = tuple(_FUNCTIONS)
"""Names of all functions that are called with parentheses, except `by` and `with`."""
