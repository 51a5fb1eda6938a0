from __future__ import annotations

import pytest

from clew.model import Scope
from clew.query.errors import InvalidQueryError, InvalidRequestError, SavedQueryNotFoundError
from clew.query.saved import MAX_NAME, SavedQueries

ME, YOU = Scope("me"), Scope("me/2")


@pytest.fixture
def saved(store):
    """Saved queries in an engine that tests share; none of ours is left behind."""
    queries = SavedQueries(store.engine)
    yield queries
    for scope in (ME, YOU):
        for one in queries.all(scope):
            queries.delete(scope, one.name)


def test_a_query_is_kept_under_its_name(saved):
    """A saved query is read back in its canonical text, replaced by a later one, and gone when deleted."""
    saved.put(ME, "slow / here", "{status=error}", "why")
    assert saved.get(ME, "slow / here").q == "{ status = error }"
    saved.put(ME, "slow / here", "{ } | rate()")
    saved.put(ME, "a", "{ .a }")
    found = saved.all(ME)
    assert [(one.name, one.q, one.is_metrics) for one in found] == [
        ("a", "{ .a }", False),
        ("slow / here", "{ } | rate()", True),
    ]
    assert found[0].updated_ns > 0
    assert saved.delete(ME, "a").q == "{ .a }"
    saved.delete(ME, "slow / here")
    assert saved.all(ME) == []


def test_tenants_do_not_see_each_others_queries(saved):
    """A name belongs to one tenant, whatever signs tenants and names have."""
    saved.put(ME, "2/x", "{ .a }")
    saved.put(YOU, "x", "{ .b }")
    assert [one.q for one in saved.all(ME)] == ["{ .a }"]
    assert [one.q for one in saved.all(YOU)] == ["{ .b }"]
    with pytest.raises(SavedQueryNotFoundError):
        saved.get(ME, "x")


def test_what_is_no_query_is_not_saved(saved):
    """A text with a mistake and an unusable name are refused."""
    with pytest.raises(InvalidQueryError):
        saved.put(ME, "wrong", "{ .a == 1 }")
    for name in ("", " ", "x" * (MAX_NAME + 1), "a\nb"):
        with pytest.raises(InvalidRequestError):
            saved.put(ME, name, "{ }")
    with pytest.raises(SavedQueryNotFoundError):
        saved.delete(ME, "wrong")
