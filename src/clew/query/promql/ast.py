"""The syntax tree of the part of PromQL that is understood."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MatchOp(StrEnum):
    """How a matcher compares a label; an absent label is the empty text, patterns match the whole text."""

    EQ = "="
    NE = "!="
    MATCH = "=~"
    NOT_MATCH = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label op "value"`."""

    label: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """`name{matchers}[range] offset o`; the name is a matcher of `__name__` too."""

    matchers: tuple[Matcher, ...]
    range_s: int | None = None
    offset_s: int = 0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate(selector[range])`, or `increase(...)`."""

    selector: Selector
    per_second: bool


@dataclass(frozen=True, slots=True)
class Quantile:
    """`histogram_quantile(q, vector)`."""

    quantile: Expr
    of: Expr


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`op by (labels) (param, of)`."""

    op: str
    of: Expr
    labels: tuple[str, ...] = ()
    without: bool = False
    param: Expr | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, or a comparison that keeps points (with `flag` gives 0 and 1)."""

    op: str
    left: Expr
    right: Expr
    flag: bool = False


Expr = Number | Negative | Selector | Rate | Quantile | Aggregate | Binary
