"""The syntax tree of the part of PromQL that is understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class MatchOp(StrEnum):
    """How a matcher compares a label; an absent label is the empty text, patterns match the whole text."""

    EQ = "="
    NE = "!="
    MATCH = "=~"
    NOT_MATCH = "!~"


class Edge(StrEnum):
    """An end of the range that is asked for."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text a node is named: the first character, and one past the last."""

    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """`@ at offset o`, in seconds."""

    offset_s: float | None = None
    at: float | Edge | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label op "value"`."""

    label: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """`name{matchers}[range]`; the name is a matcher of `__name__` too."""

    matchers: tuple[Matcher, ...]
    range_s: float | None = None
    shift: Shift = Shift()
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """`of[range:step]`."""

    of: Expr
    range_s: float
    step_s: float | None = None
    shift: Shift = Shift()


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A literal; functions of labels take some."""

    value: str


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """`name(given)`."""

    name: str
    given: tuple[Expr, ...]
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`op by (labels) (param, of)`."""

    op: str
    of: Expr
    labels: tuple[str, ...] = ()
    without: bool = False
    param: Expr | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """`on (labels) group_left (include)`; without a text, all labels must be equal."""

    labels: tuple[str, ...] = ()
    on: bool = False
    many: str = ""
    """Which side may have many series for one of the other: left, right or none."""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison that keeps points (with `flag` gives 0 and 1), or an operation on sets."""

    op: str
    left: Expr
    right: Expr
    flag: bool = False
    matching: Matching = Matching()


Expr = Number | Text | Negative | Selector | Subquery | Call | Aggregate | Binary


def selectors(expr: Expr) -> Iterator[Selector]:
    """Yield every selector of a tree, from left to right."""
    waiting: list[Expr] = [expr]
    while waiting:
        match one := waiting.pop():
            case Selector():
                yield one
            case Negative():
                waiting.append(one.operand)
            case Subquery():
                waiting.append(one.of)
            case Call():
                waiting.extend(reversed(one.given))
            case Aggregate():
                waiting.extend([one.of, *([one.param] if one.param is not None else [])])
            case Binary():
                waiting.extend([one.right, one.left])
            case Number() | Text():
                pass
