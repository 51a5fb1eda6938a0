"""SQL: requests, rows, and the views that can be read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from clew.api.models.base import Model, RequestModel
from clew.api.models.search import TIME


class SqlRequest(RequestModel):
    """One SELECT over the views."""

    sql: str = Field(
        max_length=65_536,
        description="one SELECT over the views of `GET /sql/views`",
        examples=["SELECT service, count() AS spans FROM spans GROUP BY service ORDER BY spans DESC"],
    )
    from_: str | None = Field(
        None,
        alias="from",
        max_length=64,
        description=f"{TIME}; with it every view holds this range alone, without it a query that says nothing about "
        "time reads the last 24 h (`meta.window` tells)",
    )
    to: str | None = Field(None, max_length=64, description=f"{TIME}; `now` when only `from` is given")
    limit: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="most rows; `meta.truncated` tells when there are more; absent: 10,000 as JSON, all in a stream",
    )
    format: Literal["json", "ndjson", "csv", "arrow", "parquet"] | None = Field(
        None, description="form of the answer; absent: as `Accept` says, else json"
    )
    timeout_s: float | None = Field(None, gt=0, description="less time than the configuration allows")


class SqlColumn(Model):
    """One column of an answer or of a view."""

    name: str
    type: str = Field(description="ClickHouse's name of the type")


class SqlRows(Model):
    """Rows in the order of the query.

    Times are RFC 3339 with nanoseconds, maps are objects, integers beyond 2^53 decimal text, infinite numbers null.
    """

    columns: list[SqlColumn]
    rows: list[list[Any]]


class SqlReading(Model):
    """What a query would read of one table."""

    table: str
    parts: int
    rows: int = Field(description="at most: what the indexes cannot rule out")
    marks: int


class SqlPreview(Model):
    """A query that has not run."""

    sql: str = Field(description="what the engine would get; placeholders hold the tenant and the range")
    columns: list[SqlColumn]
    tables: list[SqlReading]
    rows: int = Field(description="of all tables together")


class SqlViewColumn(SqlColumn):
    """One column of a view."""

    about: str
    star: bool = Field(description="false: `*` leaves it out, it is read by name")


class SqlView(Model):
    """One view."""

    name: str
    about: str
    time: str = Field(description="the column that ranges of time apply to")
    columns: list[SqlViewColumn]
