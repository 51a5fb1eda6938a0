"""The parser tables and the scanner, both made once from `traceql.lark`, when the first query arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lark import Lark
from lark.parsers.lalr_interactive_parser import InteractiveParser

from clew.query.traceql.build import Builder

WORDS_AND_LITERALS = ("SPACE", "ATTRIBUTE", "WORD", "NUMBER", "STRING", "RAW_STRING")
SIGNS = ("FIELD_COMPARE", "RELATE", "LOGIC", "VBAR", "COMPARE", "ARITHMETIC", "MINUS", "NOT", "COMMA")
BRACKETS = ("LPAR", "RPAR", "LBRACE", "RBRACE")
ORDER = (*WORDS_AND_LITERALS, *SIGNS, *BRACKETS)
"""Terminals in the order in which they are tried: the longer ones before those that are their beginning."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What reads a text."""

    lark: Lark
    scanner: re.Pattern[str]

    def begin(self) -> InteractiveParser:
        """Return a parser that takes tokens one by one."""
        return self.lark.parse_interactive("")


@cache
def grammar() -> Grammar:
    """Return the grammar; takes about 40 ms the first time."""
    text = files("clew.query.traceql").joinpath("traceql.lark").read_text("utf-8")
    lark = Lark(text, start="query", parser="lalr", lexer="basic", transformer=Builder(), maybe_placeholders=True)
    patterns = {terminal.name: terminal.pattern.to_regexp() for terminal in lark.terminals}
    return Grammar(lark, re.compile("|".join(f"(?P<{name}>{patterns[name]})" for name in ORDER)))
