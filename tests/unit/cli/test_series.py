from __future__ import annotations

import pytest

from clew.cli.series import gives_series, series_row, spark


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("{ } | rate()", True),
        ("({ a = 1 } | count_over_time()) / ({ } |count_over_time ())", True),
        ("{ } | count() > 2", False),
        ("{ name = `rate()` }", False),
        ("{ } | compare({ status = error })", True),
    ],
)
def test_queries_for_series_are_told_from_searches(text: str, series: bool) -> None:  # noqa: FBT001 - a table
    """A function from spans to series behind a pipe makes a query one for series."""
    assert gives_series(text) is series


def test_series_are_shown_in_one_line() -> None:
    """Labels, the last, least and most value, and bars at most sixty wide; absent points are blank."""
    labels = [
        {"key": "name", "type": "string", "value": "GET /"},
        {"key": "duration", "type": "duration", "value": "5000"},
    ]
    row = series_row({"labels": labels, "values": [1.0, None, 3.0, 2.0]})
    assert row == ("name=GET /, duration=5 us", "2", "1", "3", "▁ █▄")
    assert spark([1.0] * 600) == "▁" * 60
    assert series_row({"labels": [], "values": [None]}) == ("", "-", "-", "-", " ")
