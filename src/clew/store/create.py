"""The CREATE statements, generated from the schemas."""

from __future__ import annotations

from clew.store.columns import columns_of
from clew.store.items import INDEX_NAME, items_expression
from clew.store.settings import Settings, settings_clause
from clew.store.tables import COMMON_SETTINGS, TABLES, Keep, Table
from clew.store.views import otel_traces

DEFAULT_DAYS = {Keep.TRACES: 30, Keep.RED: 90}


def ttl_expression(table: Table, days: int) -> str:
    """Return the TTL of a table whose rows are kept for `days`."""
    return f"{table.day} + toIntervalDay({days + table.spare_days})"


def attribute_index_ddl() -> str:
    """Return the text index over `key=value`; packed posting lists take two thirds of the space of plain ones."""
    return f"INDEX {INDEX_NAME} items TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking')"


def create_table(table: Table, *, days: int | None = None, attribute_index: bool = True) -> str:
    """Return the CREATE statement of one table.

    Args:
        table: which one.
        days: retention; `None` takes the default of its kind.
        attribute_index: whether `spans` gets the text index over `key=value`.
    """
    lines = [column.ddl() for column in columns_of(table.schema, table.codecs, table.aggregates)]
    if "tenant" in table.schema.names:
        lines.append("CONSTRAINT tenant_is_set CHECK tenant != ''")
    lines += table.indexes
    if table.name == "spans":
        lines.append(f"`items` Array(String) ALIAS {items_expression()}")
        if attribute_index:
            lines.append(attribute_index_ddl())
    clauses = [f"ENGINE = {table.engine}"]
    if table.partition:
        clauses.append(f"PARTITION BY {table.partition}")
    if table.primary:
        clauses.append(f"PRIMARY KEY {table.primary}")
    clauses.append(f"ORDER BY {table.order}")
    if table.keep is not Keep.FOREVER:
        clauses.append(f"TTL {ttl_expression(table, DEFAULT_DAYS[table.keep] if days is None else days)}")
    settings: Settings = {**COMMON_SETTINGS, **table.settings}
    clauses.append(f"SETTINGS {settings_clause(settings)}")
    body = ",\n    ".join(lines)
    return f"CREATE TABLE IF NOT EXISTS {table.name} (\n    {body}\n)\n" + "\n".join(clauses)


def create_all(*, attribute_index: bool = True) -> list[str]:
    """Return the statements that make an empty database ready, tables before the view."""
    return [*(create_table(table, attribute_index=attribute_index) for table in TABLES), otel_traces()]
