"""The text of a conjunction, `{ status = error && .x = 1 }`: parsed into filters and printed in one canonical form.

The text is TraceQL, cut to comparisons joined by `&&` inside one pair of braces. The browser has the same parser;
tests/golden/conjunction.json binds both.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.errors import InvalidQueryError
from clew.query.filters import (
    INTRINSICS,
    NUMBER_INTRINSICS,
    STRING_INTRINSICS,
    Filter,
    FilterScope,
    Op,
    Value,
    value_type,
)
from clew.query.literals import ESCAPES, TooLargeError, parse_bare, print_string, print_value

MAX_TEXT = 131_072
"""Longest text in characters."""
MAX_FILTERS = 64
"""Most conditions in one query."""

END_OF_WORD = frozenset(" \t\r\n{}()=~!<>&|^,")
SCOPES = tuple((f"{name}.", FilterScope(name)) for name in ("resource", "span", "event", "link"))
OPERATORS = ("=~", "!~", "!=", ">=", "<=", "=", ">", "<")
ALIASES = {
    "span:name": "name",
    "span:kind": "kind",
    "span:status": "status",
    "span:statusMessage": "statusMessage",
    "span:duration": "duration",
    "trace:rootService": "rootServiceName",
    "trace:rootName": "rootName",
    "trace:duration": "traceDuration",
}
ORDERING = frozenset({Op.GT, Op.GE, Op.LT, Op.LE})


def parse(text: str) -> list[Filter]:
    """Return the filters of a conjunction; empty text is `{ }`, which every span passes.

    Raises:
        InvalidQueryError: the text is no conjunction; says where and what to write instead.
    """
    if len(text) > MAX_TEXT:
        raise InvalidQueryError("the query is too long", start=MAX_TEXT, end=len(text), hint="keep it below 128 KiB")
    return _Parser(text).query()


def print_filters(filters: Sequence[Filter]) -> str:
    """Return the canonical text of a conjunction."""
    if not filters:
        return "{ }"
    return "{ " + " && ".join(print_filter(item) for item in filters) + " }"


def print_filter(item: Filter) -> str:
    """Return the canonical text of one condition."""
    return f"{print_field(item)} {item.op.value} {print_value(item.value)}"


def print_field(item: Filter) -> str:
    """Return a field as it is written in a query."""
    if item.scope is FilterScope.INTRINSIC:
        return item.key
    plain = item.key and not any(char in END_OF_WORD or char in '"\\' for char in item.key)
    key = item.key if plain else '"' + item.key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f".{key}" if item.scope is FilterScope.ANY else f"{item.scope.value}.{key}"


class _Parser:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def query(self) -> list[Filter]:
        self._space()
        if self.at == len(self.text):
            return []
        if self._peek() != "{":
            self._fail("expected {", "write conditions in braces, for example { status = error }")
        self.at += 1
        filters: list[Filter] = []
        self._space()
        if self._peek() != "}":
            filters.append(self._condition())
            while self._next_condition():
                filters.append(self._condition())
        self.at += 1
        self._space()
        if self.at < len(self.text):
            self._fail("unexpected text after }", "one pair of braces is supported", end=len(self.text))
        if len(filters) > MAX_FILTERS:
            self._fail("too many conditions", f"use at most {MAX_FILTERS}", start=0, end=len(self.text))
        return filters

    def _next_condition(self) -> bool:
        self._space()
        if self._peek() == "}":
            return False
        if self.text.startswith("&&", self.at):
            self.at += 2
            return True
        if self.text.startswith("||", self.at):
            hint = 'for alternatives of one field write =~ "a|b"'
            self._fail("|| is not supported", hint, end=self.at + 2)
        self._fail("expected && or }", "join conditions with && and close with }", end=self._word_end())
        return False

    def _condition(self) -> Filter:
        self._space()
        scope, key = self._field()
        self._space()
        start = self.at
        op = next((op for op in OPERATORS if self.text.startswith(op, self.at)), None)
        if op is None:
            self._fail("expected an operator", "write one of = != > >= < <= =~ !~", end=self._word_end())
            raise AssertionError
        self.at += len(op)
        self._space()
        value_at = self.at
        value = self._value()
        self._check(Filter(scope, key, Op(op), value), start, value_at)
        return Filter(scope, key, Op(op), value)

    def _field(self) -> tuple[FilterScope, str]:
        start = self.at
        for prefix, scope in (*SCOPES, (".", FilterScope.ANY)):
            if self.text.startswith(prefix, self.at):
                self.at += len(prefix)
                return scope, self._key(start)
        self.at = self._word_end(least=0)
        word = self.text[start : self.at]
        if not word:
            hint = "start with a field such as name, duration, span.x, resource.x or .x"
            self._fail("expected a field", hint, start=start, end=start + 1)
        name = ALIASES.get(word, word)
        if name not in INTRINSICS:
            hint = f"an attribute needs a scope: .{word}, span.{word} or resource.{word}"
            self._fail(f"unknown field {word}", hint, start=start)
        return FilterScope.INTRINSIC, name

    def _key(self, start: int) -> str:
        key, quoted = "", False
        while self.at < len(self.text) and self._peek() not in END_OF_WORD:
            if self._peek() == '"':
                key += self._quoted('"\\')
                quoted = True
            else:
                key += self._peek()
                self.at += 1
        if not key and not quoted:
            self._fail("expected an attribute name", "write a name after the dot, for example .http.route", start=start)
        return key

    def _value(self) -> Value:
        start = self.at
        if self._peek() == '"':
            return self._quoted('"\\nt')
        if self._peek() == "`":
            end = self.text.find("`", self.at + 1)
            if end < 0:
                self._fail("the string is not closed", "add a closing `", end=len(self.text))
            self.at = end + 1
            return self.text[start + 1 : end]
        self.at = self._word_end(least=0)
        word = self.text[start : self.at]
        if not word:
            self._fail(
                "expected a value", 'write a value such as "text", 5, 1.5s, error or nil', start=start, end=start + 1
            )
        try:
            known, value = parse_bare(word)
        except TooLargeError:
            self._fail("the number is too large", "numbers have 64 bits", start=start)
            raise
        if not known:
            self._fail(f"{word} is not a value", f"put text in double quotes: {print_string(word)}", start=start)
        return value

    def _quoted(self, escapes: str) -> str:
        start = self.at
        self.at += 1
        out: list[str] = []
        while self.at < len(self.text):
            char = self._peek()
            self.at += 1
            if char == '"':
                return "".join(out)
            if char == "\\":
                code = self._peek()
                if code and code not in escapes:
                    hint = "a backslash is written \\\\; raw text stands in backticks"
                    self._fail(f"unknown escape \\{code}", hint, start=self.at - 1, end=self.at + 1)
                char = ESCAPES.get(code, "")
                self.at += 1
            out.append(char)
        self._fail("the string is not closed", 'add a closing "', start=start, end=len(self.text))
        raise AssertionError

    def _check(self, item: Filter, op_at: int, value_at: int) -> None:
        kind = value_type(item.value)
        where = f"{print_field(item)} {item.op.value}"
        wanted = _wanted(item)
        if wanted and kind not in wanted:
            hint = f"compare {print_field(item)} with {_listed(wanted)}"
            self._fail(f"{print_field(item)} cannot be compared with {kind}", hint, start=value_at)
        if item.op in {Op.MATCH, Op.NOT_MATCH} and kind != "string":
            self._fail(f"{item.op.value} needs a string", f'write {where} "pattern"', start=value_at)
        if item.op in ORDERING and kind in {"nil", "bool", "status", "kind"}:
            self._fail(
                f"{item.op.value} cannot be used with {kind}", "use = or !=", start=op_at, end=op_at + len(item.op)
            )
        if item.op in {Op.MATCH, Op.NOT_MATCH} and item.key in NUMBER_INTRINSICS:
            self._fail(f"{item.op.value} needs a text field", "use = != > >= < <=", start=op_at, end=op_at + 2)

    def _space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _word_end(self, least: int = 1) -> int:
        end = self.at
        while end < len(self.text) and self.text[end] not in END_OF_WORD:
            end += 1
        return min(max(end, self.at + least), len(self.text))

    def _fail(self, message: str, hint: str, *, start: int | None = None, end: int | None = None) -> None:
        first = self.at if start is None else start
        last = max(self.at, first + 1) if end is None else end
        size = len(self.text)
        raise InvalidQueryError(message, start=min(first, size), end=min(last, size), hint=hint)


def _wanted(item: Filter) -> tuple[str, ...]:
    if item.scope is not FilterScope.INTRINSIC:
        return ("string", "int", "float", "bool", "duration", "nil")
    if item.key in STRING_INTRINSICS:
        return ("string",)
    return ("duration", "int", "float") if item.key in NUMBER_INTRINSICS else (item.key,)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
