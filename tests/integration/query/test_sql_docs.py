from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from clew.query.answer import Window
from clew.query.sql.functions import ALLOWED, CATEGORIES, SYNTAX
from clew.query.sql.run import SqlQuery, rows

DOCS = Path(__file__).parents[3] / "docs" / "reference"
EXAMPLES = re.findall(r"```sql\n(.*?)```", (DOCS / "sql.md").read_text(), re.DOTALL)
S = 10**9


@pytest.fixture(scope="module")
def shop(make_store, kinds):
    """A few spans with the attributes that the examples speak of."""
    span, _ = kinds
    store = make_store()
    start = time.time_ns() - 60 * S
    trace = int("4bf92f3577b34da6a3ce929d0e0e4736", 16)
    attributes = [("user.tier", "gold"), ("user.id", "u42"), ("cart.items", 3), ("http.route", "/cart")]
    store.insert([span(trace, n, start + n, duration=2 * S, kind=2, status=2, attributes=attributes) for n in (1, 2)])
    return store


@pytest.mark.parametrize("sql", EXAMPLES, ids=lambda sql: sql.split("\n")[0][:50])
def test_examples_of_the_docs_run(shop, sql):
    """Every example answers; those over spans and traces find something."""
    now = time.time_ns()
    found = rows(shop.read(), SqlQuery(sql, Window(now - 86_400 * S, now), ranged=False, limit=100)).data.table
    joined = any(view in sql for view in ("edges", "logs AS", "FROM red"))
    assert found.num_rows > 0 or joined


def test_every_function_of_the_list_exists(shop):
    """The engine knows each allowed function, so the list promises nothing that it has not."""
    known = shop.engine.query("SELECT lower(name) AS name FROM system.functions").table.column("name").to_pylist()
    combined = {"summap", "minmap", "maxmap"}
    """Aggregates with the suffix Map, which the engine does not list."""
    assert ALLOWED - {*known} - combined - SYNTAX == set()
    assert len(CATEGORIES) > 10
    assert len(EXAMPLES) >= 8
