"""What is wrong at a token that cannot stand where it does, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from lark import Token

from clew.query.errors import InvalidQueryError
from clew.query.literals import print_string
from clew.query.traceql.lexer import REST_OF_WORD
from clew.query.traceql.words import INTRINSICS, VALUES

OPERATORS = frozenset({"LOGIC", "COMPARE", "FIELD_COMPARE", "RELATE", "ARITHMETIC", "MINUS", "NOT"})
OUTER_OPERATORS = (OPERATORS - {"FIELD_COMPARE", "NOT"}) | {"VBAR"}
OF_RESOURCES = ("service.", "k8s.", "host.", "cloud.", "container.", "deployment.", "process.", "telemetry.", "os.")
"""How attributes begin that resources have, by the semantic conventions of OpenTelemetry."""
FIELD_HINT = "start with a field such as name, duration, span.x, resource.x or .x"
VALUE_HINT = 'write a value such as "text", 5, 1.5s, error or nil'


def unexpected(  # noqa: PLR0911 - one case after the other
    text: str, tokens: Sequence[Token], at: int, expected: Collection[str]
) -> InvalidQueryError:
    """Return the error for `tokens[at]`, or for the end of the text where `at` is past the last token."""
    before = tokens[at - 1] if at else None
    if at == len(tokens):
        return _unfinished(text, tokens, expected)
    token = tokens[at]
    start, end = token.start_pos or 0, token.end_pos or 0
    inside = _inside_braces(tokens[:at])
    if token.type == "WORD":
        rest = REST_OF_WORD.match(text, start)
        end = rest.end() if rest else end
        if inside and "ATTRIBUTE" in expected:
            return _unknown_word(text[start:end], start, end, before)
        near = difflib.get_close_matches(token.upper(), ["AND", "OR", "NOT"], 1)
        if near:
            sign = {"AND": "&&", "OR": "||", "NOT": "!"}[near[0]]
            return InvalidQueryError(f"unexpected {token}", start=start, end=end, hint=f"write {sign}")
    outer = _outer(before, tokens[:at], expected)
    if outer is not None:
        return InvalidQueryError(outer[0], start=start, end=end, hint=outer[1])
    if token == "=" and before == "=":  # noqa: S105 - a sign of the language
        return InvalidQueryError("== is no operator", start=start - 1, end=end, hint="write =")
    if at == 0 or (not inside and "LBRACE" in expected):
        hint = "write conditions in braces, for example { status = error }"
        return InvalidQueryError("expected {", start=start, end=end, hint=hint)
    message, hint = _wanted(before, expected, inside=inside, open_=_around(tokens[:at]) is not None)
    if not inside and token.type == "FIELD_COMPARE":
        message, hint = f"{token} stands only in braces", "aggregates and series compare with = != > >= < <="
    return InvalidQueryError(message, start=start, end=end, hint=hint)


def _outer(before: Token | None, tokens: Sequence[Token], expected: Collection[str]) -> tuple[str, str] | None:
    """Return what was expected, and what to write, where functions, groups, hints or signs are unfinished."""
    around = _around(tokens)
    if before is None:
        return None
    if around == "WITH" or before.type == "WITH":
        return "expected a hint", "write hints as with (most_recent=true, exemplars=10), the values as in conditions"
    if before.type == "BY" or (around == "BY" and before.type == "LPAR"):
        return "expected a field", "write for example by (resource.service.name)"
    if before.type == "WORD" and "LPAR" in expected:
        return "expected (", f"functions have parentheses: write {before}()"
    if before.type == "MINUS" and not _inside_braces(tokens) and around != "WORD":
        return "a minus stands only before a number here", "write for example 0 - (...), or -5"
    return None


def _around(tokens: Sequence[Token]) -> str | None:
    """Return what stands before the innermost parenthesis that is open, `None` where none is."""
    open_: list[str] = []
    for number, token in enumerate(tokens):
        if token.type == "LPAR":
            open_.append(tokens[number - 1].type if number else "")
        elif token.type == "RPAR" and open_:
            open_.pop()
    return open_[-1] if open_ else None


def _unfinished(text: str, tokens: Sequence[Token], expected: Collection[str]) -> InvalidQueryError:
    before = tokens[-1]
    found = _outer(before, tokens, expected)
    if found is None and before.type in OUTER_OPERATORS and not _inside_braces(tokens):
        found = f"nothing follows {before}", "write spans in braces, for example { status = error }, or a stage"
    inside = "RBRACE" in expected or "ATTRIBUTE" in expected
    message, hint = found or _wanted(before, expected, inside=inside, open_=_around(tokens) is not None)
    return InvalidQueryError(message, start=len(text), end=len(text), hint=hint)


def _wanted(before: Token | None, expected: Collection[str], *, inside: bool, open_: bool) -> tuple[str, str]:
    if "ATTRIBUTE" in expected:
        value = before is not None and before.type in {"COMPARE", "FIELD_COMPARE"}
        return ("expected a value", VALUE_HINT) if value else ("expected a field", FIELD_HINT)
    if inside and "COMPARE" in expected:
        if before is not None and before.type in {"ATTRIBUTE", "INTRINSIC"}:
            return "expected an operator", "write one of = != > >= < <= =~ !~"
        return "expected && or }", "join conditions with && and close with }"
    if open_ and "RPAR" in expected:
        return "expected )", "close the parenthesis"
    return "unexpected text", "join stages with |, spans with && or >>"


def _unknown_word(word: str, start: int, end: int, before: Token | None) -> InvalidQueryError:
    if before is not None and before.type in {"COMPARE", "FIELD_COMPARE"}:
        near = difflib.get_close_matches(word, VALUES, 1)
        hint = f"put text in double quotes: {print_string(word)}" + (f", or write {near[0]}" if near else "")
        return InvalidQueryError(f"{word} is not a value", start=start, end=end, hint=hint)
    hint = f"an attribute needs a scope: .{word}, span.{word} or resource.{word}"
    if word.startswith(OF_RESOURCES):
        hint = f"write resource.{word}"
    elif near := difflib.get_close_matches(word, INTRINSICS, 1):
        hint = f"did you mean {near[0]}? {hint}"
    return InvalidQueryError(f"unknown field {word}", start=start, end=end, hint=hint)


def _inside_braces(tokens: Sequence[Token]) -> bool:
    return sum((token.type == "LBRACE") - (token.type == "RBRACE") for token in tokens) > 0
