"""Arithmetic and comparisons of numbers and series, and operations on sets of series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clew.derive.numbers import Flags, Floats, Ints
from clew.query.promql.ast import Binary, Matching
from clew.query.promql.vector import Answer, Labels, Vector, merged, numbered, part, unnamed, wrong

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
    return _combined(expr, series, (a, b), (series.values, series.there))


def _combined(expr: Binary, named: Vector, sides: tuple[Floats, Floats], kept: tuple[Floats, Flags]) -> Vector:
    """Return the values of an operator, under the labels of `named`; `kept` is what a comparison lets through."""
    shown, there = kept
    if expr.op in _ARITHMETIC:
        return unnamed(Vector(named.labels, _ARITHMETIC[expr.op](*sides), there))
    holds = _COMPARISONS[expr.op](*sides)
    if expr.flag:
        return unnamed(Vector(named.labels, holds.astype(np.float64), there))
    return Vector(named.labels, shown, there & holds)


def _signature(matching: Matching) -> Callable[[Labels], Labels]:
    """Return what two series must agree in to match."""
    wanted = frozenset(matching.labels)
    return lambda labels: part(labels, wanted, without=not matching.on)


def _pairs(expr: Binary, left: Vector, right: Vector) -> Vector:
    """Return series combined with those that match them."""
    how, signature = expr.matching, _signature(expr.matching)
    many, one = (right, left) if how.many == "right" else (left, right)
    other = "left" if how.many == "right" else "right"
    why = f"several series on the {other} match the same: aggregate them first, or name more labels in on"
    one_keys = [signature(labels) for labels in one.labels]
    extra = dict(zip(one_keys, one.labels, strict=True)) if how.many else {}
    one = merged(one, one_keys, why)
    keys = [signature(labels) for labels in many.labels]
    if not how.many:
        why = "several series on the left match the same: aggregate them first, or write group_left"
        kept = _kept_labels(expr, many)
        many = merged(many, keys, why)
        labels = dict(zip(keys, kept, strict=True))
        keys = many.labels
        many = Vector([labels[key] for key in keys], many.values, many.there)
    at = {key: row for row, key in enumerate(one.labels)}
    rows = [row for row, key in enumerate(keys) if key in at]
    many, one = many.take(rows), one.take([at[keys[row]] for row in rows])
    if how.many:
        named = [_included(name, extra[keys[row]], how.include) for name, row in zip(many.labels, rows, strict=True)]
        many = Vector(named, many.values, many.there)
    sides = (one.values, many.values) if how.many == "right" else (many.values, one.values)
    found = _combined(expr, many, sides, (sides[0], many.there & one.there))
    return merged(found, found.labels, "several series have the same labels after matching: include more of them")


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
