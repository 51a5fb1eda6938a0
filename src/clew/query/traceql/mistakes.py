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
OF_RESOURCES = ("service.", "k8s.", "host.", "cloud.", "container.", "deployment.", "process.", "telemetry.", "os.")
"""How attributes begin that resources have, by the semantic conventions of OpenTelemetry."""
FIELD_HINT = "start with a field such as name, duration, span.x, resource.x or .x"
VALUE_HINT = 'write a value such as "text", 5, 1.5s, error or nil'


def unexpected(text: str, tokens: Sequence[Token], at: int, expected: Collection[str]) -> InvalidQueryError:
    """Return the error for `tokens[at]`, or for the end of the text where `at` is past the last token."""
    before = tokens[at - 1] if at else None
    if at == len(tokens):
        return _unfinished(text, before, expected)
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
    if token == "=" and before == "=":  # noqa: S105 - a sign of the language
        return InvalidQueryError("== is no operator", start=start - 1, end=end, hint="write =")
    if at == 0 or (not inside and "LBRACE" in expected):
        hint = "write conditions in braces, for example { status = error }"
        return InvalidQueryError("expected {", start=start, end=end, hint=hint)
    message, hint = _wanted(before, expected, inside=inside)
    return InvalidQueryError(message, start=start, end=end, hint=hint)


def _unfinished(text: str, before: Token | None, expected: Collection[str]) -> InvalidQueryError:
    message, hint = _wanted(before, expected, inside="RBRACE" in expected or "ATTRIBUTE" in expected)
    return InvalidQueryError(message, start=len(text), end=len(text), hint=hint)


def _wanted(before: Token | None, expected: Collection[str], *, inside: bool) -> tuple[str, str]:
    if "ATTRIBUTE" in expected:
        value = before is not None and before.type in {"COMPARE", "FIELD_COMPARE"}
        return ("expected a value", VALUE_HINT) if value else ("expected a field", FIELD_HINT)
    if inside and "COMPARE" in expected:
        if before is not None and before.type in {"ATTRIBUTE", "INTRINSIC"}:
            return "expected an operator", "write one of = != > >= < <= =~ !~"
        return "expected && or }", "join conditions with && and close with }"
    if "RPAR" in expected:
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
