"""Text to tree; what is valid PromQL but not understood is refused with what is."""

from __future__ import annotations

import ast as python
from functools import cache
from importlib.resources import files
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from clew.query.errors import InvalidQueryError
from clew.query.promql.ast import (
    Aggregate,
    Binary,
    Expr,
    Matcher,
    MatchOp,
    Negative,
    Number,
    Quantile,
    Rate,
    Selector,
)

MAX_TEXT = 16_384
SUPPORTED = (
    "rate and increase over a range, histogram_quantile, sum, avg, min, max, count, topk and bottomk with by and "
    "without, + - * / % ^, comparisons, numbers"
)
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 365 * 86_400}
_RATES = {"rate": True, "increase": False}
_WITH_PARAMETER = frozenset({"topk", "bottomk"})


def parse(text: str) -> Expr:
    """Return the tree of a query.

    Raises:
        InvalidQueryError: it cannot be parsed, or is not among what is supported.
    """
    if len(text) > MAX_TEXT:
        raise InvalidQueryError("the query is too long", start=MAX_TEXT, end=len(text), hint="keep it below 16 KiB")
    try:
        found = cast("Expr", _grammar().parse(text))
    except UnexpectedToken as error:
        at = error.token.start_pos or 0
        ended = error.token.type == "$END"
        raise _refused("is not finished" if ended else f"cannot be read from {text[at:][:20]!r} on", at) from None
    except UnexpectedCharacters as error:
        at = error.pos_in_stream or 0
        raise _refused(f"cannot be read from {text[at:][:20]!r} on", at) from None
    except VisitError as error:
        if isinstance(error.orig_exc, InvalidQueryError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise _refused("is nested too deeply", 0) from None
    return found


def parse_selector(text: str) -> Selector:
    """Return what a `match[]` selects.

    Raises:
        InvalidQueryError: it is no selector.
    """
    found = parse(text)
    if not isinstance(found, Selector) or found.range_s is not None:
        raise InvalidQueryError("no selector", start=0, end=len(text), hint='write one such as traces_x{server="a"}')
    return found


@cache
def _grammar() -> Lark:
    text = files("clew.query.promql").joinpath("promql.lark").read_text("utf-8")
    return Lark(text, parser="lalr", transformer=_Builder(), maybe_placeholders=False, propagate_positions=False)


def _refused(why: str, at: int, end: int | None = None) -> InvalidQueryError:
    return InvalidQueryError(f"the query {why}", start=at, end=end or at + 1, hint=f"supported are {SUPPORTED}")


@v_args(inline=True)
class _Builder(Transformer[Token, Expr]):
    """Makes nodes of rules as they are recognised."""

    def start(self, expr: Expr) -> Expr:
        return expr

    def number(self, token: Token) -> Number:
        return Number(float(int(token, 16)) if token.lower().startswith("0x") else float(token))

    def signed(self, sign: Token, operand: Expr) -> Expr:
        if sign == "+":
            return operand
        return Number(-operand.value) if isinstance(operand, Number) else Negative(operand)

    def binary(self, left: Expr, op: Token, right: Expr) -> Binary:
        return Binary(str(op), left, right)

    def power(self, left: Expr, right: Expr) -> Binary:
        return Binary("^", left, right)

    def compare(self, left: Expr, op: Token, *rest: Any) -> Binary:
        return Binary(str(op), left, rest[-1], flag=len(rest) > 1)

    def label(self, token: Token) -> str:
        return str(token)

    def grouping(self, kind: Token, *labels: str) -> tuple[bool, tuple[str, ...]]:
        return kind == "without", labels

    def arguments(self, *found: Expr) -> tuple[Expr, ...]:
        return found

    def aggregate_first(self, op: Token, grouping: tuple[bool, tuple[str, ...]], given: tuple[Expr, ...]) -> Aggregate:
        return self._aggregate(op, given, grouping)

    def aggregate_last(self, op: Token, given: tuple[Expr, ...], grouping: tuple[bool, tuple[str, ...]]) -> Aggregate:
        return self._aggregate(op, given, grouping)

    def aggregate_plain(self, op: Token, given: tuple[Expr, ...]) -> Aggregate:
        return self._aggregate(op, given, (False, ()))

    def _aggregate(self, op: Token, given: tuple[Expr, ...], grouping: tuple[bool, tuple[str, ...]]) -> Aggregate:
        wanted = 2 if op in _WITH_PARAMETER else 1
        at = op.start_pos or 0
        if len(given) != wanted:
            raise _refused(f"gives {op} {len(given)} arguments, it takes {wanted}", at, at + len(op))
        return Aggregate(str(op), given[-1], grouping[1], grouping[0], given[0] if wanted > 1 else None)

    def call(self, name: Token, *given: Expr) -> Expr:
        at = name.start_pos or 0
        if name in _RATES:
            if len(given) != 1 or not isinstance(given[0], Selector) or given[0].range_s is None:
                raise _refused(f"gives {name} no range: write {name}(metric[5m])", at, at + len(name))
            return Rate(given[0], _RATES[name])
        if name == "histogram_quantile" and len(given) == 2:  # noqa: PLR2004 - a quantile and a vector
            return Quantile(*given)
        raise _refused(f"calls {name}, which is not supported", at, at + len(name))

    def range(self, token: Token) -> tuple[str, int]:
        return "range", _seconds(token)

    def offset(self, _: Token, token: Token) -> tuple[str, int]:
        return "offset", _seconds(token)

    def matcher(self, label: str, op: Token, text: Token) -> Matcher:
        return Matcher(label, MatchOp(str(op)), _text(text))

    def matchers(self, *found: Matcher) -> tuple[str, tuple[Matcher, ...]]:
        return "matchers", found

    def selector(self, *parts: Any) -> Selector:
        name = parts[0] if isinstance(parts[0], Token) else None
        given = dict(part for part in parts if not isinstance(part, Token))
        matchers: tuple[Matcher, ...] = given.get("matchers", ())
        at = (name.start_pos or 0) if name is not None else 0
        if name is not None:
            matchers = (Matcher("__name__", MatchOp.EQ, str(name)), *matchers)
        if not matchers:
            raise _refused("selects everything", at)
        return Selector(matchers, given.get("range"), given.get("offset", 0), at, at + len(name or ""))


def _seconds(token: Token) -> int:
    """Return a duration in whole seconds, at least one."""
    total, digits, rest = 0.0, "", str(token)
    while rest:
        if rest[0].isdigit():
            digits, rest = digits + rest[0], rest[1:]
        elif rest.startswith("ms"):
            total, digits, rest = total + int(digits) / 1000, "", rest[2:]
        else:
            total, digits, rest = total + int(digits) * _UNITS_S[rest[0]], "", rest[1:]
    return max(int(total), 1)


def _text(token: Token) -> str:
    """Return the value of a string literal."""
    if token.startswith("`"):
        return str(token[1:-1])
    try:
        return str(python.literal_eval(str(token)))
    except (ValueError, SyntaxError):
        at = token.start_pos or 0
        raise _refused(f"has a string that cannot be read: {token[:40]}", at, at + len(token)) from None
