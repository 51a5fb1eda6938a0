"""Errors as other systems' clients take them: one line of text, and the statuses that those clients know."""

from __future__ import annotations

from clew.model.errors import ClewError
from clew.query.errors import BusyError
from clew.store.errors import QueryLimitError


def http_status(error: ClewError) -> int:
    """Return the status that Tempo's clients expect."""
    if isinstance(error, BusyError):
        return 429
    if isinstance(error, QueryLimitError):
        return 503 if error.kind == "time" else 422
    return error.http_status


def grpc_status(error: ClewError) -> str:
    """Return the name of the gRPC status that Tempo's clients expect."""
    by_http = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 422: "RESOURCE_EXHAUSTED", 429: "RESOURCE_EXHAUSTED"}
    status = http_status(error)
    if status in {401, 403}:
        return error.grpc_status
    return "CANCELLED" if status == 499 else by_http.get(status, "INTERNAL")  # noqa: PLR2004 - client closed


def line(error: ClewError) -> str:
    """Return what is wrong, where it can be told, and the way out."""
    where = getattr(error, "start", None)
    place = f" at character {where + 1}" if isinstance(where, int) else ""
    hint = f" ({error.hint})" if error.hint else ""
    return f"{error.detail}{place}{hint}"
