"""What a query would cost: the tables, parts and rows that the indexes leave for it to read."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Window
from clew.query.read import Read
from clew.query.sql.columns import Described
from clew.query.sql.refusals import in_terms_of
from clew.query.sql.run import SqlQuery, planned
from clew.store.errors import QueryError


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query would read of one table."""

    table: str
    parts: int
    rows: int
    """At most; the indexes cannot rule out more."""
    marks: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A query that has not run."""

    sql: str
    """The text that the engine would get; placeholders hold the tenant and the range."""
    columns: tuple[Described, ...]
    window: Window | None
    """The range that would be applied, if any."""
    tables: tuple[Reading, ...]
    rows: int
    """Of all tables together."""


def explain(read: Read, query: SqlQuery) -> Answer[Preview]:
    """Return what a query would read, without running it.

    Raises:
        InvalidQueryError: the text is wrong.
    """
    try:
        statement, columns = planned(read, query)
        found = read.query(f"EXPLAIN ESTIMATE {statement.text}", statement.params).to_pylist()
    except QueryError as error:
        raise in_terms_of(query.text, error) from error
    tables = tuple(Reading(str(one["table"]), int(one["parts"]), int(one["rows"]), int(one["marks"])) for one in found)
    preview = Preview(statement.text, columns, statement.window, tables, sum(one.rows for one in tables))
    return Answer(preview, Meta(returned=len(tables), scanned=read.scanned, window=statement.window))
