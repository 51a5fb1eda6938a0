"""The labels of series: the text of a field, its value back from a row, and the order of series."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from clew.model import Kind, Status
from clew.query.conjunction import END_OF_WORD
from clew.query.filters import Duration, value_type
from clew.query.plan.found import Cell
from clew.query.plan.series import Labels
from clew.query.traceql.ast import Attribute, Field, Level

TYPE_ORDER = ("nil", "int", "float", "string", "bool", "duration", "status", "kind", "list")


def label(of: Field) -> str:
    """Return the text of a field, which is the key of its label."""
    parent = "parent." if of.parent else ""
    if not isinstance(of, Attribute):
        return parent + of.name.value
    plain = of.key and not any(char in END_OF_WORD or char == '"' for char in of.key)
    key = of.key if plain else '"' + of.key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    scope = "" if of.level is Level.ANY else of.level.value
    return f"{parent}{scope}.{key}" if scope or not parent else f"{parent}{key}"


def decode(text: str) -> Cell:
    """Return the value that a typed text spells."""
    if not text:
        return None
    value: Cell = _DECODERS[text[0]](text[1:])
    return value


_DECODERS: dict[str, Callable[[str], Any]] = {
    "s": str,
    "i": int,
    "f": float,
    "b": lambda text: text == "1",
    "d": lambda text: Duration(int(text)),
    "k": lambda text: Kind(int(text)),
    "t": lambda text: Status(int(text)),
    "a": str,
    "l": json.loads,
}


def order(labels: Labels) -> tuple[object, ...]:
    """Return what series are sorted by: number of labels, then each key and value."""
    return (len(labels), tuple((key, *_rank(value)) for key, value in labels.items()))


def _rank(value: Cell) -> tuple[int, object]:
    if isinstance(value, list):
        return (TYPE_ORDER.index("list"), str(value))
    kind = value_type(value)
    number = isinstance(value, int | float)
    return (TYPE_ORDER.index("int" if kind == "float" else kind), value if number else str(value))


def grouped(names: list[str], values: list[Cell]) -> Labels:
    """Return the labels of a group: absent values left out; where all are, the first says so."""
    found: Labels = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    return found if found or not names else {names[0]: "nil"}
