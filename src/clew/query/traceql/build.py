"""From the rules of the grammar to the syntax tree."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer

from clew.query.errors import InvalidQueryError
from clew.query.literals import INT64_MAX, TooLargeError, parse_bare, print_string
from clew.query.traceql import fold
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    By,
    FieldExpr,
    FieldOp,
    Filter,
    Hint,
    Intrinsic,
    Level,
    Pos,
    Query,
    Static,
    Unary,
    UnaryOp,
)
from clew.query.traceql.calls import Argument, Ordered, call
from clew.query.traceql.pipes import Part, combine, finish, pipe
from clew.query.traceql.precedence import Chain
from clew.query.traceql.strings import unquote, unquote_key
from clew.query.traceql.words import INTRINSICS, VALUES

_LEVELS: dict[str, Level] = {level.value: level for level in Level if level is not Level.ANY}
_TOO_LARGE_TO_STAND_ALONE = str(INT64_MAX + 1)


def span(first: Any, last: Any) -> Pos:
    """Return where the text from one token or node to another stands."""
    start = first.start_pos if isinstance(first, Token) else first.pos.start
    end = last.end_pos if isinstance(last, Token) else last.pos.end
    return Pos(start or 0, end or 0)


class Builder(Transformer[Token, Any]):
    """One method per rule; the parser calls it with the children as soon as the rule is complete."""

    def query(self, items: list[Any]) -> Query:
        """The whole text."""
        return finish(pipe(items[0]), tuple(items[1] or ()))

    def hints(self, items: list[Any]) -> list[Hint]:
        """`with(...)`."""
        return [item for item in items if isinstance(item, Hint)]

    def hint(self, items: list[Any]) -> Hint:
        """`name=value`."""
        name, sign, *signs, value = items
        if sign != "=":
            raise InvalidQueryError("expected =", start=sign.start_pos, end=sign.end_pos, hint=f"write {name}=value")
        value = self.negative([*signs, value]) if signs else whole(value)
        return Hint(str(name), value.value, span(name, value))

    def pipe(self, items: list[Part]) -> list[Part]:
        """Stages."""
        return items

    def chain(self, items: list[Any]) -> Part:
        """Operands outside of braces."""
        first: Part = items[0]
        if len(items) == 1:
            return whole(first) if isinstance(first, Static) else first
        return Chain[Part](items, combine, _no_prefix).tree()

    def negative(self, items: list[Any]) -> Static:
        """A constant after a minus."""
        sign, value = items
        number = fold.negate(value, span(sign, value))
        if number is None:
            raise _not_a_number(sign, value)
        return number

    def group(self, items: list[Any]) -> Part:
        """Parentheses around stages."""
        opening, stages, closing = items
        return pipe(stages, span(opening, closing))

    def filter(self, items: list[Any]) -> Filter:
        """Braces."""
        opening, where, closing = items
        pos = span(opening, closing)
        return Filter(Static(value=True, pos=pos) if where is None else where, pos)

    def call(self, items: list[Any]) -> Any:
        """A function."""
        name, _, arguments, closing, by = items
        return call(name, arguments or [], by, span(name, by or closing))

    def by(self, items: list[Any]) -> By:
        """`by(...)`."""
        keyword, _, arguments, closing = items
        return By(tuple(field_of(item) for item in arguments), span(keyword, closing))

    def arguments(self, items: list[Argument]) -> list[Argument]:
        """What stands between a function's parentheses."""
        return items

    def ordered(self, items: list[Any]) -> Ordered:
        """A field with `asc` or `desc`."""
        key, direction = items
        return Ordered(key, direction == "desc", span(key, direction))

    def field(self, items: list[Any]) -> FieldExpr:
        """Operands within braces."""
        first: FieldExpr = items[0]
        if len(items) == 1:
            return whole(first) if isinstance(first, Static) else first
        return Chain[FieldExpr](items, _binary, _unary).tree()

    def inner(self, items: list[Any]) -> FieldExpr:
        """Parentheses within braces."""
        node: FieldExpr = items[1]
        return node

    def constant(self, items: list[Token]) -> Static:
        """A literal."""
        token = items[0]
        pos = Pos(token.start_pos or 0, token.end_pos or 0)
        if token.type == "STRING":
            return Static(unquote(token, pos.start), pos)
        if token.type == "RAW_STRING":
            return Static(str(token[1:-1]), pos)
        if token.type == "VALUE":
            return Static(VALUES[token], pos)
        if token == _TOO_LARGE_TO_STAND_ALONE:
            return Static(INT64_MAX + 1, pos)
        return _number(token, pos)

    def attribute(self, items: list[Token]) -> Attribute | Intrinsic:
        """An attribute with its scope, or an intrinsic of the parent."""
        token = items[0]
        pos = Pos(token.start_pos or 0, token.end_pos or 0)
        text = str(token)
        parent = text.startswith("parent.")
        if parent:
            text = text[len("parent.") :]
            if text in INTRINSICS:
                return Intrinsic(INTRINSICS[text], parent=True, pos=pos)
        scope, dot, rest = text.partition(".")
        level = _LEVELS.get(scope, Level.ANY) if dot else Level.ANY
        if level is Level.ANY:
            rest = text if parent else text[1:]
        return Attribute(level, unquote_key(rest, pos.end - len(rest)), parent, pos)

    def intrinsic(self, items: list[Token]) -> Intrinsic:
        """A field that every span has."""
        token = items[0]
        return Intrinsic(INTRINSICS[token], pos=Pos(token.start_pos or 0, token.end_pos or 0))


def field_of(argument: Argument) -> FieldExpr:
    """Return an argument that must be a field expression."""
    if isinstance(argument, Static | Attribute | Intrinsic | Unary | Binary):
        return argument
    hint = "write a field such as resource.service.name, span.http.route or name"
    raise InvalidQueryError("expected a field", start=argument.pos.start, end=argument.pos.end, hint=hint)


def whole(value: Static) -> Static:
    """Return a constant that has no minus before it."""
    if fold.whole_is_too_large(value.value):
        raise InvalidQueryError(
            "the number is too large", start=value.pos.start, end=value.pos.end, hint="numbers have 64 bits"
        )
    return value


def _number(token: Token, pos: Pos) -> Static:
    word = str(token)
    try:
        known, value = parse_bare(word)
    except TooLargeError as error:
        raise InvalidQueryError(
            "the number is too large", start=pos.start, end=pos.end, hint="numbers have 64 bits"
        ) from error
    if not known:
        hint = f"put text in double quotes: {print_string(word)}"
        raise InvalidQueryError(f"{word} is not a value", start=pos.start, end=pos.end, hint=hint)
    return Static(value, pos)


def _binary(sign: Token, left: FieldExpr, right: FieldExpr) -> FieldExpr:
    pos = Pos(left.pos.start, right.pos.end)
    op = FieldOp(sign)
    if isinstance(left, Static) and isinstance(right, Static):
        folded = fold.fold(op, whole(left), whole(right), pos)
        if folded is not None:
            return folded
    if fold.always_there(op, left, right):
        return Static(value=True, pos=pos)
    for side in (left, right):
        if isinstance(side, Static):
            whole(side)
    return Binary(op, left, right, pos, Pos(sign.start_pos or 0, sign.end_pos or 0))


def _unary(sign: Token, operand: FieldExpr) -> FieldExpr:
    pos = span(sign, operand)
    if isinstance(operand, Static):
        if sign == "-":
            number = fold.negate(operand, pos)
            if number is None:
                raise _not_a_number(sign, operand)
            return number
        if isinstance(operand.value, bool):
            return Static(not operand.value, pos)
    return Unary(UnaryOp(sign), operand, pos)


def _no_prefix(sign: Token, _: Part) -> Part:
    raise InvalidQueryError(
        "a minus stands only before a number here", start=sign.start_pos or 0, end=sign.end_pos or 0, hint="remove it"
    )


def _not_a_number(sign: Token, value: Static) -> InvalidQueryError:
    return InvalidQueryError(
        "a minus needs a number", start=sign.start_pos or 0, end=value.pos.end, hint="write a number such as -5 or -1s"
    )
