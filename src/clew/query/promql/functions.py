"""Functions of series that look at one point at a time, and those of labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.numbers import Flags, Floats
from clew.query.promql.ast import MatchOp, Selector
from clew.query.promql.families import NAME, no_pattern
from clew.query.promql.vector import Labels, Vector, renamed, unnamed, wrong
from clew.query.regex import anchored

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)|\(\?P?<(\w+)>", re.DOTALL)
_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def _rounded(values: Floats, to: Floats | None = None) -> Floats:
    """Return the nearest multiple, ties up."""
    inverse = 1.0 / (np.ones(1) if to is None else to)
    return np.floor(values * inverse + 0.5) / inverse


def _clamped(values: Floats, low: Floats, high: Floats) -> Floats:
    return np.where(low > high, np.nan, np.minimum(np.maximum(values, low), high))


MAPS: dict[str, Callable[..., Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "sgn": np.sign,
    "round": _rounded,
    "clamp": _clamped,
    "clamp_min": np.maximum,
    "clamp_max": np.minimum,
}
"""Functions of a value and of numbers."""


def mapped(name: str, of: Vector, numbers: Sequence[Floats]) -> Vector:
    """Return series with a function applied to each value."""
    values = MAPS[name](of.values, *numbers)
    there: Flags = of.there
    if name == "clamp":
        there = np.where(numbers[0] <= numbers[1], there, np.False_)
    return unnamed(Vector(of.labels, values, there))


def scalar(of: Vector) -> Floats:
    """Return the value of the one series that there is at a point, NaN where there is none or more."""
    value = np.where(of.there, of.values, 0.0).sum(axis=0)
    return np.where(of.there.sum(axis=0) == 1, value, np.nan)


def vector(number: Floats) -> Vector:
    """Return a number as a series without labels."""
    return Vector([()], number[None, :], np.ones((1, number.size), np.bool_))


def absent(of: Vector, selector: Selector | None) -> Vector:
    """Return 1 where there is no series, with the labels that a selector names exactly."""
    labels: dict[str, str] = {}
    exact = [one for one in selector.matchers if one.label != NAME] if selector is not None else []
    for one in exact:
        if sum(other.label == one.label for other in exact) == 1 and one.op is MatchOp.EQ and one.value:
            labels[one.label] = one.value
    there = np.logical_not(np.logical_or.reduce(of.there, axis=0, keepdims=True))
    return Vector([tuple(sorted(labels.items()))], np.ones(there.shape), there)


def ordered(of: Vector, *, down: bool) -> Vector:
    """Return series by their value at the only point; ties by labels, NaN last. Over time there is no order."""
    if of.values.shape[1] != 1:
        return of
    rows = np.array(sorted(range(len(of.labels)), key=lambda at: of.labels[at]), np.int64)
    return of.take(rows[np.argsort(of.values[rows, 0] * (-1 if down else 1), kind="stable")])


def label_join(of: Vector, target: str, separator: str, sources: Sequence[str]) -> Vector:
    """Return series with the values of labels joined in one."""
    _named(target)
    given = [dict(labels) for labels in of.labels]
    texts = [separator.join(one.get(source, "") for source in sources) for one in given]
    return renamed(of, [_with(labels, target, text) for labels, text in zip(of.labels, texts, strict=True)])


@dataclass(frozen=True, slots=True)
class Replace:
    """What `label_replace` is told."""

    target: str
    replacement: str
    source: str
    pattern: str


def label_replace(of: Vector, how: Replace) -> Vector:
    """Return series with a label set to what a pattern finds in another, where it matches the whole of it.

    Raises:
        InvalidQueryError: the pattern or the name is none, or series would get the same labels.
    """
    _named(how.target)
    texts = pa.array([dict(labels).get(how.source, "") for labels in of.labels], pa.string())
    whole = anchored(how.pattern)
    try:
        matches = pc.match_substring_regex(texts, whole).to_pylist()
        found = pc.replace_substring_regex(texts, whole, _rewrite(how.pattern, how.replacement)).to_pylist()
    except pa.ArrowInvalid as error:
        raise no_pattern(how.pattern, error) from None
    labels = [
        _with(labels, how.target, text) if matched else labels
        for labels, text, matched in zip(of.labels, found, matches, strict=True)
    ]
    return renamed(of, labels)


def _rewrite(pattern: str, replacement: str) -> str:
    r"""Return a replacement with `$1`, `${1}` or `$name` as the engine writes it: `\1`; unknown groups are empty."""
    groups = [found[1] or "" for found in _GROUP.finditer(pattern) if found[0].startswith("(")]

    def reference(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        number = int(name) if name.isdigit() else groups.index(name) + 1 if name in groups else -1
        return f"\\{number}" if 0 <= number <= min(len(groups), 9) else ""

    return _REFERENCE.sub(reference, replacement.replace("\\", "\\\\"))


def _named(label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise wrong(f"{label[:40]!r} is no name of a label")


def _with(labels: Labels, name: str, text: str) -> Labels:
    others = [pair for pair in labels if pair[0] != name]
    return tuple(sorted([*others, (name, text)] if text else others))
