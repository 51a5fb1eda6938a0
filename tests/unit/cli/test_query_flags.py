from __future__ import annotations

import pytest

from clew.cli.commands.query import KindName, StatusName
from clew.cli.errors import UsageError
from clew.cli.search import query_text
from clew.model import KIND_NAMES, STATUS_NAMES
from clew.query.conjunction import parse


def test_flags_become_one_conjunction() -> None:
    """Each flag adds one condition to the query."""
    text = query_text(
        service="checkout",
        operation="GET /",
        kind="server",
        status="error",
        min_duration="1s",
        max_duration="2m",
        attributes=["http.route=/cart"],
    )
    assert text == (
        '{ resource.service.name = "checkout" && name = "GET /" && kind = server && status = error '
        '&& duration >= 1s && duration <= 2m && .http.route = "/cart" }'
    )


def test_no_flags_find_everything() -> None:
    """Without flags the query is the empty conjunction."""
    assert query_text() == "{ }"


@pytest.mark.parametrize(
    ("flag", "condition"),
    [
        ("http.status_code=500", ".http.status_code = 500"),
        ("span.retries>=3", "span.retries >= 3"),
        ("resource.k8s.pod.name=~web-.*", 'resource.k8s.pod.name =~ "web-.*"'),
        ("event.exception.type != X", 'event.exception.type != "X"'),
        ("ok=true", ".ok = true"),
        ("gone=nil", ".gone = nil"),
        ('id="500"', '.id = "500"'),
        ('say=a "b"\n', '.say = "a \\"b\\"\\n"'),
        ("a key=1", '."a key" = 1'),
        ("x=", '.x = ""'),
        ("x=a=b", '.x = "a=b"'),
    ],
)
def test_an_attribute_flag_is_typed_by_its_value(flag: str, condition: str) -> None:
    """Numbers, true, false and nil stay bare, the rest is quoted, and the parser of queries takes all of them."""
    text = query_text(attributes=[flag])
    assert text == f"{{ {condition} }}"
    assert len(parse(text)) == 1


def test_an_attribute_without_an_operator_is_a_usage_error() -> None:
    """The error shows how to write it."""
    with pytest.raises(UsageError, match="no operator") as error:
        query_text(attributes=["http.route"])
    assert "http.route=/cart" in error.value.hint


def test_kinds_and_statuses_are_those_of_the_model():
    """The command line names its own choices to start quickly; they are the model's."""
    assert {kind.value for kind in KindName} == set(KIND_NAMES.values())
    assert {status.value for status in StatusName} == set(STATUS_NAMES.values())
