"""ClickHouse's SQL as a syntax tree that keeps function calls as they were written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ParseError, TokenError
from sqlglot.generators.clickhouse import ClickHouseGenerator
from sqlglot.parsers.clickhouse import ClickHouseParser
from sqlglot.tokenizer_core import TokenType

from clew.query.errors import InvalidQueryError

MAX_LENGTH = 65_536
"""Characters of one query; parsing them takes a quarter of a second."""
MAX_DEPTH = 100
"""Brackets inside one another."""

_ONE_SELECT = "send one SELECT; see docs/reference/sql.md"


def _limit(parser: Any) -> tuple[str, exp.Expr | None]:
    """Keep LIMIT n BY apart from the LIMIT that may follow it."""
    found = parser._parse_limit()  # noqa: SLF001 - what the parser's own table calls
    return ("limit_by" if found is not None and found.expressions else "limit"), found


class _Parser(ClickHouseParser):
    """Leaves out what translates functions between dialects: a name here is the engine's name."""

    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: ClickHouseParser.FUNCTION_PARSERS[name] for name in ("CAST", "EXTRACT")
    }
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    QUERY_MODIFIER_PARSERS: ClassVar[dict[Any, Any]] = {
        **ClickHouseParser.QUERY_MODIFIER_PARSERS,
        TokenType.LIMIT: _limit,
    }


class _Generator(ClickHouseGenerator):
    """Writes LIMIT n BY before LIMIT."""

    def offset_limit_modifiers(self, expression: exp.Expr, fetch: bool, limit: Any) -> list[str]:  # noqa: FBT001 - theirs
        return [self.sql(expression, "limit_by"), *super().offset_limit_modifiers(expression, fetch, limit)]


class Dialect(ClickHouse):
    """ClickHouse with the parser and the generator above."""

    Parser = _Parser
    parser_class = _Parser  # type: ignore[assignment]  # they type it by a class of their own
    Generator = _Generator
    generator_class = _Generator


DIALECT = Dialect()


def parse(text: str) -> exp.Query:
    """Return the syntax tree of one SELECT.

    Raises:
        InvalidQueryError: it cannot be parsed, is something else, or is more than one statement.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidQueryError(
            f"the query has {len(text):,} characters, at most {MAX_LENGTH:,} are allowed",
            start=MAX_LENGTH,
            end=len(text),
            hint="shorten it; long lists of values are better joined from a subquery",
        )
    _check_depth(text)
    try:
        found = [one for one in DIALECT.parse(text) if one is not None and not isinstance(one, exp.Semicolon)]
    except ParseError as error:
        raise _parse_error(text, error) from error
    except TokenError as error:
        raise InvalidQueryError(
            "a quote or a character is out of place", start=0, end=len(text), hint="close every quote and comment"
        ) from error
    except RecursionError as error:
        raise InvalidQueryError("nested too deeply", start=0, end=len(text), hint="use WITH for the parts") from error
    if not found:
        raise InvalidQueryError("the query is empty", start=0, end=len(text), hint=_ONE_SELECT)
    if len(found) > 1:
        raise InvalidQueryError(
            f"{len(found)} statements were sent, one is allowed", start=0, end=len(text), hint=_ONE_SELECT
        )
    tree = found[0]
    while isinstance(tree, exp.Subquery | exp.Paren) and not tree.args.get("alias"):
        tree = tree.this
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise InvalidQueryError(
            f"{_name_of(tree)} is not allowed, only SELECT reads", start=0, end=len(text), hint=_ONE_SELECT
        )
    return tree


def write(tree: exp.Expr) -> str:
    """Return the text that the engine gets: the tree alone, without comments."""
    return DIALECT.generate(tree, comments=False, copy=False)


def place_of(node: exp.Expr) -> tuple[int, int]:
    """Return the characters that a part of the tree was read from, as far as they are known."""
    places = [one.meta for one in node.walk() if "start" in one.meta]
    if not places:
        return 0, 0
    return min(one["start"] for one in places), max(one["end"] for one in places) + 1


def _check_depth(text: str) -> None:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth > MAX_DEPTH:
            raise InvalidQueryError(
                f"more than {MAX_DEPTH} brackets inside one another", start=place, end=place + 1, hint="use WITH"
            )


def _parse_error(text: str, error: ParseError) -> InvalidQueryError:
    first = error.errors[0] if error.errors else {}
    highlight = str(first.get("highlight") or "")
    lines = text.split("\n")
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    end = sum(len(one) + 1 for one in lines[: line - 1]) + column  # `col` is that of the token's last character
    start = max(end - max(len(highlight), 1), 0)
    what = str(first.get("description") or "syntax error").rstrip(".")
    near = f" near {highlight!r}" if highlight else ""
    return InvalidQueryError(
        f"line {line}, column {max(column - len(highlight) + 1, 1)}: {what}{near}",
        start=start,
        end=min(end, len(text)),
        hint="only SELECT over the views is understood, without FORMAT, SETTINGS and INTO",
    )


def _name_of(tree: exp.Expr) -> str:
    return str(tree.this).upper() if isinstance(tree, exp.Command) else type(tree).__name__.upper()
