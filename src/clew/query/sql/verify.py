"""The second gate: what the engine itself reads in the final text, and that each table is narrowed to one tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from clew.query.errors import QueryGateError
from clew.query.sql.gate import is_operator_or_allowed
from clew.query.sql.nodes import ENGINE_NODES
from clew.store.params import literal
from clew.store.tables import BY_NAME

_LINE = re.compile(r"( *)(\S+)(?: (.*?))?(?: \(alias (.*)\))?(?: \(children \d+\))?")
_IN = frozenset({"in", "notin", "globalin", "globalnotin", "nullin", "notnullin", "globalnullin", "globalnotnullin"})
_ALSO_TABLES = frozenset({"format"})
"""Functions of the list whose names are those of table functions as well."""
_FROM_US = frozenset({"Set", "Identifier"})
"""Behind the query at its own level stand the settings and the format that Clew adds."""


@dataclass(slots=True)
class _Node:
    """A node of the engine's tree."""

    kind: str
    text: str
    alias: str
    children: list[_Node] = field(default_factory=list)

    def walk(self) -> Iterator[_Node]:
        """Yield the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def below(self, kind: str) -> Iterator[_Node]:
        """Yield the children of a kind."""
        return (child for child in self.children if child.kind == kind)


def verify(tree: exp.Query, lines: list[str], tenant: str) -> None:
    """Compare the engine's `EXPLAIN AST` of a text with the tree that the text was written from.

    Raises:
        QueryGateError: the engine sees something else, or a table that is not narrowed to the tenant; it is not run.
    """
    expected = {table.name for table in tree.find_all(exp.Table)}
    found: set[str] = set()
    root = _parse(lines)
    for part in root.children:
        if part.kind in _FROM_US:
            continue
        for node in part.walk():
            _check(node)
            if node.kind == "TableIdentifier":
                found.add(node.text)
            if node.kind == "SelectQuery":
                _check_tenant(node, f"{literal(tenant)}")
    if found != expected:
        raise QueryGateError(f"the engine reads {_told(found)}, the query names {_told(expected)}")


def _parse(lines: list[str]) -> _Node:
    path: list[_Node] = []
    for line in lines:
        parts = _LINE.fullmatch(line)
        if parts is None or len(parts[1]) > len(path) or (path and not parts[1]):
            raise QueryGateError(f"cannot follow the engine at {line.strip()[:80]!r}")
        node = _Node(parts[2], parts[3] or "", parts[4] or "")
        del path[len(parts[1]) :]
        if path:
            path[-1].children.append(node)
        path.append(node)
    if not path or path[0].kind not in ENGINE_NODES:
        raise QueryGateError("the engine sees no SELECT")
    return path[0]


def _check(node: _Node) -> None:
    """Refuse a node that no allowed query has."""
    if node.kind not in ENGINE_NODES:
        raise QueryGateError(f"the engine sees {node.kind}")
    if node.kind == "TableExpression" and (called := next(node.below("Function"), None)):
        raise QueryGateError(f"the engine sees the table function {called.text}()")
    if node.kind != "Function":
        return
    if not is_operator_or_allowed(node.text):
        raise QueryGateError(f"the engine sees the function {node.text}()")
    if node.text.lower() in _IN:
        right = node.children[0].children[1]
        if right.kind == "Identifier" or right.text.lower() in _ALSO_TABLES:
            raise QueryGateError(f"the engine would read {right.text} as a table")


def _check_tenant(select: _Node, tenant: str) -> None:
    """Refuse a SELECT from a table without a condition on its tenant."""
    tables = {
        table.alias or table.text
        for tables in select.below("TablesInSelectQuery")
        for element in tables.children
        for expression in element.below("TableExpression")
        for table in expression.below("TableIdentifier")
        if table.text in BY_NAME
    }
    if not tables:
        return
    where = next(select.below("Function"), None)
    bound = {left for left, right in _equalities(where) if right == tenant}
    joined = [
        pair
        for tables_in in select.below("TablesInSelectQuery")
        for element in tables_in.children
        for join in element.below("TableJoin")
        for condition in join.children
        for pair in _equalities(condition)
    ]
    bound |= {left for left, right in joined if right in bound}
    for alias in tables:
        if f"{alias}.tenant" not in bound:
            raise QueryGateError(f"the engine reads {alias} of every tenant")


def _equalities(node: _Node | None) -> Iterator[tuple[str, str]]:
    """Yield both sides of the equalities that all have to hold."""
    if node is None or node.kind != "Function" or not node.children:
        return
    sides = node.children[0].children
    if node.text == "and":
        for side in sides:
            yield from _equalities(side)
    elif node.text == "equals" and sides[0].kind == "Identifier":
        yield sides[0].text, sides[1].text


def _told(tables: set[str]) -> str:
    return ", ".join(sorted(tables)) or "no table"
