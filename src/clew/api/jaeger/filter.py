"""Jaeger's structured filters as conditions on one span.

A message comes in, is checked term by term, and a field expression leaves for the planner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.json_format import Parse, ParseError

from clew.api.jaeger.builtin import LEVELS, NESTED, Domain
from clew.api.jaeger.comparison import Bound, comparison, member, negated, present, some_value
from clew.api.jaeger.constant import known_type, quoted
from clew.api.jaeger.errors import BadFilterError
from clew.api.jaeger.pattern import complaints
from clew.api.jaeger.reference import Reference, operand, reference, refuse
from clew.api.pb import jaeger_expression_pb2 as pb
from clew.query.errors import InvalidQueryError
from clew.query.patterns import check_texts
from clew.query.plan.spanwise import Contains, OneOf, joined
from clew.query.read import Read
from clew.query.traceql.ast import FieldExpr, FieldOp, Static

AT = "query.filter"
MAX_DEPTH = 20
"""Most calls within each other, as in Jaeger."""
MAX_TERMS = 500
"""Most operators, operands and elements of lists."""
COMPARISONS = {
    "eq": FieldOp.EQ,
    "ne": FieldOp.NE,
    "gt": FieldOp.GT,
    "lt": FieldOp.LT,
    "gte": FieldOp.GE,
    "lte": FieldOp.LE,
}
PAIR = 2
"""Fewest operands of a connective."""
CONNECTIVES = {"and": FieldOp.AND, "or": FieldOp.OR}
ARITY = {"not": 1, "exists": 1} | dict.fromkeys((*COMPARISONS, "regex", "in", "not_in", "some"), 2)
OPERATORS = (*CONNECTIVES, "not", *COMPARISONS, "regex", "exists", "in", "not_in", "some")


@dataclass(frozen=True, slots=True)
class Structured:
    """A filter that was checked."""

    where: FieldExpr
    patterns: tuple[tuple[str, str], ...]
    """Where each regular expression stands, and its text."""

    def check(self, read: Read) -> None:
        """Refuse regular expressions that the engine does not take.

        Raises:
            BadFilterError: names the place.
        """
        for at, pattern in self.patterns:
            try:
                check_texts(read, [Static(pattern)])
            except InvalidQueryError as error:
                raise BadFilterError(at, f"{error.detail}; {error.hint}") from None


def from_json(text: str) -> Structured:
    """Return a filter that is written as JSON.

    Raises:
        BadFilterError: says where and why.
    """
    if not text.lstrip().startswith("{"):
        raise BadFilterError(AT, "cannot be read as JSON: it is no object")
    try:
        call = Parse(text, pb.Call())
    except ParseError as error:
        raise BadFilterError(AT, f"cannot be read as JSON: {error}") from None
    except RecursionError:
        raise BadFilterError(AT, "cannot be read as JSON: nested too deeply") from None
    return structured(call)


def structured(call: pb.Call) -> Structured:
    """Return a filter.

    Raises:
        BadFilterError: says where and why.
    """
    reader = _Reader()
    where = reader.call(call, AT, 1, frozenset())
    return Structured(where, tuple(reader.patterns))


def alone(given: Iterable[str]) -> None:
    """Refuse the older conditions beside a filter.

    Raises:
        BadFilterError: names them.
    """
    named = ", ".join(given)
    if named:
        raise BadFilterError(AT, f"cannot stand beside {named}; write them as conditions of the filter")


class _Reader:
    """Reads one filter."""

    def __init__(self) -> None:
        self.patterns: list[tuple[str, str]] = []
        self._terms = 0

    def call(self, call: pb.Call, at: str, depth: int, bound: Bound) -> FieldExpr:
        """Return the condition that a call is."""
        if depth > MAX_DEPTH:
            raise BadFilterError(at, f"calls are nested more than {MAX_DEPTH} deep")
        self._count(at, 1)
        op, args = call.op, call.args
        if op not in OPERATORS:
            said = f"unknown operator {quoted(op)}" if op else "has no operator"
            raise BadFilterError(f"{at}.op", f"{said}; operators are {', '.join(OPERATORS)}")
        wanted = ARITY.get(op, len(args))
        if len(args) != wanted:
            raise BadFilterError(f"{at}.args", f"{op} takes {wanted} argument{'s'[: wanted - 1]}, not {len(args)}")
        if op in CONNECTIVES:
            if len(args) < PAIR:
                raise BadFilterError(f"{at}.args", f"{op} takes two or more arguments, not {len(args)}")
            return joined(CONNECTIVES[op], [self._predicate(call, at, one, depth, bound) for one in range(len(args))])
        if op == "not":
            return negated(self._predicate(call, at, 0, depth, bound))
        return self._some(call, at, depth, bound) if op == "some" else self._leaf(call, at, bound)

    def _leaf(self, call: pb.Call, at: str, bound: Bound) -> FieldExpr:
        op, args = call.op, call.args
        for one, arg in enumerate(args):
            self._count(f"{at}.args[{one}]", max(1, len(arg.list.values)))
        if op in COMPARISONS:
            left, right = (operand(arg, f"{at}.args[{one}]", op) for one, arg in enumerate(args))
            return comparison(COMPARISONS[op], op, left, right, bound)
        of = reference(args[0], f"{at}.args[0]", op)
        if op == "exists":
            return present(of, bound)
        if op == "regex":
            return self._regex(of, args[1], f"{at}.args[1]", bound)
        found = member(of, args[1], f"{at}.args[1]", op, bound)
        return found if op == "in" else joined(FieldOp.AND, [present(of, bound), negated(found)])

    def _count(self, at: str, terms: int) -> None:
        self._terms += terms
        if self._terms > MAX_TERMS:
            raise BadFilterError(at, f"the filter has more than {MAX_TERMS} operators, operands and elements")

    def _predicate(self, call: pb.Call, at: str, number: int, depth: int, bound: Bound) -> FieldExpr:
        arg, at = call.args[number], f"{at}.args[{number}]"
        if arg.WhichOneof("term") != "call":
            refuse(arg, at, call.op, "a predicate")
        return self.call(arg.call, f"{at}.call", depth + 1, bound)

    def _some(self, call: pb.Call, at: str, depth: int, bound: Bound) -> FieldExpr:
        arg, place = call.args[0], f"{at}.args[0]"
        if arg.WhichOneof("term") != "nested":
            refuse(arg, place, "some", "a collection as its first argument")
        level = LEVELS.get(arg.nested.level)
        if level not in NESTED:
            raise BadFilterError(
                f"{place}.nested.level", f"some looks at event or link, not {quoted(arg.nested.level)}"
            )
        if level in bound:
            raise BadFilterError(f"{place}.nested.level", f"some looks at one {level.value} already")
        self._count(place, 1)
        return OneOf(level=level, where=self._predicate(call, at, 1, depth, bound | {level}))

    def _regex(self, of: Reference, arg: pb.Expression, at: str, bound: Bound) -> FieldExpr:
        if of.domain in {Domain.DURATION, Domain.TIME}:
            raise BadFilterError(of.at, f"regex looks into text, and {of.said} is a {of.domain.value}")
        if arg.WhichOneof("term") != "scalar":
            refuse(arg, at, "regex", "a constant as its pattern")
        if known_type(arg.scalar.type, f"{at}.scalar") not in {"", "string"}:
            raise BadFilterError(f"{at}.scalar.type", f"a pattern is a string, not {arg.scalar.type}")
        pattern = arg.scalar.value
        for said in complaints(pattern):
            raise BadFilterError(f"{at}.scalar.value", said)
        self.patterns.append((f"{at}.scalar.value", pattern))
        return some_value(of, bound, lambda value: Contains(of=value, pattern=pattern))
