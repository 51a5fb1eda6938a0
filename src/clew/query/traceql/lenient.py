"""What can be understood of an unfinished query: its whole conditions, and what may stand at the cursor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lark import Token, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from clew.model.kinds import Kind, Status
from clew.query.errors import InvalidQueryError
from clew.query.traceql.ast import Binary, FieldExpr, FieldOp, Filter, Name, Pipeline, Query, Static
from clew.query.traceql.calls import FUNCTIONS
from clew.query.traceql.grammar import grammar
from clew.query.traceql.lexer import REST_OF_WORD
from clew.query.traceql.parse import MAX_TEXT, parse
from clew.query.traceql.words import INTRINSICS, VALUES, terminal

SCOPES = ("span.", "resource.", "event.", "link.", "instrumentation.", "parent.", ".")
OPERATORS = tuple(op.value for op in FieldOp if op not in {FieldOp.AND, FieldOp.OR})
RELATIONS = ("&&", "||", ">>", ">", "<<", "<", "~", "!>>", "!>", "&>>", "&>", "~>", "<~")
_WORD = re.compile(r"[^ \t\r\n{}()=~!<>&|^,\"`]*\Z")
_OWN_VALUES = {
    name: tuple(word for word, value in VALUES.items() if isinstance(value, kind))
    for name, kind in ((Name.STATUS, Status), (Name.KIND, Kind))
}
"""The words that an intrinsic can be; every other field can be any."""
_COMPARISONS = frozenset({"COMPARE", "FIELD_COMPARE"})


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand at the cursor of an unfinished query."""

    expected: tuple[str, ...]
    """Some of fields, values, operators, logic, relations, functions, spansets and keywords, the likeliest first."""
    prefix: str
    """What is written of it already."""
    start: int
    """Where the prefix begins, a quote included."""
    field: str | None
    """The field whose values are wanted."""
    words: tuple[str, ...]
    """Words and signs of the language that fit here and begin with the prefix."""
    where: Query
    """The whole conditions around the cursor, as a search that narrows what is suggested."""


def complete(text: str, cursor: int) -> Completion:
    """Return what may stand at a cursor, which is an offset in characters."""
    before = text[: min(cursor, len(text), MAX_TEXT)]
    pieces, quote = _pieces(before)
    if quote is None:
        word = _WORD.search(before)
        start = word.start() if word else len(before)
        prefix = before[start:]
        pieces = [piece for piece in pieces if (piece.end_pos or 0) <= start]
    else:
        start, prefix = quote, before[quote + 1 :]
    accepted = _accepted(pieces)
    last = pieces[-1] if pieces else None
    field = None
    if last is not None and last.type in _COMPARISONS and len(pieces) > 1:
        field = str(pieces[-2]) if pieces[-2].type in {"ATTRIBUTE", "INTRINSIC"} else None
    expected = _expected(accepted, last) if quote is None else ("values",)
    return Completion(expected, prefix, start, field, _words(expected, prefix, field), usable(text, cursor))


def usable(text: str, cursor: int | None = None) -> Query:
    """Return the conditions of an unfinished query that are whole, as a conjunction.

    Alternatives are one condition; those without parentheses count only where all of them are whole. The conditions are
    those of the braces around the cursor, or of the first ones; the one at the cursor is left out.
    """
    pieces, _ = _pieces(text[:MAX_TEXT])
    inside = _braces(pieces, cursor)
    if inside is None:
        return _conjunction([])
    outer = _outside_parentheses(inside)
    ors = any(inside[at] == "||" for at in outer)
    found: list[FieldExpr] = []
    edges = [-1, *(at for at in outer if inside[at] == "&&" and not ors), len(inside)]
    for low, high in pairwise(edges):
        part = inside[low + 1 : high]
        start, end = (part[0].start_pos or 0, part[-1].end_pos or 0) if part else (0, 0)
        if not part or (cursor is not None and start <= cursor <= end):
            continue
        where = _condition(text[start:end])
        if where is not None:
            found.append(where)
    return _conjunction(found)


def _outside_parentheses(pieces: Sequence[Token]) -> list[int]:
    found: list[int] = []
    depth = 0
    for at, piece in enumerate(pieces):
        depth = max(0, depth + (piece == "(") - (piece == ")"))
        if not depth:
            found.append(at)
    return found


def _condition(text: str) -> FieldExpr | None:
    try:
        root = parse(f"{{ {text} }}").root
    except InvalidQueryError:
        return None
    only = root.stages[0] if isinstance(root, Pipeline) and len(root.stages) == 1 else None
    return only.where if isinstance(only, Filter) and only.where != Static(value=True) else None


def _conjunction(conditions: Sequence[FieldExpr]) -> Query:
    where: FieldExpr | None = None
    for item in conditions:
        where = item if where is None else Binary(FieldOp.AND, where, item)
    return Query(Pipeline((Filter(Static(value=True) if where is None else where),)))


def _pieces(text: str) -> tuple[list[Token], int | None]:
    """Return the tokens of a text, what is none left out, and where a string begins that is not closed."""
    scanner = grammar().scanner
    found: list[Token] = []
    at = 0
    while at < len(text):
        piece = scanner.match(text, at)
        if piece is None:
            if text[at] in {'"', "`"}:
                return found, at
            rest = REST_OF_WORD.match(text, at)
            at = max(at + 1, rest.end() if rest else 0)
            continue
        kind = piece.lastgroup or ""
        if kind != "SPACE":
            found.append(Token(terminal(piece[0]) if kind == "WORD" else kind, piece[0], at, end_pos=piece.end()))
        at = piece.end()
    return found, None


def _braces(pieces: Sequence[Token], cursor: int | None) -> list[Token] | None:
    """Return what stands in the braces around the cursor, or in the first ones."""
    opened: int | None = None
    for at, piece in enumerate(pieces):
        if piece.type == "LBRACE":
            opened = at
        elif piece.type == "RBRACE" and opened is not None:
            if cursor is None or cursor < (piece.end_pos or 0):
                return list(pieces[opened + 1 : at])
            opened = None
    if cursor is not None and opened is not None and cursor < (pieces[opened].end_pos or 0):
        return None
    return None if opened is None else list(pieces[opened + 1 :])


def _accepted(pieces: Sequence[Token]) -> set[str]:
    parser = _fed(pieces)
    if parser is None:
        opened = max((at for at, piece in enumerate(pieces) if piece.type == "LBRACE"), default=None)
        parser = None if opened is None else _fed(pieces[opened:])
    return set() if parser is None else set(parser.choices())  # type: ignore[no-untyped-call]


def _fed(pieces: Sequence[Token]) -> InteractiveParser | None:
    parser = grammar().begin()
    try:
        for piece in pieces:
            parser.feed_token(piece)
    except (UnexpectedToken, InvalidQueryError):
        return None
    return parser


def _expected(accepted: set[str], last: Token | None) -> tuple[str, ...]:
    if "ATTRIBUTE" in accepted:
        compared = last is not None and last.type in _COMPARISONS
        return ("values", "fields") if compared else ("fields",)
    if "FIELD_COMPARE" in accepted:
        whole = last is None or last.type not in {"ATTRIBUTE", "INTRINSIC"}
        return ("logic", "operators") if whole else ("operators", "logic")
    if "LBRACE" in accepted:
        return ("functions", "spansets") if last is not None and last.type == "VBAR" else ("spansets", "functions")
    if "RELATE" in accepted:
        return ("relations", "keywords")
    return ("keywords",)


def _words(expected: Sequence[str], prefix: str, field: str | None) -> tuple[str, ...]:
    values = _OWN_VALUES.get(INTRINSICS[field]) if field in INTRINSICS else None
    lists = {
        "fields": (*SCOPES, *INTRINSICS),
        "values": values or tuple(VALUES),
        "operators": OPERATORS,
        "logic": ("&&", "||"),
        "relations": ("|", *RELATIONS),
        "functions": (*(f"{name}(" for name in FUNCTIONS), "by("),
        "spansets": ("{",),
        "keywords": ("by (", "with (", ")", "asc", "desc"),
    }
    return tuple(word for kind in expected for word in lists[kind] if word.startswith(prefix))
