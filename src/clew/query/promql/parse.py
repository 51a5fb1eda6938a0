"""Text to tree; what is valid PromQL but not understood is refused with what is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from clew.query.errors import InvalidQueryError
from clew.query.promql import literals
from clew.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Edge,
    Expr,
    Matcher,
    Matching,
    MatchOp,
    Negative,
    Number,
    Place,
    Selector,
    Shift,
    Subquery,
    Text,
)
from clew.query.promql.signatures import SIGNATURES, SUPPORTED

MAX_TEXT = 16_384
LONGEST_S = 100 * 365 * 86_400
_Value = TypeVar("_Value")
_WITH_PARAMETER = frozenset({"topk", "bottomk", "quantile"})
_SETS = frozenset({"and", "or", "unless"})
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


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


def _at(token: Token) -> Place:
    start = token.start_pos or 0
    return Place(start, start + len(token))


def _read(token: Token, read: Callable[[str], _Value]) -> _Value:
    """Return the value of a literal."""
    try:
        return read(str(token))
    except (ValueError, OverflowError):
        place = _at(token)
        why = f"has a literal that cannot be read: {str(token)[:40]}"
        raise _refused(why, place.start, place.end) from None


@v_args(inline=True)
class _Builder(Transformer[Token, Expr]):
    """Makes nodes of rules as they are recognised."""

    def start(self, expr: Expr) -> Expr:
        return expr

    def grouped(self, expr: Expr) -> Expr:
        return expr

    def number(self, token: Token) -> Number:
        return Number(_read(token, literals.number))

    def seconds(self, token: Token) -> Number:
        return Number(_read(token, literals.duration))

    def text(self, token: Token) -> Text:
        return Text(_read(token, literals.string))

    def signed(self, sign: Token, operand: Expr) -> Expr:
        if isinstance(operand, Text | Subquery) or (isinstance(operand, Selector) and operand.range_s is not None):
            raise _refused(f"puts {sign} before what is neither a metric nor a number", *_span(sign))
        if sign == "+":
            return operand
        return Number(-operand.value) if isinstance(operand, Number) else Negative(operand)

    def labels(self, *found: str) -> tuple[str, ...]:
        return found

    def side(self, which: Token, include: tuple[str, ...] = ()) -> tuple[str, tuple[str, ...]]:
        return which.lower().removeprefix("group_"), include

    def matching(self, kind: Token, labels: tuple[str, ...], side: tuple[str, tuple[str, ...]] = ("", ())) -> Matching:
        return Matching(labels, kind.lower() == "on", *side)

    def modifiers(self, *found: Any) -> tuple[bool, Matching]:
        given = next((one for one in found if isinstance(one, Matching)), Matching())
        return any(isinstance(one, Token) for one in found), given

    def binary(self, left: Expr, op: Token, modifiers: tuple[bool, Matching], right: Expr) -> Binary:
        flag, matching = modifiers
        name = op.lower()
        if flag and name not in _COMPARISONS:
            raise _refused(f"gives {name} bool, which only comparisons take", *_span(op))
        if name in _SETS and matching.many:
            raise _refused(f"gives {name} group_{matching.many}, which operations on sets do not take", *_span(op))
        if matching.on and set(matching.labels) & set(matching.include):
            raise _refused("has a label both in on and in the group", *_span(op))
        return Binary(name, left, right, flag, matching)

    def label(self, token: Token) -> str:
        return _read(token, literals.string) if token.type == "STRING" else str(token)

    def grouping(self, kind: Token, labels: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
        return kind.lower() == "without", labels

    def arguments(self, *found: Expr) -> tuple[Expr, ...]:
        return found

    def aggregate_first(self, op: Token, grouping: tuple[bool, tuple[str, ...]], given: tuple[Expr, ...]) -> Aggregate:
        return self._aggregate(op, given, grouping)

    def aggregate_last(self, op: Token, given: tuple[Expr, ...], grouping: tuple[bool, tuple[str, ...]]) -> Aggregate:
        return self._aggregate(op, given, grouping)

    def aggregate_plain(self, op: Token, given: tuple[Expr, ...]) -> Aggregate:
        return self._aggregate(op, given, (False, ()))

    def _aggregate(self, op: Token, given: tuple[Expr, ...], grouping: tuple[bool, tuple[str, ...]]) -> Aggregate:
        name = op.lower()
        wanted = 2 if name in _WITH_PARAMETER else 1
        if len(given) != wanted:
            raise _refused(f"gives {name} {len(given)} arguments, it takes {wanted}", *_span(op))
        return Aggregate(name, given[-1], grouping[1], grouping[0], given[0] if wanted > 1 else None)

    def call(self, name: Token, *given: Expr) -> Call:
        signature = SIGNATURES.get(str(name))
        if signature is None:
            raise _refused(f"calls {name}, which is not supported", *_span(name))
        signature.check(str(name), given, _at(name))
        return Call(str(name), given, _at(name))

    def duration(self, token: Token) -> float:
        found = _read(token, literals.duration)
        if not math.isfinite(found) or found > LONGEST_S:
            raise _refused("has a duration that is too long", *_span(token))
        return found

    def ranged(self, of: Expr, range_s: float) -> Selector:
        if not isinstance(of, Selector) or of.range_s is not None or of.shift != Shift():
            raise _refused("has a range that does not follow a metric: of anything else, write [1h:1m]", 0)
        return replace(of, range_s=self._length(range_s))

    def subquery(self, of: Expr, range_s: float, step_s: float | None = None) -> Subquery:
        if isinstance(of, Subquery | Text) or (isinstance(of, Selector) and of.range_s is not None):
            raise _refused("has a subquery of what has a range already", 0)
        return Subquery(of, self._length(range_s), None if step_s is None else self._length(step_s))

    def _length(self, seconds: float) -> float:
        if seconds <= 0:
            raise _refused("has a range or a step of no length", 0)
        return seconds

    def offset(self, of: Expr, _: Token, *given: Any) -> Expr:
        seconds = float(given[-1])
        return self._shifted(of, Shift(offset_s=-seconds if given[0] == "-" else seconds))

    def at_time(self, of: Expr, *given: Token) -> Expr:
        seconds = _read(given[-1], literals.number)
        if not math.isfinite(seconds) or seconds > 1 << 32:
            raise _refused("has a time after @ that is none", *_span(given[-1]))
        return self._shifted(of, Shift(at=-seconds if given[0] == "-" else seconds))

    def at_edge(self, of: Expr, name: Token) -> Expr:
        if name not in {"start", "end"}:
            raise _refused(f"has @ {name}(), it takes start() or end()", *_span(name))
        return self._shifted(of, Shift(at=Edge(str(name))))

    def _shifted(self, of: Expr, more: Shift) -> Expr:
        if not isinstance(of, Selector | Subquery):
            raise _refused("has an offset or @ that does not follow a metric or a subquery", 0)
        if None not in {of.shift.offset_s, more.offset_s} or None not in {of.shift.at, more.at}:
            raise _refused("has two offsets or two @ at one metric", 0)
        offset = of.shift.offset_s if more.offset_s is None else more.offset_s
        return replace(of, shift=Shift(offset, of.shift.at if more.at is None else more.at))

    def matcher(self, label: str, op: Token, text: Token) -> Matcher:
        return Matcher(label, MatchOp(str(op)), _read(text, literals.string))

    def named(self, text: Token) -> Matcher:
        return Matcher("__name__", MatchOp.EQ, _read(text, literals.string))

    def matchers(self, *found: Matcher) -> tuple[Matcher, ...]:
        return found

    def selector(self, *parts: Any) -> Selector:
        name = parts[0] if isinstance(parts[0], Token) else None
        matchers: tuple[Matcher, ...] = () if isinstance(parts[-1], Token) else parts[-1]
        if name is not None:
            matchers = (Matcher("__name__", MatchOp.EQ, str(name)), *matchers)
        if not matchers:
            raise _refused("selects everything", 0)
        return Selector(matchers, place=_at(name) if name is not None else Place())


def _span(token: Token) -> tuple[int, int]:
    place = _at(token)
    return place.start, place.end
