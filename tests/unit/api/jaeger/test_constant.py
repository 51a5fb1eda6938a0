"""Constants of structured filters: text read as a declared type, or as what a field holds."""

from __future__ import annotations

import pytest

from clew.api.jaeger.builtin import FIELDS
from clew.api.jaeger.constant import of_field, typed
from clew.api.jaeger.errors import BadFilterError
from clew.model import Kind, Status
from clew.query.filters import Duration

READ = [
    ("int", "+7", 7), ("int", "-9223372036854775808", -(2**63)), ("int", "007", 7),
    ("double", "1e3", 1000.0), ("double", "-.5", -0.5), ("double", "7", 7.0),
    ("bool", "T", True), ("bool", "0", False), ("string", "", ""),
    ("span.duration", "1h0.5s", Duration(3_600_500_000_000)), ("span.duration", "+2us", Duration(2000)),
    ("event.timeSinceStart", "-1.5ms", Duration(-1_500_000)), ("span.duration", "0", Duration(0)),
    ("span.startTime", "1970-01-01T01:00:00.000000001+01:00", 1), ("span.kind", "server", Kind.SERVER),
    ("span.status", "unset", Status.UNSET), ("link.traceID", "00AB", "00ab"), ("span.name", "00AB", "00AB"),
]  # fmt: skip
WRONG = [
    ("int", "1.0"), ("int", ""), ("int", "9223372036854775808"), ("int", "1_0"), ("int", "\u0661"), ("int", " 1"),
    ("int", "1" * 5000), ("double", "1e999"), ("double", "nan"), ("double", "0x1p4"), ("double", "1e"),
    ("bool", "yes"), ("bool", ""), ("span.duration", ""), ("span.duration", "--1s"), ("span.duration", "1w"),
    ("span.duration", "1"), ("span.duration", "9999999999h"), ("span.endTime", "now"), ("span.endTime", "0"),
    ("span.endTime", "1969-12-31T00:00:00Z"), ("span.kind", "Server"), ("span.status", ""),
]  # fmt: skip


def read(kind, text):
    """Read a constant as a type, or as what a field holds."""
    field = FIELDS.get(tuple(kind.split("."))) if "." in kind else None
    return typed(text, kind, "here") if field is None else of_field(text, field, "here")


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_a_constant_is_read_as_its_type(kind, text, value):
    """Value and type are those that the text spells."""
    found = read(kind, text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("kind", "text"), WRONG)
def test_a_text_of_another_type_is_refused_with_its_place(kind, text):
    """The message begins with the place and shows the text, shortened where it is long."""
    with pytest.raises(BadFilterError, match=r'^here: "') as caught:
        read(kind, text)
    assert len(caught.value.detail) < 200
