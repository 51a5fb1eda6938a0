"""The labels of series: values back from their typed texts, labels of groups, and the order of series."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from clew.model import Kind, Status
from clew.query.filters import Duration, value_type
from clew.query.plan.found import Cell
from clew.query.plan.series import Labels
from clew.query.plan.values import Type

TYPE_ORDER = ("nil", "int", "float", "string", "bool", "duration", "status", "kind", "list")


def decode(text: str) -> Cell:
    """Return the value that a typed text spells."""
    if not text:
        return None
    value: Cell = _DECODERS[text[0]](text[1:])
    return value


LETTERS = {
    Type.STR: "s",
    Type.INT: "i",
    Type.FLOAT: "f",
    Type.BOOL: "b",
    Type.DURATION: "d",
    Type.KIND: "k",
    Type.STATUS: "t",
}
LISTS = {Type.STR: "S", Type.INT: "I", Type.FLOAT: "F", Type.BOOL: "B"}
"""First letters of typed texts, of scalars and of arrays (whose spelling is JSON)."""

_DECODERS: dict[str, Callable[[str], Any]] = {
    "s": str,
    "i": int,
    "f": float,
    "b": lambda text: text == "1",
    "d": lambda text: Duration(int(text)),
    "k": lambda text: Kind(int(text)),
    "t": lambda text: Status(int(text)),
    "S": json.loads,
    "B": json.loads,
    "I": lambda text: [int(one) for one in json.loads(text)],  # the engine may quote 64-bit integers
    "F": lambda text: [float("nan") if one is None else float(one) for one in json.loads(text)],
}


def order(labels: Labels) -> tuple[object, ...]:
    """Return what series are sorted by: number of labels, then each key and value."""
    return (len(labels), tuple((key, *_rank(value)) for key, value in labels.items()))


def _rank(value: Cell) -> tuple[int, object]:
    if isinstance(value, list):
        return (TYPE_ORDER.index("list"), str(value))
    kind = value_type(value)
    if isinstance(value, int | float):
        broken = math.isnan(value)  # after all numbers
        return (TYPE_ORDER.index("int" if kind == "float" else kind), (broken, 0 if broken else value))
    return (TYPE_ORDER.index(kind), str(value))


def grouped(names: list[str], values: list[Cell]) -> Labels:
    """Return the labels of a group: absent values left out; where all are, the first says so."""
    found: Labels = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    return found if found or not names else {names[0]: "nil"}
