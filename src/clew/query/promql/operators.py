"""Arithmetic and comparisons of numbers and series, and operations on sets of series."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.ast import Binary, Matching
from clew.query.promql.vector import Answer, Labels, Vector, merged, nameless, numbered, part, renamed, wrong

_ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
_COMPARISONS: dict[str, Callable[[Floats, Floats], Flags]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def binary(expr: Binary, left: Answer, right: Answer) -> Answer:
    """Return what an operator makes of two sides.

    Raises:
        InvalidQueryError: they cannot be matched, or the operator does not take them.
    """
    if expr.op in {"and", "or", "unless"}:
        if not (isinstance(left, Vector) and isinstance(right, Vector)):
            raise wrong(f"{expr.op} stands beside a number: it takes series on both sides")
        return _sets(expr, left, right)
    if not isinstance(left, Vector) and not isinstance(right, Vector):
        return _numbers(expr, left, right)
    if isinstance(left, Vector) and isinstance(right, Vector):
        return _pairs(expr, left, right)
    if expr.matching != Matching():
        raise wrong(f"{expr.op} has on or ignoring beside a number")
    return _scaled(expr, left, right)


def _numbers(expr: Binary, left: Floats, right: Floats) -> Floats:
    if expr.op in _ARITHMETIC:
        return _ARITHMETIC[expr.op](left, right)
    if not expr.flag:
        raise wrong("two numbers are compared without bool")
    return _COMPARISONS[expr.op](left, right).astype(np.float64)


def _scaled(expr: Binary, left: Answer, right: Answer) -> Vector:
    """Return series combined with a number; of a comparison their own values stay, on whichever side they stand."""
    series = left if isinstance(left, Vector) else right
    if not isinstance(series, Vector):
        raise wrong("no side is a metric")
    a = left.values if isinstance(left, Vector) else left[None, :]
    b = right.values if isinstance(right, Vector) else right[None, :]
    values, there = _combined(expr, (a, b), (series.values, series.there))
    return renamed(Vector(series.labels, values, there), _named(expr, series.labels))


def _combined(expr: Binary, sides: tuple[Floats, Floats], kept: tuple[Floats, Flags]) -> tuple[Floats, Flags]:
    """Return the values of an operator and where they are; `kept` is what a comparison lets through."""
    shown, there = kept
    if expr.op in _ARITHMETIC:
        return _ARITHMETIC[expr.op](*sides), there
    holds = _COMPARISONS[expr.op](*sides)
    return (holds.astype(np.float64), there) if expr.flag else (shown, there & holds)


def _named(expr: Binary, labels: Sequence[Labels]) -> list[Labels]:
    """Return labels as an operator leaves them: only a comparison that keeps points keeps the name."""
    keeps = expr.op in _COMPARISONS and not expr.flag
    return [one if keeps else nameless(one) for one in labels]


def _signature(matching: Matching) -> Callable[[Labels], Labels]:
    """Return what two series must agree in to match."""
    wanted = frozenset(matching.labels)
    return lambda labels: part(labels, wanted, without=not matching.on)


def _pairs(expr: Binary, left: Vector, right: Vector) -> Vector:
    """Return series combined with those that match them."""
    how, signature = expr.matching, _signature(expr.matching)
    many, one = (right, left) if how.many == "right" else (left, right)
    keys = [signature(labels) for labels in one.labels]
    extra = dict(zip(keys, one.labels, strict=True))
    one = merged(one, keys, _ambiguous("left" if how.many == "right" else "right", "name more labels in on"))
    at = {key: row for row, key in enumerate(one.labels)}
    keys = [signature(labels) for labels in many.labels]
    rows = [row for row, key in enumerate(keys) if key in at]
    keys = [keys[row] for row in rows]
    many, one = many.take(rows), one.take([at[key] for key in keys])
    sides = (one.values, many.values) if how.many == "right" else (many.values, one.values)
    values, there = _combined(expr, sides, (sides[0], many.there & one.there))
    if how.many:
        pairs = zip(many.labels, keys, strict=True)
        labels = _named(expr, [_included(labels, extra[key], how.include) for labels, key in pairs])
        return renamed(Vector(labels, values, there), labels)
    labels = _named(expr, _kept_labels(expr, many))
    found = merged(Vector(labels, values, there), keys, _ambiguous("left", "write group_left"))
    named = dict(zip(keys, labels, strict=True))
    return Vector([named[key] for key in found.labels], found.values, found.there)


def _ambiguous(side: str, what: str) -> str:
    return f"several series on the {side} match the same: aggregate them first, or {what}"


def _kept_labels(expr: Binary, of: Vector) -> list[Labels]:
    """Return the labels that one-to-one matching leaves."""
    wanted, how = frozenset(expr.matching.labels), expr.matching
    if how.on:
        return [part(labels, wanted, without=False) for labels in of.labels]
    return [tuple(pair for pair in labels if pair[0] not in wanted) for labels in of.labels]


def _included(labels: Labels, other: Labels, include: tuple[str, ...]) -> Labels:
    taken = [pair for pair in other if pair[0] in include]
    return tuple(sorted([*(pair for pair in labels if pair[0] not in include), *taken])) if include else labels


def _sets(expr: Binary, left: Vector, right: Vector) -> Vector:
    """Return the union, the intersection or the difference, at every point on its own."""
    signature = _signature(expr.matching)
    keys = [signature(labels) for labels in (*left.labels, *right.labels)]
    names, codes = numbered(keys)
    mine, theirs = codes[: len(left.labels)], codes[len(left.labels) :]
    if expr.op != "or":
        other = _anywhere(len(names), theirs, right.there)[mine]
        return Vector(left.labels, left.values, left.there & (other if expr.op == "and" else ~other))
    more = right.there & ~_anywhere(len(names), mine, left.there)[theirs]
    both = Vector(
        [*left.labels, *right.labels],
        np.concatenate([left.values, right.values]),
        np.concatenate([left.there, more]),
    )
    return merged(both, both.labels, "several series on one side have the same labels")


def _anywhere(count: int, codes: Ints, there: Flags) -> Flags:
    """Return where any series of each signature is."""
    found = np.zeros((count, there.shape[1]), np.bool_)
    np.logical_or.at(found, codes, there)
    return found
