"""Search as the command line uses it: flags to the text of a query, pages to one stream of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from clew.cli.client import Client
from clew.cli.errors import UsageError

_PAGE = 1000
_CONDITION = re.compile(r"\s*([^=!<>~]+?)\s*(!=|>=|<=|=~|!~|=|>|<)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]*")
_SCOPES = ("resource.", "span.", "event.", "link.")


def found_traces(client: Client, body: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a search, page after page, at most `limit`."""
    cursor = None
    left = limit
    while left > 0:
        page = client.post("/search", {**body, "limit": min(left, _PAGE), **({"cursor": cursor} if cursor else {})})
        rows = page["data"]["traces"]
        yield from rows[:left]
        left -= len(rows)
        cursor = page["data"]["cursor"]
        if not rows or cursor is None:
            return


def query_text(
    *,
    service: str = "",
    operation: str = "",
    kind: str = "",
    status: str = "",
    min_duration: str = "",
    max_duration: str = "",
    attributes: Sequence[str] = (),
) -> str:
    """Return the query that the flags say.

    Raises:
        UsageError: an attribute condition without an operator.
    """
    parts = []
    if service:
        parts.append(f"resource.service.name = {quote(service)}")
    if operation:
        parts.append(f"name = {quote(operation)}")
    parts += [f"kind = {kind}"] if kind else []
    parts += [f"status = {status}"] if status else []
    parts += [f"duration >= {min_duration}"] if min_duration else []
    parts += [f"duration <= {max_duration}"] if max_duration else []
    parts += [_attribute(text) for text in attributes]
    return "{ " + " && ".join(parts) + " }" if parts else "{ }"


def quote(text: str) -> str:
    """Return a string value."""
    return json.dumps(text, ensure_ascii=False)


def _attribute(text: str) -> str:
    """Turn `key=value` into a condition: numbers and true, false stay bare, the rest is a string."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--attribute {text} has no operator", hint="write it like http.route=/cart or span.retries>=3"
        )
    key, operator, value = match.groups()
    for scope in _SCOPES:
        if key.startswith(scope):
            key = scope + _key(key.removeprefix(scope))
            break
    else:
        key = "." + _key(key.removeprefix("."))
    bare = value in {"true", "false", "nil"} or _NUMBER.fullmatch(value) or value.startswith(('"', "`"))
    return f"{key} {operator} {value if bare else quote(value)}"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else quote(key)
