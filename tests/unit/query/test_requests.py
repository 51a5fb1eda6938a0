from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.query.cursor import Cursor, Place, parse_cursor
from clew.query.errors import InvalidRequestError
from clew.query.ids import parse_span_id, parse_trace_id
from clew.query.regex import alternatives
from clew.query.steps import round_step
from clew.query.times import parse_time

S = 10**9
NOW = 1_800_000_000 * S


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("now-1h", NOW - 3600 * S),
        ("now-1h30m", NOW - 5400 * S),
        ("now+5m", NOW + 300 * S),
        ("1800000000", NOW),
        ("1800000000000", NOW),
        ("1800000000000000", NOW),
        ("1800000000000000001", NOW + 1),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T09:00:00.000000007+01:00", NOW + 7),
        ("2027-01-15 08:00Z", NOW),
    ],
)
def test_times(text, expected):
    """Each form of a point in time is understood, to the nanosecond."""
    assert parse_time("from", text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "now-", "now-1", "now--1h", "now-900000h", "-5", "9" * 30, "2027-13-01T00:00:00Z", "٣"]
)
def test_wrong_times(text):
    """Anything else is refused with the forms that work."""
    with pytest.raises(InvalidRequestError) as caught:
        parse_time("from", text, NOW)
    assert "RFC" in caught.value.hint or "now-1h" in caught.value.hint


@given(st.integers(1, 2**128 - 1), st.booleans())
def test_trace_ids_keep_their_value(number, upper):
    """Any spelling of a trace id leads to the same 32 digits."""
    text = f"{number:x}"
    assert parse_trace_id(text.upper() if upper else text) == f"{number:032x}"


@pytest.mark.parametrize("text", ["", "0", "g1", "1" * 33, "0x12", " 1", "-1"])
def test_wrong_ids(text):
    """What is no id is refused."""
    for parse in (parse_trace_id, parse_span_id):
        with pytest.raises(InvalidRequestError):
            parse(text)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=16), st.integers(0, 10**6), st.integers(0, 2**63 - 1))
def test_cursors_round_trip(start, trace_id, shown, to_ns):
    """A cursor's text holds all of it."""
    cursor = Cursor(Place(start, trace_id), shown, to_ns)
    assert parse_cursor(cursor.text()) == cursor


@given(st.text(max_size=60))
def test_any_other_text_is_no_cursor(text):
    """Arbitrary text is refused or is a cursor, never an unexpected error."""
    try:
        cursor = parse_cursor(text)
    except InvalidRequestError:
        cursor = None
    assert cursor is None or parse_cursor(cursor.text()) == cursor


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a|b", ["a", "b"]),
        ("(a|b)", ["a", "b"]),
        ("(?:a|b)", ["a", "b"]),
        ("a\\.b|c", ["a.b", "c"]),
        ("", [""]),
        ("a|", ["a", ""]),
        ("a.b", None),
        ("(a)|(b)", None),
        ("a\\d", None),
        ("[ab]", None),
        ("a*", None),
    ],
)
def test_plain_alternatives(pattern, expected):
    """Patterns without any operator but alternation become lists of texts."""
    assert alternatives(pattern) == expected


@given(st.integers(0, 2**62), st.integers(0, 2**60), st.integers(1, 240))
def test_steps_cover_the_range(start, width, most):
    """A round step covers a range with at most as many steps as asked for."""
    step = round_step(start, start + width, most)
    assert (start + width) // step - start // step < most
