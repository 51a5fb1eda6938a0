from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.query.traceql import print_query
from clew.query.traceql.lenient import complete, usable

CASES = [
    ("", ("spansets", "functions"), "", None, "{ }"),
    ("{ ", ("fields",), "", None, "{ }"),
    ("{ span.ht", ("fields",), "span.ht", None, "{ }"),
    ("{ .a = 1 && resource.", ("fields",), "resource.", None, "{ .a = 1 }"),
    ("{ .a ", ("operators", "logic"), "", None, "{ }"),
    ("{ .a = 1 && span.b = ", ("values", "fields"), "", "span.b", "{ .a = 1 }"),
    ('{ .a = 1 && span.b =~ "che', ("values",), "che", "span.b", "{ .a = 1 }"),
    ("{ kind = ser", ("values", "fields"), "ser", "kind", "{ }"),
    ("{ .a = 1 ", ("logic", "operators"), "", None, "{ }"),
    ("{ .a = 1 || .b = ", ("values", "fields"), "", ".b", "{ }"),
    ("{ .a = 1 && (.b = 1 || .c = ", ("values", "fields"), "", ".c", "{ .a = 1 }"),
    ("{ (.a = 1 || .b = 2) && .c = ", ("values", "fields"), "", ".c", "{ .a = 1 || .b = 2 }"),
    ("{ .a = 1 } ", ("relations", "keywords"), "", None, "{ }"),
    ("{ .a = 1 } | ra", ("functions", "spansets"), "ra", None, "{ }"),
    ("{ .a = 1 } >> { .b = 2 && ", ("fields",), "", None, "{ .b = 2 }"),
    ("{ } | rate() by (res", ("fields",), "res", None, "{ }"),
    ("{ == } nonsense { .b = 2 && .c = ", ("values", "fields"), "", ".c", "{ .b = 2 }"),
]


@pytest.mark.parametrize(("text", "expected", "prefix", "field", "where"), CASES, ids=[case[0] for case in CASES])
def test_an_unfinished_query_tells_what_may_follow(text, expected, prefix, field, where):
    """At the end of an unfinished text it is known what may stand there, of which field, and what is whole already."""
    found = complete(text, len(text))
    assert (found.expected, found.prefix, found.field) == (expected, prefix, field)
    if not text.endswith((".a ", "1 ", "1 } ")):
        assert print_query(found.where) == where


def test_conditions_behind_the_cursor_count_and_the_one_at_it_does_not():
    """What narrows suggestions is every whole condition of the braces but the one that is being written."""
    text = "{ .a = 1 && .b = 2 && .c = 3 } | count() > 2"
    assert print_query(complete(text, text.index("2 &&")).where) == "{ .a = 1 && .c = 3 }"
    assert print_query(usable(text)) == "{ .a = 1 && .b = 2 && .c = 3 }"


def test_words_fit_the_place():
    """Words of the language are offered that begin with what is written."""
    assert complete("{ } | qua", 9).words == ("quantile_over_time(",)
    assert complete("{ kind = ser", 12).words == ("server",)
    assert complete("{ status = ", 11).words[:4] == ("unset", "ok", "error", "span.")
    assert "traceDuration" in complete("{ trace", 7).words


PIECES = [
    "{",
    "}",
    "(",
    ")",
    "|",
    "&&",
    "||",
    "=",
    ".a",
    "name",
    '"x',
    '"',
    "5",
    "span.",
    "count()",
    ",",
    "'",
    "by(.a)",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(0, 60))
def test_any_text_can_be_completed(pieces, cursor):
    """No text and no cursor makes completion fail."""
    text = " ".join(pieces)
    found = complete(text, cursor)
    assert 0 <= found.start <= len(text)
