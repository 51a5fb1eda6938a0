from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.model import Kind, Status
from clew.query.conjunction import MAX_FILTERS, parse, print_filters
from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration, Filter, FilterScope, Op, plain_value, value_type
from clew.query.traceql import lower, print_query
from clew.query.traceql import parse as parse_query
from clew.query.traceql.parse import MAX_TEXT

GOLDEN = Path(__file__).parents[2] / "golden" / "conjunction.json"
CASES = json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_golden(case):
    """Every shared case parses to its filters and canonical text, or fails at its place with its hint.

    Where the server understands more than the browser, or says more, `server` has its canonical text or its error.
    """
    case = {**case, **case.get("server", {})}
    if case["filters"] is None and case["canonical"]:
        query = parse_query(case["text"])
        assert lower(query) is None
        assert print_query(query) == case["canonical"]
        return
    if case["error"]:
        with pytest.raises(InvalidQueryError) as caught:
            parse(case["text"])
        error = caught.value
        assert {"from": error.start, "to": error.end, "message": error.detail, "hint": error.hint} == case["error"]
        return
    filters = parse(case["text"])
    plain = [
        {
            "scope": item.scope.value,
            "key": item.key,
            "op": item.op.value,
            "value": {"type": value_type(item.value), "value": plain_value(item.value)},
        }
        for item in filters
    ]
    assert plain == case["filters"]
    assert print_filters(filters) == case["canonical"]


ATTRIBUTE_SCOPES = [FilterScope(name) for name in ("resource", "span", "event", "link", "any")]
"""Those that the text can name."""
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(
    TEXT,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63) + 1, 2**63 - 1).map(Duration),
)
FILTERS = st.one_of(
    st.builds(Filter, st.sampled_from(ATTRIBUTE_SCOPES), TEXT, st.sampled_from(list(Op)[:6]), SCALARS),
    st.builds(Filter, st.sampled_from(ATTRIBUTE_SCOPES), TEXT, st.sampled_from([Op.MATCH, Op.NOT_MATCH]), TEXT),
    st.builds(
        Filter,
        st.sampled_from(ATTRIBUTE_SCOPES),
        TEXT,
        st.sampled_from([Op.EQ, Op.NE]),
        st.one_of(st.none(), st.booleans()),
    ),
    st.builds(
        Filter, st.just(FilterScope.INTRINSIC), st.just("kind"), st.sampled_from([Op.EQ, Op.NE]), st.sampled_from(Kind)
    ),
    st.builds(
        Filter,
        st.just(FilterScope.INTRINSIC),
        st.just("status"),
        st.sampled_from([Op.EQ, Op.NE]),
        st.sampled_from(Status),
    ),
)


@settings(deadline=None)
@given(st.lists(FILTERS, max_size=5))
def test_canonical_text_parses_back_to_the_same_filters(filters):
    """Printing and parsing is the identity for every filter that can be built."""
    again = parse(print_filters(filters))
    assert again == filters
    assert [value_type(item.value) for item in again] == [value_type(item.value) for item in filters]


@settings(deadline=None)
@given(st.text())
def test_any_text_parses_or_says_where_it_is_wrong(text):
    """Arbitrary text never raises anything but an error whose place lies within the text."""
    error = None
    try:
        parse("{ " + text)
    except InvalidQueryError as raised:
        error = raised
    assert error is None or (0 <= error.start <= error.end <= len(text) + 2 and error.hint)


def test_bounds():
    """Text and number of conditions are bounded."""
    with pytest.raises(InvalidQueryError, match="too long"):
        parse(" " * (MAX_TEXT + 1))
    with pytest.raises(InvalidQueryError, match="too many"):
        parse("{ " + " && ".join([".a = 1"] * (MAX_FILTERS + 1)) + " }")
