from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from traceql_strategies import queries

from clew.query.errors import InvalidQueryError
from clew.query.traceql import parse, print_query
from clew.query.traceql.ast import Static
from clew.query.traceql.walk import walk


@settings(max_examples=150, deadline=None)
@given(queries())
def test_the_canonical_text_of_a_query_parses_back_to_it(query):
    """Printing and parsing is the identity for every query that has a meaning."""
    text = print_query(query)
    again = parse(text)
    assert again == query
    assert print_query(again) == text


@settings(max_examples=40, deadline=None)
@given(queries())
def test_nodes_stand_where_their_text_is(query):
    """Every node of a parsed query lies within its parent's text, and constants know their own."""
    text = print_query(query)
    for node, _ in walk(parse(text)):
        assert 0 <= node.pos.start < node.pos.end <= len(text)
        if isinstance(node, Static) and isinstance(node.value, str):
            assert text[node.pos.start] == '"'


PIECES = ["{", "}", "(", ")", "|", "&&", "||", ">>", "!", "-", "=", "=~", ".a", "span.b", "name", "5", "1s", '"x"']
PIECES += [
    "count()",
    "by(.a)",
    "rate()",
    "topk(3)",
    "select(.a)",
    "nil",
    "true",
    "x",
    "with (a=1)",
    "'",
    '"',
    "`",
    "\\",
]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)))
def test_any_text_parses_or_says_where_it_is_wrong(text):
    """Arbitrary text never raises anything but an error whose place lies within the text, with a hint."""
    error = None
    try:
        parse(text)
    except InvalidQueryError as raised:
        error = raised
    assert error is None or (0 <= error.start <= error.end <= len(text) and error.hint)
