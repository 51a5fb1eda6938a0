from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from clew.model import LOGS, RESOURCES, SCHEMA_VERSION, SCOPES, SPANS, Mark, Scope
from clew.model.errors import ClewError

GOLDEN = Path(__file__).parents[2] / "golden" / "model.txt"


def described() -> str:
    """Return the model as text, a line per column."""
    schemas = {"spans": SPANS, "logs": LOGS, "resources": RESOURCES, "scopes": SCOPES}
    lines = [f"version {SCHEMA_VERSION}"]
    for name, schema in schemas.items():
        lines += [f"{name}.{field.name}: {field.type}{'' if field.nullable else ' not null'}" for field in schema]
    return "\n".join(lines) + "\n"


def test_columns_are_only_ever_added() -> None:
    """The columns of the model stand in the golden file in their order, with types that have not changed."""
    known = GOLDEN.read_text().splitlines()
    now = described().splitlines()
    assert [line for line in known if line not in now] == []
    assert [line for line in now if line not in known] == [], "new columns: append them to the golden file"


def test_no_column_allows_null() -> None:
    """Absence is a value of its own (a missing key, an empty string), never a null with its bitmap."""
    for schema in (SPANS, LOGS, RESOURCES, SCOPES):
        assert [field.name for field in schema if field.nullable] == []


def test_attribute_maps_share_one_key_type() -> None:
    """Every attribute column is a map from a dictionary-encoded key, so keys cost an index and not a string."""
    for field in SPANS:
        if field.name.startswith(("attr_", "arr_")):
            assert field.type.key_type == pa.dictionary(pa.int32(), pa.utf8())


def test_a_scope_needs_a_tenant() -> None:
    """A query cannot be built without a tenant."""
    assert Scope("default").tenant == "default"
    with pytest.raises(ValueError, match="tenant"):
        Scope("")


def test_marks_are_distinct_bits() -> None:
    """Each mark is one bit of a 32-bit column."""
    bits = [mark.value for mark in Mark]
    assert sum(bits) == 255
    assert all(bit & (bit - 1) == 0 for bit in bits)


def test_an_error_keeps_its_detail_and_takes_a_hint_of_its_own() -> None:
    """An error says what is wrong and how to get out, per instance where the class cannot know."""
    error = ClewError("the disk is full", hint="free some room")
    assert (str(error), error.detail, error.hint, error.retryable) == ("the disk is full",) * 2 + (
        "free some room",
        False,
    )
    assert ClewError("x").hint == ""
