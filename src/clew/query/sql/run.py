"""Run one query to rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.read import Read
from clew.query.sql.columns import Described, carried, described
from clew.query.sql.formats import FORMATS, plain_schema
from clew.query.sql.refusals import in_terms_of
from clew.query.sql.statement import Statement, prepare
from clew.store.errors import QueryError


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """What a request asks for."""

    text: str
    window: Window
    ranged: bool
    """Whether the request names the range; else it is the default one."""
    limit: int
    """Rows of the answer; 0: all, in a stream."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an answer."""

    columns: tuple[Described, ...]
    table: pa.Table


def rows(read: Read, query: SqlQuery) -> Answer[Rows]:
    """Return the first rows of a query, all of them in memory.

    Raises:
        InvalidQueryError: the text is wrong.
        QueryLimitError: it passed a limit.
    """
    try:
        statement, columns = planned(read, query)
        found = carried(read.query(statement.text, statement.params, take_rows=query.limit + 1), columns)
    except QueryError as error:
        raise in_terms_of(query.text, error) from error
    kept = found.slice(0, query.limit)
    cut = found.num_rows > query.limit
    meta = Meta(
        total=Total(found.num_rows, exact=not cut),
        returned=kept.num_rows,
        truncated=cut_at(query.limit) if cut else None,
        scanned=read.scanned,
        window=statement.window,
    )
    return Answer(Rows(columns, kept), meta)


def pieces(read: Read, query: SqlQuery, form: str) -> Iterator[bytes]:
    """Yield an answer in one of `FORMATS`, piece by piece, as the engine makes it.

    Raises:
        InvalidQueryError: the text is wrong; before the first piece.
        QueryLimitError: it passed a limit; perhaps between pieces.
    """
    try:
        statement, columns = planned(read, query)
        head = carried(read.query(f"SELECT * FROM ({statement.text}) LIMIT 0", statement.params), columns)
        schema = plain_schema(head.schema)
        cut = _Cut(query.limit)
        take_rows = query.limit + 1 if query.limit else 0
        batches = read.stream(statement.text, statement.params, take_rows=take_rows)
        tables = cut.of(carried(batch, columns).cast(schema) for batch in batches)

        def meta() -> Meta:
            truncated = cut_at(query.limit) if cut.more else None
            return Meta(returned=cut.rows, truncated=truncated, scanned=read.scanned, window=statement.window)

        yield from FORMATS[form][1](columns, schema, tables, meta)
    except QueryError as error:
        raise in_terms_of(query.text, error) from error


@dataclass(slots=True)
class _Cut:
    """Lets the first rows through, and notes whether there were more."""

    limit: int
    rows: int = 0
    more: bool = False

    def of(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Yield the rows up to the limit; 0 lets all through."""
        for table in tables:
            left = self.limit - self.rows
            if self.limit and table.num_rows > left:
                self.more = True
                table = table.slice(0, left)  # noqa: PLW2901
            self.rows += table.num_rows
            if table.num_rows:
                yield table


def planned(read: Read, query: SqlQuery) -> tuple[Statement, tuple[Described, ...]]:
    """Return the statement for a query and the columns of its answer."""
    statement = prepare(read, query.text, query.window, ranged=query.ranged)
    return statement, described(read.query(f"DESCRIBE ({statement.text})", statement.params), query.text)


def cut_at(limit: int) -> Truncated:
    """Return why an answer ends before its last row."""
    return Truncated("limit", limit, "there are more rows: raise limit, or aggregate, filter or LIMIT in the query")
