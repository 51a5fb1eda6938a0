from __future__ import annotations

import pytest

from clew.query.errors import InvalidQueryError
from clew.query.traceql import parse

MISTAKES = [
    ('{ service.name = "x" }', "service.name", "write resource.service.name"),
    ('{ k8s.pod.name = "x" }', "k8s.pod.name", "write resource.k8s.pod.name"),
    ("{ http.route = 1 }", "http.route", "an attribute needs a scope: .http.route, span.http.route or resource.http"),
    ("{ duratoin > 1s }", "duratoin", "did you mean duration?"),
    ("{ .a == 1 }", "==", "write ="),
    ("{ .a = 'x' }", "'x'", 'write "x"'),
    ("{ .a = 1 AND .b = 2 }", "AND", "write &&"),
    ("{ .a = 1 or .b = 2 }", "or", "write ||"),
    ("{ .a = checkout-service }", "checkout-service", 'put text in double quotes: "checkout-service"'),
    ("{ status = eror }", "eror", 'put text in double quotes: "eror", or write error'),
    ("{ .a = 5x }", "5x", 'put text in double quotes: "5x"'),
    ('{ .a = "x }', '"x }', 'add a closing "'),
    (r'{ .a = "\d+" }', r"\d", "a backslash is written \\\\; raw text stands in backticks"),
    ("{ } | cuont() > 2", "cuont", "did you mean count?"),
    ("{ } | count()", "count()", "compare it, for example count() > 2"),
    ("{ .a = 1", "", "join conditions with && and close with }"),
    ("{ .a = ", "", 'write a value such as "text", 5, 1.5s, error or nil'),
    ("status = error", "status", "write conditions in braces, for example { status = error }"),
    ("{ } | rate() | count() > 2", "count() > 2", "write | topk(10), or > 5 without a pipe"),
    ("count() > 2 && { }", "&&", "stages go into parentheses: ({ } | count() > 2) && { }"),
    ("{ } | rate() by ()", ")", "write for example by (resource.service.name)"),
    ("{ } | by name", "name", "write for example by (resource.service.name)"),
    ("{ } | rate by (name)", "by", "functions have parentheses: write rate()"),
    ("{ } | count", "", "functions have parentheses: write count()"),
    ("{ } with (most_recent)", ")", "write hints as with (most_recent=true, exemplars=10)"),
    ("{ } with (most_recent=yes)", "yes", "write hints as with (most_recent=true, exemplars=10)"),
    ("-({ } | rate())", "(", "write for example 0 - (...), or -5"),
    ("{ } &&", "", "write spans in braces, for example { status = error }, or a stage"),
    ("({ } | rate()) /", "", "write spans in braces, for example { status = error }, or a stage"),
    ("{ } { }", "{", "join stages with |, spans with && or >>"),
    ("({ } { }", "{", "close the parenthesis"),
    ('{ } | count() =~ "5"', "=~", "aggregates and series compare with = != > >= < <="),
    ('{ status = "error" }', '"error"', "compare status with ok, error or unset, without quotes"),
    ('{ kind = "server" }', '"server"', "compare kind with server, client"),
    (r'{ .a = "\xff" }', r"\xff", "write the character itself, or its number as in"),
    ("{ . = 1 }", ".", "write a name after the dot, for example .http.route"),
]


@pytest.mark.parametrize(("text", "piece", "hint"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_a_mistake_is_shown_with_its_remedy(text, piece, hint):
    """A usual mistake is pointed at, and the hint says what to write instead."""
    with pytest.raises(InvalidQueryError) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == piece
    assert caught.value.hint.startswith(hint)


def test_line_and_column_are_told():
    """Errors count lines and columns from one."""
    with pytest.raises(InvalidQueryError) as caught:
        parse("{ .a = 1\n  && .b == 2 }")
    assert (caught.value.line, caught.value.column) == (2, 9)
