"""The first gate: every node, table and function of a query's tree against what is allowed."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NoReturn

from sqlglot import exp

from clew.query.errors import InvalidQueryError
from clew.query.sql.dialect import place_of
from clew.query.sql.functions import ALLOWED, CATEGORIES, OPERATORS, is_allowed
from clew.query.sql.nodes import ADVICE, CALLS, NODES
from clew.query.sql.views import VIEWS
from clew.store.tables import BY_NAME

_COLUMNS = "columns"
"""COLUMNS('regexp') picks columns of the views; it is no function."""
_RESERVED = frozenset({*VIEWS, *BY_NAME})
"""Names that a WITH may not give away: the subqueries behind the views read tables of these names."""
_PLAIN_NAME = re.compile(r"[^\\\\`\"\x00-\x1f\x7f]+")
"""Quotes and backslashes in names are read differently by different parsers."""
_OF_THE_ENGINE = frozenset(
    {"currentuser", "current_user", "session_user", "user", "currentdatabase", "current_database", "database", "schema"}
)
"""Names without brackets that the engine takes for functions of its own, unless the query gives them a meaning."""
_CLAUSES = {"settings": "SETTINGS", "format": "FORMAT", "into": "INTO", "locks": "FOR UPDATE", "sample": "SAMPLE"}


def check(tree: exp.Query) -> None:
    """Refuse a tree that reads or calls anything but what is documented.

    Raises:
        InvalidQueryError: names what is wrong, where, and what is allowed.
    """
    given = {one.alias.lower() for one in tree.find_all(exp.Alias)}
    for node in tree.walk():
        if isinstance(node, exp.Column) and node.name.lower() in _OF_THE_ENGINE - given:
            refuse(node, f"{node.name} would tell about the engine", "there is no such column; a view has its columns")
        if type(node) not in NODES:
            _refuse_kind(node)
        for key, name in _CLAUSES.items():
            if node.args.get(key):
                refuse(node, f"{name} is not allowed", "formats and limits are parts of the request, not of the query")
        _check_node(node)


def _check_node(node: exp.Expr) -> None:
    if isinstance(node, CALLS):
        _check_call(node)
    elif isinstance(node, exp.Table):
        _check_table(node)
    elif isinstance(node, exp.CTE):
        _check_with(node)
    elif isinstance(node, exp.Identifier) and not _PLAIN_NAME.fullmatch(node.name):
        refuse(node, f"the name {node.name!r} has signs that names may not have", "use letters, digits and blanks")
    elif isinstance(node, exp.In) and node.args.get("field") is not None:
        refuse(node, "IN needs a list or a subquery", "write IN (SELECT column FROM view), or has(array, value)")
    elif isinstance(node, exp.In) and any(isinstance(one, exp.Column) for one in node.expressions[:1]):
        _check_in(node)


def refuse(node: exp.Expr, message: str, hint: str) -> NoReturn:
    """Raise the error that points at a part of the query."""
    start, end = place_of(node)
    raise InvalidQueryError(message, start=start, end=end, hint=hint)


def _refuse_kind(node: exp.Expr) -> NoReturn:
    what, instead = next(
        (advice for kind, advice in ADVICE.items() if isinstance(node, kind)),
        (type(node).__name__.upper(), "only SELECT, WITH, UNION, JOIN and their clauses are understood"),
    )
    refuse(node, f"{what} is not allowed", instead)


def _check_call(node: exp.Expr) -> None:
    name = node.this if isinstance(node.this, str) else node.name
    if name.lower() == _COLUMNS or is_allowed(name):
        return
    if isinstance(node.parent, exp.Table):
        refuse(node, f"table function {name}() is not allowed", f"read one of the views {', '.join(VIEWS)}")
    known = sorted(one for names in CATEGORIES.values() for one in names.split())
    close = get_close_matches(name, known, 3, 0.75)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    refuse(
        node, f"function {name}() is not allowed", f"{meant}docs/reference/sql-views.md lists {len(ALLOWED)} functions"
    )


def _check_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        if isinstance(node.this, CALLS):
            refuse(
                node, f"table function {node.this.name}() is not allowed", f"read one of the views {', '.join(VIEWS)}"
            )
        refuse(node, "this is no view", f"read one of the views {', '.join(VIEWS)}")
    if node.args.get("db") or node.args.get("catalog"):
        refuse(
            node, f"{node.sql('clickhouse')} is not a view", f"read one of {', '.join(VIEWS)}, without a database name"
        )
    extra = {key for key, value in node.args.items() if value} - {"this", "alias", "joins"}
    if extra:
        refuse(node, f"{', '.join(sorted(extra)).upper()} of a table is not allowed", "leave it out")
    if node.name not in VIEWS and node.name not in _withs_around(node):
        close = get_close_matches(node.name.lower(), list(VIEWS), 1, 0.6)
        meant = f"did you mean {close[0]}? " if close else ""
        refuse(node, f"there is no view {node.name}", f"{meant}The views are {', '.join(VIEWS)}")


def _withs_around(node: exp.Expr) -> set[str]:
    """Return the names of WITH that a node can read: those before its own, and all of the SELECTs around it."""
    names: set[str] = set()
    inside: exp.Expr | None = None
    around: exp.Expr | None = node
    while around is not None:
        if isinstance(around, exp.CTE):
            inside = around
        elif isinstance(around, exp.With):
            for one in around.expressions:
                if one is inside and not around.args.get("recursive"):
                    break
                names |= set() if one.args.get("scalar") else {one.alias}
                if one is inside:
                    break
        elif (found := around.args.get("with_")) is not None and not (inside and inside.parent is found):
            names |= {one.alias for one in found.expressions if not one.args.get("scalar")}
        around = around.parent
    return names


def _check_with(node: exp.CTE) -> None:
    if node.alias in _RESERVED:
        refuse(node.args["alias"], f"WITH may not define {node.alias}", "choose a name that no view or table has")


def _check_in(node: exp.In) -> None:
    """Refuse `x IN (name)`: the engine would take a lone name as that of a table."""
    if len(node.expressions) == 1:
        name = node.expressions[0].sql("clickhouse")
        refuse(node, f"IN ({name}) would name a table", f"write has({name}, value), = {name}, or IN (SELECT ...)")


def is_operator_or_allowed(name: str) -> bool:
    """Return whether the engine may call a function for a query that passed this gate."""
    return name.lower() in OPERATORS or is_allowed(name)
