"""The attribute index: `key=value` strings of a span, and which of them the index knows."""

from __future__ import annotations

MAX_ITEM_BYTES = 96
"""Longer `key=value` strings are not indexed: they are nearly unique and would fill the index."""

UNBOUNDED_KEYS = (
    "db.query.text",
    "db.statement",
    "exception.message",
    "exception.stacktrace",
    "http.target",
    "http.url",
    "url.full",
    "url.path",
    "url.query",
)
"""Keys whose values grow without bound; they are never indexed."""

INDEX_NAME = "ix_items"


def items_expression() -> str:
    """Return the SQL of the column `items`; only this form makes the engine use the index (a test explains it)."""
    scalars = "arrayMap((k, v) -> concat(k, '=', v), mapKeys(attr_str), mapValues(attr_str))"
    arrays = (
        "arrayFlatten(arrayMap((k, vs) -> arrayMap(v -> concat(k, '=', v), vs), mapKeys(arr_str), mapValues(arr_str)))"
    )
    denied = "".join(f" AND NOT startsWith(x, '{key}=')" for key in UNBOUNDED_KEYS)
    return f"arrayFilter(x -> (length(x) <= {MAX_ITEM_BYTES}{denied}), arrayConcat({scalars}, {arrays}))"


def indexed_item(key: str, value: str) -> str | None:
    """Return the string to look for in `items`, or `None` when the index cannot hold this pair.

    `has(items, item)` gives a superset when `ambiguous`, so the exact predicate stays beside it then.
    """
    item = f"{key}={value}"
    if len(item.encode()) > MAX_ITEM_BYTES or any(item.startswith(f"{denied}=") for denied in UNBOUNDED_KEYS):
        return None
    return item


def ambiguous(key: str, value: str) -> bool:
    """Return whether another key and value make the same string, as `a=b` + `c` and `a` + `b=c`."""
    return "=" in key or "=" in value
