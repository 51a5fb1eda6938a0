"""From views to tables: each view becomes a subquery of one tenant's rows with the columns that the query names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from sqlglot import exp

from clew.query.sql.dialect import DIALECT
from clew.query.sql.views import VIEWS, View
from clew.store.views import single_text

_ALIAS = re.compile(r"\b([rcd])\.")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.:/-]+")
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between, exp.In)


@dataclass(slots=True)
class _Source:
    """One place where a query reads a view."""

    table: exp.Table
    view: View
    extra: dict[str, str] = field(default_factory=dict)
    """Columns made for this place alone: single attributes."""
    trace_ids: list[str] = field(default_factory=list)
    """Ids that a condition narrows this place to."""

    @property
    def alias(self) -> str:
        """Name by which the query calls it."""
        return str(self.table.alias or self.view.name)

    @property
    def select(self) -> exp.Select | None:
        """The SELECT whose FROM or JOIN this is."""
        return self.table.find_ancestor(exp.Select)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query over tables."""

    tree: exp.Query
    windowed: bool
    """Whether the rows are limited to a range of time that does not stand in the query."""


def rewrite(tree: exp.Query, *, ranged: bool) -> Rewritten:
    """Return a checked tree with its views replaced; placeholders hold the tenant and the range.

    Args:
        tree: passed the gate; it is changed.
        ranged: the request names a range of time; without one it applies only to a query that says nothing about time.
    """
    sources = [_Source(table, VIEWS[table.name]) for table in tree.find_all(exp.Table) if table.name in VIEWS]
    renamed = set(_renamed(tree))
    for source in sources:
        _single_attributes(source, renamed)
        _narrow_to_traces(source)
    names, star = _names(tree)
    windowed = bool(sources) and (ranged or not _speaks_of_time(tree, sources))
    for source in sources:
        inner = _subquery(source, names, star=star, windowed=windowed)
        alias = source.table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(source.view.name))
        source.table.replace(exp.Subquery(this=inner, alias=alias.copy(), joins=source.table.args.get("joins")))
    return Rewritten(tree, windowed)


def _subquery(source: _Source, names: set[str], *, star: bool, windowed: bool) -> exp.Select:
    view = source.view
    columns = {one.name: one.sql for one in view.columns if _named(one.name, names) or (star and one.star)}
    columns |= source.extra
    if not columns:
        columns = {view.columns[0].name: view.columns[0].sql}
    inner = _frame(view.source, view.owner, view.group_by)
    inner.set("expressions", [exp.alias_(_expression(sql), name, quoted=True) for name, sql in columns.items()])
    for alias in sorted({found for sql in columns.values() for found in _ALIAS.findall(sql)}, reverse=True):
        inner.append("joins", _join(view.joins[alias]))
    if windowed:
        inner.where(_expression(view.window), copy=False)
    if source.trace_ids:
        raw = ", ".join(f"toFixedString(unhex('{one}'), 16)" for one in source.trace_ids)  # hex digits, nothing else
        inner.where(_expression(f"{view.trace_id} IN ({raw})"), copy=False)
    return inner


def _named(column: str, names: set[str]) -> bool:
    return column in names or ("." in column and all(part in names for part in column.split(".")))


def _names(tree: exp.Query) -> tuple[set[str], bool]:
    """Return every name that a query uses anywhere, and whether it asks for all columns somewhere."""
    names = {node.name for node in tree.find_all(exp.Identifier)}
    star = any(
        isinstance(node.parent, exp.Select | exp.Column)
        if isinstance(node, exp.Star)
        else node.name.lower() == "columns"
        for node in tree.find_all(exp.Star, exp.Anonymous)
    )
    return names, star


def _renamed(tree: exp.Query) -> Iterator[str]:
    """Yield the names that a query itself gives to something."""
    for node in tree.find_all(exp.Alias, exp.TableAlias, exp.Lambda, exp.Aliases):
        if isinstance(node, exp.Alias):
            yield node.alias
        elif isinstance(node, exp.TableAlias):
            yield from (one.name for one in node.columns)
        else:
            yield from (one.name for one in node.expressions)


def _sources_of(select: exp.Select) -> int:
    joins = [one for one in select.args.get("joins") or [] if one.kind != "ARRAY"]
    return len(joins) + (select.args.get("from_") is not None)


def _single_attributes(source: _Source, renamed: set[str]) -> None:
    """Turn `attributes['key']` into a column that reads this key alone instead of building the whole map.

    Only where it is certain whose attributes they are; everywhere else the map gives the same value, slower.
    """
    select = source.select
    if select is None:
        return
    alone = _sources_of(select) == 1
    for bracket in list(select.find_all(exp.Bracket)):
        column, keys = bracket.this, bracket.expressions
        if not isinstance(column, exp.Column) or len(keys) != 1 or not keys[0].is_string:
            continue
        prefix = source.view.maps.get(column.name)
        key = str(keys[0].this)
        if prefix is None or column.name in renamed or not _PLAIN_KEY.fullmatch(key):
            continue
        if bracket.find_ancestor(exp.Select) is not select or column.table not in (
            {source.alias, ""} if alone else {source.alias}
        ):
            continue
        name = f"{column.name}['{key}']"
        source.extra[name] = (source.view.shortcuts.get(key) if prefix == "s." else None) or single_text(prefix, key)
        bracket.replace(exp.column(exp.to_identifier(name, quoted=True), table=column.args.get("table")))


def _narrow_to_traces(source: _Source) -> None:
    """Note the ids of `trace_id = '...'` where they hold for all rows of the only view of a SELECT."""
    select = source.select
    where = select.args.get("where") if select is not None else None
    if select is None or where is None or _sources_of(select) != 1 or not source.view.trace_id:
        return
    for one in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        if isinstance(one, exp.EQ):
            column, values = one.this, [one.expression]
        elif isinstance(one, exp.In) and one.args.get("query") is None:
            column, values = one.this, one.expressions
        else:
            continue
        if not isinstance(column, exp.Column) or column.name != "trace_id" or column.table not in {"", source.alias}:
            continue
        texts = [str(value.this) for value in values if isinstance(value, exp.Literal) and value.is_string]
        if len(texts) == len(values) and all(_TRACE_ID.fullmatch(text) for text in texts):
            source.trace_ids = texts
            return


def _speaks_of_time(tree: exp.Query, sources: list[_Source]) -> bool:
    """Return whether a query limits a time anywhere, or reads nothing but traces that it names."""
    if all(source.trace_ids for source in sources):
        return True
    times = {source.view.time for source in sources} | {"received", "observed"}
    return any(column.name in times for one in tree.find_all(*_COMPARISONS) for column in one.find_all(exp.Column))


@cache
def _template(sql: str) -> exp.Select:
    found = DIALECT.parse(sql)[0]
    assert isinstance(found, exp.Select)  # noqa: S101 - our own text
    return found


def _frame(source: str, owner: str, group_by: str) -> exp.Select:
    group = f" GROUP BY {group_by}" if group_by else ""
    return _template(f"SELECT 1 FROM {source} WHERE {owner}.tenant = {{tenant:String}}{group}").copy()


def _expression(sql: str) -> exp.Expr:
    parsed: exp.Expr = _template(f"SELECT {sql}").expressions[0]
    return parsed.copy()


def _join(sql: str) -> exp.Join:
    found: exp.Join = _template(f"SELECT 1 FROM spans AS s {sql}").args["joins"][0]
    return found.copy()
